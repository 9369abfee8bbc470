"""The controls: each shows one part of the scenario and changes it, nothing else.

The scenario is the truth; before a control is drawn its widget is set to what the scenario says, each time, since a
browser may have missed the time before. So whatever changes the scenario (a link, the stage, another control) moves
every control with it.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from engine.descend import COORDINATE, SEED, STEPS
from knobs import Knob
from landscapes.base import Landscape, Point
from optimizers import OPTIMIZERS
from optimizers.base import Optimizer
from optimizers.schedules import SCHEDULES
from ui import session
from ui.numbers import number
from ui.own_formula import surface_choice
from ui.panels import locked
from ui.restraint import FREE, Restraint
from ui.scenario import Scenario
from ui.starts import HELP, SPREAD, offered
from ui.starts import TITLES as STARTS
from ui.surfaces import surface
from ui.twists import (
    LOSS_SCALING,
    PRECISION,
    PRECISION_HELP,
    PRECISIONS,
    SCALING_HELP,
    SCALINGS,
    SCHEDULE,
    Twist,
    has_chance,
    scaling_knobs,
    team_knobs,
    twist_knobs,
)

OFF_AT_NONE = ("clip_norm", "clip_value")
"""The twists that are limits: no number stands for none."""

WORDS = {"l2": "L2 penalty", "learning_rate": "Learning rate"}


def label(name: str) -> str:
    """A knob's name for people: weight_decay is shown as Weight decay, beta1 as Beta 1."""
    words = name.replace("_", " ").capitalize()
    return WORDS.get(name) or (f"{words[:-1]} {words[-1]}" if words[-1:].isdigit() else words)


def surface_and_optimizer(scenario: Scenario, restraint: Restraint = FREE) -> None:
    """The two choices that everything else follows from."""
    entry, method = surface(scenario.landscape), OPTIMIZERS[scenario.optimizer]
    if restraint.frees("surface"):
        surface_choice("surface", "formula", scenario.landscape, session.choose_landscape, session.keep)
    elif restraint.shows("surface"):
        locked("Surface", {"": entry.title})
    if restraint.frees("optimizer"):
        about = "The rule that makes each step out of the gradient and what it remembers of earlier ones."
        _choice("Optimizer", "optimizer", titles(OPTIMIZERS), scenario.optimizer, session.choose_optimizer, about)
    elif restraint.shows("optimizer"):
        locked("Optimizer", {"": method.title})
    if "rate" in restraint.locked and "learning_rate" in method.knobs:
        locked("Learning rate", {"": number(scenario.settings["learning_rate"])})
    if "start" in restraint.locked:
        locked("Start", start_in_words(entry, scenario.start))


def start_in_words(entry: Landscape, start: Point) -> dict[str, str]:
    """A start on a surface, each coordinate by its name."""
    return {axis: number(value) for axis, value in zip(entry.axes, start, strict=True)}


def settled(scenario: Scenario, restraint: Restraint = FREE) -> dict[str, str]:
    """What `details` would let a visitor set, in words."""
    others = {name: value for name, value in scenario.settings.items() if name != "learning_rate"}
    told = {label(name): number(value) for name, value in {**others, **scenario.parameters}.items()}
    if restraint.frees("start"):
        start = start_in_words(surface(scenario.landscape), scenario.start)
        told |= {f"Start {axis}": value for axis, value in start.items()}
    told |= {"Steps": number(scenario.steps), "Seed": number(scenario.seed)}
    if scenario.starts != "one":
        told["Starts"] = STARTS[scenario.starts]
    return told | ({"Spread": number(scenario.spread)} if scenario.starts == "cloud" else {})


def details(scenario: Scenario, restraint: Restraint = FREE) -> None:
    """Everything that can be set in numbers, but for the learning rate: the stage has a dial for that."""
    entry, method = surface(scenario.landscape), OPTIMIZERS[scenario.optimizer]
    if others := {name: knob for name, knob in method.knobs.items() if name != "learning_rate"}:
        _group(method.title, "optimizer", [partial(_setting, scenario, name, knob) for name, knob in others.items()])
    if own := entry.parameters:
        _group(entry.title, "surface", [partial(_parameter, scenario, name, knob) for name, knob in own.items()])
    x, y = scenario.start
    run = (
        ("x", COORDINATE, x, session.set_start_x),
        ("y", COORDINATE, y, session.set_start_y),
        ("steps", STEPS, scenario.steps, session.set_steps),
        ("seed", SEED, scenario.seed, session.set_seed),
    )
    named = {"x": f"Start {entry.axes[0]}", "y": f"Start {entry.axes[1]}"}
    run = tuple(field for field in run if field[0] not in named or restraint.frees("start"))
    fields = [partial(_number, *field, title=named.get(field[0], "")) for field in run]
    kinds = offered(has_chance(scenario.twists))
    fields.append(partial(_choice, "Starts", "starts", kinds, scenario.starts, session.set_starts, HELP))
    if scenario.starts == "cloud":
        fields.append(partial(_number, "spread", SPREAD, scenario.spread, session.set_spread))
    _group("Run", "run", fields)
    if not restraint.frees("start"):
        return
    st.button(
        "Reset start", key="reset_start", icon=":material/my_location:", type="tertiary",
        help="Back to the surface's own start", on_click=session.reset_start,
    )  # fmt: skip


def twists(scenario: Scenario) -> None:
    """What is added to the optimizer's rule: a schedule of its learning rate, and numbers that are off at first."""
    twist_fields("", surface(scenario.landscape), [OPTIMIZERS[scenario.optimizer]], scenario.twists, session.set_twist)


def twist_fields(
    page: str,
    entry: Landscape,
    methods: Sequence[Optimizer],
    shown: Mapping[str, Twist],
    take: Callable[[str, Twist | None], None],
) -> None:
    """The fields of the twists that one of some optimizers takes; `page` begins their names in the session."""
    schedule = str(shown.get(SCHEDULE, "constant"))
    if any("learning_rate" in method.knobs for method in methods):
        about = "How the learning rate changes over the run. The dial sets its peak."
        _choice("Schedule", f"{page}{SCHEDULE}", titles(SCHEDULES), schedule, partial(take, SCHEDULE), about)
    knobs = {name: knob for method in methods for name, knob in twist_knobs(entry, method, schedule).items()}
    with st.container(key=f"{page}twists_fields"):
        for name, knob in knobs.items():
            usual = None if name in OFF_AT_NONE else knob.default
            value = shown.get(name, usual)
            _number(f"{page}twists.{name}", knob, value, partial(take, name), off=usual is None)  # pyright: ignore[reportArgumentType]
        for name, knob in team_knobs(methods, shown).items():
            _number(f"{page}twists.{name}", knob, shown.get(name, knob.default), partial(take, name))  # pyright: ignore[reportArgumentType]
    _precision(page, methods, shown, take)


def _precision(
    page: str, methods: Sequence[Optimizer], shown: Mapping[str, Twist], take: Callable[[str, Twist | None], None]
) -> None:
    """The type of number that a run is kept in, and where it is a narrow one the scaling of the loss."""
    kept_in = str(shown.get(PRECISION, next(iter(PRECISIONS))))
    _choice("Precision", f"{page}{PRECISION}", PRECISIONS, kept_in, partial(take, PRECISION), PRECISION_HELP)
    knobs = scaling_knobs(methods, shown)
    if knobs is None:
        return
    scaling = str(shown.get(LOSS_SCALING, next(iter(SCALINGS))))
    _choice("Loss scaling", f"{page}{LOSS_SCALING}", SCALINGS, scaling, partial(take, LOSS_SCALING), SCALING_HELP)
    if knobs:
        with st.container(key=f"{page}scaling_fields"):
            for name, knob in knobs.items():
                _number(f"{page}twists.{name}", knob, shown.get(name, knob.default), partial(take, name))  # pyright: ignore[reportArgumentType]


def _group(title: str, key: str, fields: Iterable[Callable[[], None]]) -> None:
    """A heading and its number fields, two to a row."""
    st.caption(title)
    with st.container(key=f"{key}_fields"):
        for field in fields:
            field()


def titles(registry: Mapping[str, Any]) -> dict[str, str]:
    """Key -> title of the entries of a registry."""
    return {key: entry.title for key, entry in registry.items()}


def _choice(
    title: str, key: str, words: Mapping[Any, str], value: str, choose: Callable[[Any], None], about: str | None = None
) -> None:
    st.session_state[key] = value
    st.selectbox(
        title,
        list(words),
        format_func=words.__getitem__,
        key=key,
        help=about,
        on_change=lambda: choose(st.session_state[key]),
    )


def _setting(scenario: Scenario, name: str, knob: Knob) -> None:
    """The number field of one of the optimizer's knobs."""
    _number(
        f"{scenario.optimizer}.{name}",
        knob,
        scenario.settings[name],
        partial(session.set_setting, name),
    )


def _parameter(scenario: Scenario, name: str, knob: Knob) -> None:
    """The number field of one of the landscape's parameters."""
    _number(
        f"{scenario.landscape}.{name}",
        knob,
        scenario.parameters[name],
        partial(session.set_parameter, name),
    )


def _number(
    key: str, knob: Knob, value: float | None, take: Callable[..., None], *, off: bool = False, title: str = ""
) -> None:
    """A field for any number that the knob allows, shown in full; one that can be off is empty then.

    Its title is that of its key unless another is given.
    """
    kind = int if knob.integer else float
    low, high = knob.limits
    st.session_state[key] = None if value is None else kind(value)

    def changed() -> None:
        entered = st.session_state[key]
        take(None if entered is None else float(entered))

    st.number_input(
        title or label(key.split(".")[-1]),
        min_value=kind(low),
        max_value=kind(high),
        value=None if off else kind(knob.default),  # what an emptied field goes back to
        step=kind(_step(knob, knob.default if value is None else value)),
        placeholder="off",
        format="%d" if knob.integer else "%g",
        key=key,
        help=knob.help or None,
        on_change=changed,
    )


def _step(knob: Knob, value: float) -> float:
    """What the arrow keys add: on a log scale in the value's second digit, else about a hundredth of the sweep."""
    size = abs(value) / 10 if knob.scale == "log" and value else (knob.high - knob.low) / 100
    step = 10.0 ** math.floor(math.log10(size))
    return max(1.0, step) if knob.integer else step

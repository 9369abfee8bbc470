"""The controls of the Compare page; each shows one part of the comparison and changes it, nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from engine.compare import BUDGET, CRITERION, TOLERANCE, Tuned
from engine.descend import COORDINATE, SEED, checked_start
from knobs import Knob
from landscapes.base import Point
from optimizers import OPTIMIZERS
from ui import own_formula, surfaces
from ui.address import written
from ui.comparison import (
    CONTENDERS,
    FEWEST,
    LETTERS,
    MOST,
    RATE,
    SORTS,
    Comparison,
    Contender,
    default_comparison,
    default_contender,
    fitted,
    from_query,
    labels,
    to_query,
    twists_of,
)
from ui.controls import _number as number_field
from ui.controls import label, start_in_words, twist_fields
from ui.look import Look
from ui.mirror import Mirror
from ui.module import module
from ui.numbers import number
from ui.own_formula import surface_choice
from ui.palette import Theme
from ui.panels import locked
from ui.race import Race
from ui.restraint import Restraint, restraint_aside
from ui.settled import rate_in_words
from ui.signs import line_and_marker_image
from ui.standings import standings, table_html
from ui.starts import HELP as STARTS_HELP
from ui.starts import SPREAD, offered
from ui.twists import BATCH, NAMES, Twist, has_chance, in_words, with_twist

_table = module("table")

mirror = Mirror("comparison", from_query, to_query, path="compare", aside=restraint_aside)
"""The comparison of one visitor."""

RATES = {"best": "each at its best", "own": "each its own", "same": "same for all"}
RATES_HELP = (
    "Each at its best: of the 121 rates of its dial the one that arrives first, so that no optimizer loses by a bad "
    "setting. Each its own: as its card says. Same for all: one number, turned by the dial."
)
VIEWS = {"race": "Race", "side": "Side by side"}
SCALES = {"log": "Logarithmic", "linear": "Linear"}


def choose_surface(name: str) -> None:
    """Go to another surface, at its own start."""
    base = default_comparison(name)
    _adjust_fitting(landscape=name, parameters=base.parameters, start=base.start)


def set_twist(name: str, value: Twist | None) -> None:
    """Add something to the rule of every contender, or with None take it away."""
    _adjust_fitting(twists=with_twist(mirror.latest().twists, name, value))


def _adjust_fitting(**changes: Any) -> None:
    """Change some fields, and leave of the twists and the starts what means something then."""
    comparison, _ = fitted(replace(mirror.latest(), **changes))
    mirror.change(comparison)


def set_start(start: Point) -> None:
    """Start every contender at this very point; a point that no run may start from is left alone."""
    try:
        mirror.adjust(start=checked_start(start))
    except ValueError:
        mirror.adjust()


def look(comparison: Comparison) -> Look:
    """What is switched on in the stage."""
    return Look(None, sharpness=comparison.curve == "sharpness", explained=comparison.explain == "step")


def set_look(look: Look) -> None:
    """Switch something on or off in the stage."""
    mirror.adjust(curve="sharpness" if look.sharpness else "loss", explain="step" if look.explained else "nothing")


def set_rate(rate: float, first: int | None) -> None:
    """Take the rate at which the dial was let go: for all, or for the contender that it drives.

    One that no run may have is left alone.
    """
    comparison = mirror.latest()
    try:
        if comparison.rates == "same":
            mirror.adjust(rate=RATE.check("rate", rate))
            return
        for place in driven(comparison):
            knob = OPTIMIZERS[comparison.contenders[place].optimizer].knobs["learning_rate"]
            set_setting(place, "learning_rate", knob.check("learning_rate", rate))
    except ValueError:
        mirror.adjust()


def driven(comparison: Comparison) -> list[int]:
    """The places of the contenders whose rate the dial turns; none where the rates are found."""
    if comparison.rates == "best":
        return []
    chosen = LETTERS.index(comparison.dial)
    chosen = chosen if chosen < len(comparison.contenders) else 0
    return [
        place
        for place, contender in enumerate(comparison.contenders)
        if "learning_rate" in OPTIMIZERS[contender.optimizer].knobs and (comparison.rates == "same" or place == chosen)
    ]


def add() -> None:
    """One contender more: the first of the usual ones that is not there yet."""
    contenders = mirror.latest().contenders
    there = {contender.optimizer for contender in contenders}
    key = next((key for key in (*CONTENDERS, "rmsprop", "nesterov", "lbfgs") if key not in there), "adam")
    _adjust_fitting(contenders=(*contenders, default_contender(key)))


def remove(place: int) -> None:
    """One contender less."""
    contenders = mirror.latest().contenders
    _adjust_fitting(contenders=contenders[:place] + contenders[place + 1 :])


def set_optimizer(place: int, key: str) -> None:
    """Let another optimizer run in that place, with its own defaults."""
    _put(place, default_contender(key))


def set_setting(place: int, name: str, value: float) -> None:
    """Change one of a contender's settings."""
    contender = mirror.latest().contenders[place]
    _put(place, replace(contender, settings={**contender.settings, name: value}))


def _put(place: int, contender: Contender) -> None:
    contenders = list(mirror.latest().contenders)
    contenders[place] = contender
    _adjust_fitting(contenders=tuple(contenders))


def surface(comparison: Comparison, restraint: Restraint) -> None:
    """Where they run, how their learning rates are found, and how they are shown."""
    if restraint.frees("surface"):
        surface_choice("compare.landscape", "compare.formula", comparison.landscape, choose_surface, mirror.adjust)
    elif restraint.shows("surface"):
        locked("Surface", {"": surfaces.surface(comparison.landscape).title})
    _segments("View", "view", VIEWS, comparison, "All balls on one surface, or a small stage for each.")
    if restraint.frees("rate"):
        _choice("Learning rates", "rates", list(RATES), RATES.__getitem__, comparison, about=RATES_HELP)
    elif restraint.shows("rate"):
        common = f", {number(comparison.rate)}" if comparison.rates == "same" else ""
        locked("Learning rates", {"": f"{RATES[comparison.rates]}{common}"})
    if "start" in restraint.locked:
        locked("Start", start_in_words(surfaces.surface(comparison.landscape), comparison.start))
    if comparison.rates == "own" and restraint.frees("rate"):
        names = dict(zip(LETTERS, labels(comparison.contenders), strict=False))
        about = "Whose learning rate the dial below the picture changes."
        _choice("The dial turns", "dial", list(names), names.__getitem__, comparison, about=about)


def cards(comparison: Comparison, found: Sequence[Tuned | None], theme: Theme, restraint: Restraint) -> None:
    """The contenders, each with its sign, its learning rate and its settings."""
    for place, contender in enumerate(comparison.contenders):
        with st.container(border=True, key=f"card{place}", gap="xxsmall"):
            _card(place, contender, comparison, found[place], theme, restraint)
    if len(comparison.contenders) < MOST and restraint.frees("optimizer"):
        about = f"One more optimizer, up to {MOST}"
        st.button("Add a contender", key="add", icon=":material/add:", help=about, on_click=add, width="stretch")


def _card(
    place: int, contender: Contender, comparison: Comparison, found: Tuned | None, theme: Theme, restraint: Restraint
) -> None:
    method = OPTIMIZERS[contender.optimizer]
    key = f"contender{place}"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(line_and_marker_image(place, theme), width="content")
        if restraint.frees("optimizer"):
            st.session_state[key] = contender.optimizer
            st.selectbox(
                f"Contender {place + 1}",
                list(OPTIMIZERS),
                format_func=lambda one: OPTIMIZERS[one].title,
                key=key,
                label_visibility="collapsed",
                on_change=lambda: set_optimizer(place, st.session_state[key]),
            )
        else:
            st.text(method.title)
    rate = method.knobs.get("learning_rate")
    if rate is not None and comparison.rates == "own" and restraint.frees("rate"):
        value = contender.settings["learning_rate"]
        number_field(f"{key}.learning_rate", rate, value, partial(set_setting, place, "learning_rate"))
    others = {name: knob for name, knob in method.knobs.items() if name != "learning_rate"}
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        st.caption(rate_in_words(contender, comparison, found, restraint), width="stretch")
        if others and restraint.frees("settings"):
            name = f"Settings of contender {place + 1}"
            about = f"{', '.join(map(label, others))} of {method.title}"
            more = st.popover(
                name, key=f"{key}.settings", icon=":material/tune:", type="tertiary", help=about,
                on_change=mirror.adjust,
            )  # fmt: skip
            if more.open:  # six contenders have dozens of fields, and each would be drawn again at each move
                with more:
                    for name, knob in others.items():
                        number_field(f"{key}.{name}", knob, contender.settings[name], partial(set_setting, place, name))
        if len(comparison.contenders) > FEWEST and restraint.frees("optimizer"):
            st.button(
                f"Remove contender {place + 1}", key=f"{key}.remove", type="tertiary", icon=":material/close:",
                help=f"Remove {method.title}", on_click=partial(remove, place),
            )  # fmt: skip


def details(comparison: Comparison, restraint: Restraint) -> None:
    """Everything else that can be set."""
    entry = surfaces.surface(comparison.landscape)
    for name, knob in entry.parameters.items():
        _field(name, knob, comparison.parameters[name], partial(_set_parameter, name))
    _field("budget", BUDGET, comparison.budget, lambda value: mirror.adjust(budget=int(value)))
    _field("tolerance", TOLERANCE, comparison.tolerance, lambda value: mirror.adjust(tolerance=value))
    for axis, name in enumerate(("x", "y") if restraint.frees("start") else ()):
        _field(name, COORDINATE, comparison.start[axis], partial(_set_start, axis), f"Start {entry.axes[axis]}")


def twists(comparison: Comparison) -> None:
    """What is added to the rule of every contender that takes it."""
    methods = [OPTIMIZERS[contender.optimizer] for contender in comparison.contenders]
    entry = surfaces.surface(comparison.landscape)
    twist_fields("compare.", entry, methods, comparison.twists, set_twist)


def _set_start(axis: int, value: float) -> None:
    x, y = mirror.latest().start
    mirror.adjust(start=(value, y) if axis == 0 else (x, value))


def _set_parameter(name: str, value: float) -> None:
    mirror.adjust(parameters={**mirror.latest().parameters, name: value})


def below(comparison: Comparison, restraint: Restraint) -> None:
    """What decides how the loss curves and the table are made, beside them."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare.below"):
        _segments("Loss axis", "scale", SCALES, comparison, "How the loss curves are drawn.")
        if not restraint.frees("settings"):
            return
        _segments("Starts", "starts", offered(has_chance(comparison.twists)), comparison, STARTS_HELP)
        if comparison.starts == "cloud":
            _field("spread", SPREAD, comparison.spread, lambda value: mirror.adjust(spread=value))
        if comparison.starts == "cloud" or has_chance(comparison.twists):
            _field("seed", SEED, comparison.seed, lambda value: mirror.adjust(seed=int(value)))


def table(race: Race, comparison: Comparison, theme: Theme) -> None:
    """What the contenders came to; a click on a header sorts it."""

    def sorted_by() -> None:
        state = st.session_state.get("compare.table")
        column = state.get("sort") if isinstance(state, dict) else None
        if column in SORTS:
            mirror.adjust(sort=column)

    html = table_html(standings(race, comparison), comparison, theme)
    _table(key="compare.table", data={"html": html}, on_sort_change=sorted_by)


def start_over() -> None:
    """Everything back to how the page opens."""
    own_formula.forget()
    mirror.change(default_comparison())


def fairness(comparison: Comparison, names: Sequence[str], found: Sequence[Tuned | None]) -> str:
    """What is the same for all contenders, and by what criterion their learning rates were found, in words."""
    title = surfaces.surface(comparison.landscape).title
    same = f"All start at the same point of {title} and may make {comparison.budget} gradient evaluations"
    added = _added(comparison, names)
    if comparison.rates == "same":
        return f"{same}, with the same learning rate {number(comparison.rate)} where they take one.{added}"
    if comparison.rates == "own":
        return f"{same}, each with the learning rate on its card.{added}"
    rates = [f"{name} {written(float(f'{one.rate:.3g}'))}" for name, one in zip(names, found, strict=True) if one]
    seeded = " and with this seed" if has_chance(comparison.twists) else ""
    return (
        f"{same}. Each runs with the best of the 121 learning rates of its dial ({'; '.join(rates)}), found on this "
        f"surface and from this start{seeded}: {CRITERION}. The tolerance is {written(comparison.tolerance)} of the "
        f"start's height above the minimum.{added}"
    )


def _added(comparison: Comparison, names: Sequence[str]) -> str:
    """What is added to the rules of all, and who goes without some of it, in sentences."""
    if not comparison.twists:
        return ""
    told = [f" Added to every rule: {in_words(comparison.twists)}."]
    for name, contender in zip(names, comparison.contenders, strict=True):
        _, refused = twists_of(comparison, contender)
        own = [twist.replace("_", " ") for twist in refused if twist in OPTIMIZERS[contender.optimizer].knobs]
        without = [twist.replace("_", " ") for twist in refused if twist in NAMES and twist not in contender.settings]
        if own:
            told.append(f"{name} keeps its own {' and '.join(own)}.")
        if without:
            told.append(f"{name} goes without {' and '.join(without)}, which would mean nothing for it.")
    if BATCH in comparison.twists:
        examples = surfaces.surface(comparison.landscape).examples
        some = f"{comparison.twists[BATCH]:.0f} of {examples}"
        told.append(f"The gradient of a mini-batch counts as one evaluation, though it looks at {some} examples only.")
    if "workers" in comparison.twists:
        told.append("Each worker pays for its own gradient.")
    return " ".join(told)


def _choice(
    title: str,
    field: str,
    options: Sequence[str],
    shown: Callable[[str], str],
    comparison: Comparison,
    choose: Callable[[str], None] | None = None,
    about: str | None = None,
) -> None:
    key = f"compare.{field}"
    take = choose or (lambda value: mirror.adjust(**{field: value}))
    value = getattr(comparison, field)
    st.session_state[key] = value if value in options else options[0]
    st.selectbox(title, options, format_func=shown, key=key, help=about, on_change=lambda: take(st.session_state[key]))


def _segments(
    title: str, field: str, words: Mapping[Any, str], comparison: Comparison, about: str | None = None
) -> None:
    """One of a few, all in sight."""
    key = f"compare.{field}"
    st.session_state[key] = getattr(comparison, field)
    st.segmented_control(
        title, list(words), format_func=words.__getitem__, key=key, required=True, help=about,
        on_change=lambda: mirror.adjust(**{field: st.session_state[key]}),
    )  # fmt: skip


def _field(name: str, knob: Knob, value: float, take: Callable[[float], None], title: str = "") -> None:
    number_field(f"compare.{name}", knob, value, take, title=title)

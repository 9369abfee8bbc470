"""The controls of the Networks page; each shows one part of the scenario and changes it, nothing else.

What is trained changes with a click on Train, not before; what only looks at it otherwise changes at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from networks import ACTIVATIONS, INITIALISATIONS, TASKS, TRAINERS, find_task
from networks.train import can_train
from optimizers import OPTIMIZERS
from optimizers.schedules import SCHEDULES
from ui.controls import OFF_AT_NONE, titles
from ui.controls import _choice as choice
from ui.controls import _number as number_field
from ui.look import Look
from ui.mirror import Mirror
from ui.palette import Theme
from ui.signs import line_and_marker_image
from ui.training.examples import EXAMPLES
from ui.training.scenario import (
    EXTENT,
    LAYERS,
    NORMALISED,
    NOT_HERE,
    NUMBERS,
    PLANES,
    USUAL_PRECISION,
    WIDTH,
    NetworkScenario,
    Side,
    default_scenario,
    default_side,
    fitted,
    from_query,
    rival_of,
    to_query,
)
from ui.twists import BATCH, PRECISION, PRECISIONS, SCHEDULE, Twist, twist_knobs, with_twist

mirror = Mirror("network", from_query, to_query, path="networks")
"""The scenario of one visitor."""

PAGE = "networks."
ASKED, EDITED = f"{PAGE}asked", f"{PAGE}edited"
"""In the session: the scenario whose training is asked for, and the one that a control has made."""

ACTIVATION_WORDS = {"tanh": "tanh", "relu": "ReLU", "gelu": "GELU", "sigmoid": "Sigmoid", "linear": "None (linear)"}
START_WORDS = {"zeros": "Zeros", "small": "Small", "xavier": "Xavier", "he": "He", "large": "Large"}
TRAINER_WORDS = {key: OPTIMIZERS[key].title for key in TRAINERS}
CANNOT = "Not here: " + "; ".join(
    f"{method.title}, since it {can_train(key).removeprefix(method.title).strip()}"
    for key, method in OPTIMIZERS.items()
    if can_train(key)
)


def visitor() -> str:
    """What the queue calls this visitor."""
    return st.session_state.setdefault(f"{PAGE}visitor", uuid4().hex)


def asked() -> NetworkScenario | None:
    """The scenario whose training is asked for: what came by an address at once, and what was set after Train.

    None after Cancel.
    """
    scenario = mirror.current()
    if st.session_state.get(EDITED) != scenario:
        st.session_state.update({ASKED: scenario, EDITED: scenario})
    return st.session_state[ASKED]


def ask() -> None:
    """Ask for the training of what is set."""
    scenario = mirror.latest()
    st.session_state.update({ASKED: scenario, EDITED: scenario, f"{PAGE}again": True})
    mirror.adjust()


def set_aside() -> None:
    """Ask for nothing any more."""
    st.session_state[ASKED] = None


def start_over() -> None:
    """Everything as the page opens."""
    mirror.change(default_scenario())


def look(scenario: NetworkScenario) -> Look:
    """What is switched on in the stage."""
    return Look(None, sharpness=scenario.curve == "sharpness")


def set_look(look: Look) -> None:
    """Switch something on or off in the stage."""
    _view(curve="sharpness" if look.sharpness else "loss")


def _change(**changes: Any) -> None:
    """Change what is trained, without training it yet."""
    scenario, _ = fitted(replace(mirror.latest(), **changes))
    st.session_state[EDITED] = scenario
    mirror.change(scenario)


def _view(**changes: Any) -> None:
    """Change how it is looked at: of what is trained, and of what is set."""
    waiting = st.session_state.get(ASKED)
    _change(**changes)
    if waiting is not None:
        st.session_state[ASKED] = replace(waiting, **changes)


def _put(place: int, **changes: Any) -> None:
    sides = list(mirror.latest().sides)
    sides[place] = replace(sides[place], **changes)
    _change(sides=tuple(sides))


def _set_optimizer(place: int, key: str) -> None:
    _put(place, optimizer=key, settings=default_side(key).settings)


def _set_setting(place: int, name: str, value: float) -> None:
    _put(place, settings={**mirror.latest().sides[place].settings, name: value})


def _set_twist(name: str, value: Twist | None) -> None:
    _change(twists=with_twist(mirror.latest().twists, name, value))


def _add_rival() -> None:
    first = mirror.latest().sides[0]
    _change(sides=(first, rival_of(first)))


def _remove_rival() -> None:
    _change(sides=mirror.latest().sides[:1])


def essentials(scenario: NetworkScenario, pending: bool) -> None:
    """What to learn, the network, the optimizer with its learning rate, and Train."""
    tasks = {key: entry.title for key, entry in TASKS.items()}
    about = "What the network learns to tell apart, each example by its class."
    choice("Task", f"{PAGE}task", tasks, scenario.task, lambda key: _change(task=key), about)
    _network(scenario.sides[0], 0)
    _optimizer(scenario.sides[0], 0)
    st.button(
        "Train", key=f"{PAGE}train", icon=":material/play_arrow:", on_click=ask, width="stretch",
        type="primary" if pending else "secondary",
        help="Train with what is set here. Until then the picture stays that of the last training.",
    )  # fmt: skip


def _network(side: Side, place: int) -> None:
    """The size of a network."""
    key = f"{PAGE}{place}"
    with st.container(key=f"{key}.size_fields"):
        number_field(f"{key}.layers", LAYERS, side.layers, lambda value: _put(place, layers=int(value)))
        number_field(f"{key}.width", WIDTH, side.width, lambda value: _put(place, width=int(value)))


def _optimizer(side: Side, place: int) -> None:
    """An optimizer and its learning rate."""
    key = f"{PAGE}{place}"
    choice("Optimizer", f"{key}.optimizer", TRAINER_WORDS, side.optimizer, partial(_set_optimizer, place), about=CANNOT)
    rate = OPTIMIZERS[side.optimizer].knobs.get("learning_rate")
    if rate is not None:
        value = side.settings["learning_rate"]
        number_field(f"{key}.learning_rate", rate, value, partial(_set_setting, place, "learning_rate"))


def examples() -> None:
    """Trainings to try, each at one click."""
    with st.container(horizontal=True, key=f"{PAGE}examples", vertical_alignment="center", gap="xxsmall"):
        st.caption("To try", width="content")
        for example in EXAMPLES:
            st.button(
                example.title, key=f"{PAGE}example.{example.key}", type="tertiary", help=example.about,
                on_click=mirror.change, args=(example.scenario,),
            )  # fmt: skip


def details(scenario: NetworkScenario) -> None:
    """Everything else that can be set of the network, its optimizer and the run."""
    _more(scenario.sides[0], 0)
    st.caption("Run")
    with st.container(key=f"{PAGE}run_fields"):
        for name in ("steps", "seed"):
            value = getattr(scenario, name)
            number_field(f"{PAGE}{name}", NUMBERS[name], value, partial(_set_whole, name))
        examples = find_task(scenario.task).examples
        knob = twist_knobs(find_task(scenario.task), OPTIMIZERS[scenario.sides[0].optimizer], "constant")[BATCH]
        size = float(scenario.twists.get(BATCH, examples))
        number_field(f"{PAGE}{BATCH}", knob, size, partial(_set_twist, BATCH))


def _set_whole(name: str, value: float) -> None:
    _change(**{name: int(value)})


def _more(side: Side, place: int) -> None:
    """What else there is of a network and an optimizer."""
    key = f"{PAGE}{place}"
    activations = {name: ACTIVATION_WORDS.get(name, name) for name in ACTIVATIONS}
    starts = {name: START_WORDS.get(name, name) for name in INITIALISATIONS}
    for title, name, words, about in (
        ("Activation", "activation", activations, "What each hidden unit makes of the sum that reaches it."),
        ("First weights", "initialisation", starts, "How large the random weights are with which training begins."),
    ):
        choice(title, f"{key}.{name}", words, getattr(side, name), partial(_set_word, place, name), about)
    others = {name: knob for name, knob in OPTIMIZERS[side.optimizer].knobs.items() if name != "learning_rate"}
    if others:
        st.caption(OPTIMIZERS[side.optimizer].title)
        with st.container(key=f"{key}.{side.optimizer}_fields"):
            for name, knob in others.items():
                own = f"{key}.{side.optimizer}.{name}"
                number_field(own, knob, side.settings[name], partial(_set_setting, place, name))


def _set_word(place: int, name: str, word: str) -> None:
    _put(place, **{name: word})


def twists(scenario: NetworkScenario) -> None:
    """What is added to the rule of every optimizer that takes it."""
    methods = [OPTIMIZERS[side.optimizer] for side in scenario.sides]
    shown: Mapping[str, Twist] = scenario.twists
    schedule = str(shown.get(SCHEDULE, "constant"))
    if any("learning_rate" in method.knobs for method in methods):
        about = "How the learning rate changes over the training; the field above sets its peak."
        choice("Schedule", f"{PAGE}{SCHEDULE}", titles(SCHEDULES), schedule, partial(_set_twist, SCHEDULE), about)
    task = find_task(scenario.task)
    knobs = {name: knob for method in methods for name, knob in twist_knobs(task, method, schedule).items()}
    with st.container(key=f"{PAGE}twists_fields"):
        for name, knob in knobs.items():
            if name == BATCH or name in NOT_HERE:
                continue
            usual = None if name in OFF_AT_NONE else knob.default
            value: Any = shown.get(name, usual)
            number_field(f"{PAGE}twists.{name}", knob, value, partial(_set_twist, name), off=usual is None)
    about = "The type of number that weights, and what the optimizer remembers, are kept in."
    kept_in = str(shown.get(PRECISION, USUAL_PRECISION))
    choice("Precision", f"{PAGE}{PRECISION}", PRECISIONS, kept_in, partial(_set_twist, PRECISION), about)


def plane(scenario: NetworkScenario) -> None:
    """Which plane through the parameters is drawn."""
    about = "Which two directions are drawn, out of as many as the network has parameters."
    choice("Plane", f"{PAGE}plane_kind", PLANES, scenario.plane, lambda kind: _view(plane=kind), about)
    if scenario.plane == "random":
        words = "To what a random direction is scaled: to the norm that each filter, or each layer, has at the end."
        take: Callable[[Any], None] = lambda word: _view(normalise=word)  # noqa: E731
        choice("Scaled to", f"{PAGE}normalise", NORMALISED, scenario.normalise, take, about=words)
    with st.container(key=f"{PAGE}plane_fields"):
        number_field(f"{PAGE}extent", EXTENT, scenario.extent, lambda value: _view(extent=value))


def rival(scenario: NetworkScenario, theme: Theme) -> None:
    """The second contender, or the button that adds one."""
    if len(scenario.sides) == 1:
        about = "Another network or optimizer, trained beside the first"
        st.button(
            "Add a second one", key=f"{PAGE}add", icon=":material/add:", help=about, on_click=_add_rival,
            width="stretch",
        )  # fmt: skip
        return
    side = scenario.sides[1]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(line_and_marker_image(1, theme), width="content")
        st.caption("Trained beside the first, for as many steps, from the same seed.")
    _optimizer(side, 1)
    _network(side, 1)
    _more(side, 1)
    st.button(
        "Remove it", key=f"{PAGE}remove", icon=":material/close:", type="tertiary", help="Train the first one alone",
        on_click=_remove_rival,
    )  # fmt: skip

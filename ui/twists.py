"""What a visitor adds to an optimizer's own rule: which twists fit a run, and their words in the address."""

from collections.abc import Mapping, Sequence

from engine.precision import TYPES
from engine.twists import FIRST_DERIVATIVES, LOSS_SCALINGS, NAMES, SCALING, TEAM, TWISTS, Subject, checked_twists
from knobs import Knob
from optimizers.base import Optimizer
from optimizers.schedules import SCHEDULES
from ui.address import read, shortened, written
from ui.numbers import number

BATCH_HELP = "How many examples each step looks at; all of them is batch gradient descent."

Twist = float | str
SCHEDULE, BATCH, PRECISION, LOSS_SCALING = "schedule", "batch_size", "precision", "loss_scaling"
TEXTS = frozenset({SCHEDULE, PRECISION, LOSS_SCALING})
"""The twists that are words."""

PRECISIONS = {name: f"{name}, {significant} digits" for name, significant in zip(TYPES, (16, 7, 2, 3), strict=True)}
"""Every precision with how many decimal digits of a number it keeps, about."""

PRECISION_HELP = "The type of number that a run is kept in; on Explore its float64 twin is drawn beside it."
SCALING_HELP = "The loss is multiplied while its gradient is taken, so that a small gradient is not rounded to 0."
SCALINGS = {name: name for name in LOSS_SCALINGS}

CHANCE = frozenset({"noise", "temperature", BATCH})
"""The twists with which the seed changes something."""

WORDS = frozenset({*NAMES, *(name for entry in SCHEDULES.values() for name in entry.knobs)} - {"schedule_steps"})
"""Every name of a twist in the address. The page makes a schedule for the whole run, however long it is."""


def twist_knobs(landscape: Subject, optimizer: Optimizer, schedule: str) -> dict[str, Knob]:
    """The numbers that this run takes beside its own, by name: the schedule's first."""
    shared = {name: knob for name, knob in TWISTS.items() if name not in optimizer.knobs}
    if "learning_rate" not in optimizer.knobs:
        shared = {name: knob for name, knob in shared.items() if name not in ("weight_decay", "temperature")}
    examples = landscape.examples
    batch = {BATCH: Knob(1, examples, examples, integer=True, help=BATCH_HELP)} if examples > 1 else {}
    return {**SCHEDULES[schedule].knobs, **batch, **shared}


def scaling_knobs(optimizers: Sequence[Optimizer], twists: Mapping[str, Twist]) -> dict[str, Knob] | None:
    """The numbers of the loss scaling that is on, by name; None where there is nothing to scale.

    That is in float64, where nothing underflows, and where every optimizer takes derivatives of its own.
    """
    if PRECISION not in twists or not any(FIRST_DERIVATIVES.issuperset(method.needs) for method in optimizers):
        return None
    kind = twists.get(LOSS_SCALING, LOSS_SCALINGS[0])
    on = {"static": ("loss_scale",), "dynamic": tuple(SCALING)}.get(str(kind), ())
    return {name: SCALING[name] for name in on}


def team_knobs(optimizers: Sequence[Optimizer], twists: Mapping[str, Twist]) -> dict[str, Knob]:
    """The numbers of data-parallel descent that one of the optimizers takes and what is on leaves open, by name."""
    from_gradients = any({"grad"}.issuperset(method.needs) and method.report is None for method in optimizers)
    names = ["workers"]
    if from_gradients and "workers" in twists and "delay" not in twists:
        names.append("local_steps")
    if from_gradients and "local_steps" not in twists:
        names.append("delay")
    return {name: TEAM[name] for name in names}


def has_chance(twists: Mapping[str, Twist]) -> bool:
    """Whether the seed changes anything in a run with these twists, of which none is off."""
    return not CHANCE.isdisjoint(twists)


def asked_twist(name: str, text: str) -> Twist:
    """A twist as an address asks for it, unchecked: `fitting` says what is allowed."""
    return shortened(text) if name in TEXTS else read(text)


def twist_query(twists: Mapping[str, Twist]) -> dict[str, str]:
    """Twists as the parameters of an address."""
    return {name: value if isinstance(value, str) else written(value) for name, value in twists.items()}


def in_words(twists: Mapping[str, Twist]) -> str:
    """Twists for people: schedule cosine, clip norm 1."""
    words = ((name.replace("_", " "), value) for name, value in twists.items())
    return ", ".join(
        f"{name} {value.replace('_', ' ') if isinstance(value, str) else number(value)}" for name, value in words
    )


def with_twist(twists: Mapping[str, Twist], name: str, value: Twist | None) -> dict[str, Twist]:
    """The twists with this one, or with None without it; another schedule begins at its own numbers."""
    stay = {key: twist for key, twist in twists.items() if key != name}
    if name == SCHEDULE:
        stay = {key: twist for key, twist in stay.items() if key in NAMES}
    return stay if value is None else {**stay, name: value}


def fitting(
    landscape: Subject, optimizer: Optimizer, asked: Mapping[str, Twist], steps: int
) -> tuple[dict[str, Twist], dict[str, str]]:
    """What of the asked twists fits this run, without what says nothing, and a sentence for each that does not fit."""
    taken: dict[str, Twist] = {}
    refused: dict[str, str] = {}
    for name in sorted(asked, key=lambda name: (name != SCHEDULE, name)):
        entry = SCHEDULES[str(taken.get(SCHEDULE, "constant"))]
        if name not in NAMES and name not in entry.knobs:
            there = ", ".join(entry.knobs) or "none"
            refused[name] = f"{name} is not a setting of the schedule {entry.title!r}; there are {there}"
            continue
        if name in optimizer.knobs:
            refused[name] = f"{name} is not added: {optimizer.title} has its own"
            continue
        try:
            checked_twists(optimizer, landscape, {**taken, name: asked[name]}, steps)
            taken[name] = asked[name]
        except ValueError as error:
            refused[name] = str(error)
    twists = checked_twists(optimizer, landscape, taken, steps)
    usual = {name: knob.default for name, knob in SCHEDULES[twists.schedule].knobs.items()}
    said = twists.keywords()
    said.pop("schedule_steps", None)
    return {name: value for name, value in said.items() if value != usual.get(name)}, refused

"""One frozen NetworkScenario: everything that decides the Networks page, and its two-way translation to the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from engine.descend import SEED
from engine.precision import TYPES
from engine.twists import SCALING, TEAM
from knobs import Knob
from networks.network import ACTIVATIONS, INITIALISATIONS, MOST_LAYERS, WIDTH
from networks.tasks import TASKS, find_task
from networks.train import TRAINERS, can_train
from optimizers import OPTIMIZERS
from ui.address import Query, quoted, read, single_values, written
from ui.scenario import defaults
from ui.twists import LOSS_SCALING, PRECISION, SCHEDULE, WORDS, Twist, asked_twist, fitting, twist_query

LAYERS = Knob(0, MOST_LAYERS, 2, integer=True, help="How many hidden layers there are; 0 is softmax regression.")
STEPS = Knob(10, 2000, 500, "log", allowed=(1, 2000), integer=True, help="How many updates training makes.")
EXTENT = Knob(
    0.1, 10, 1, "log", allowed=(0.01, 100),
    help="How far the plane reaches: at 1 as far as its directions are long, or so far that it holds the path.",
)  # fmt: skip

PlaneKind = Literal["pca", "random", "checkpoints", "runs"]
Normalise = Literal["filter", "layer", "none"]
CurveShown = Literal["loss", "sharpness"]

PLANES: dict[str, str] = {
    "pca": "Main directions of the path",
    "random": "Random directions",
    "checkpoints": "Through three checkpoints",
    "runs": "Through the ends of three runs",
}
NORMALISED: dict[str, str] = {"filter": "each filter", "layer": "each layer", "none": "not at all"}

RIVAL = "b"
"""The second contender's name in the address: its optimizer, and with a dot what else is its own."""


@dataclass(frozen=True)
class Side:
    """A network and the optimizer that trains it, every number filled in.

    Attributes:
        optimizer, settings: the optimizer's key and its knobs.
        layers, width: how many hidden layers there are, each with so many units.
        activation, initialisation: keys of ACTIVATIONS and INITIALISATIONS.
    """

    optimizer: str
    settings: Mapping[str, float]
    layers: int = 2
    width: int = 16
    activation: str = "tanh"
    initialisation: str = "xavier"

    @property
    def widths(self) -> tuple[int, ...]:
        """The units of each hidden layer."""
        return (self.width,) * self.layers

    def same_network(self, other: "Side") -> bool:
        """Whether both networks have the same parameters, so that they share planes."""
        return (self.widths, self.activation) == (other.widths, other.activation)


@dataclass(frozen=True)
class NetworkScenario:
    """What is trained and how it is looked at, every number filled in.

    Attributes:
        task: a key of TASKS.
        sides: one or two contenders.
        steps, seed: how many updates each makes; where all that is random begins.
        twists: what is added to the rule of every optimizer that takes it.
        plane: which plane through the parameters is drawn.
        normalise: to what random directions are scaled.
        extent: how far the plane reaches.
        curve: what is drawn against the steps.
    """

    task: str
    sides: tuple[Side, ...]
    steps: int = int(STEPS.default)
    seed: int = int(SEED.default)
    twists: Mapping[str, Twist] = field(default_factory=dict)
    plane: PlaneKind = "pca"
    normalise: Normalise = "filter"
    extent: float = EXTENT.default
    curve: CurveShown = "loss"


TASK, OPTIMIZER = "spirals", "adam"
"""What the page opens on: a path that first looks for its way, and regions that wind themselves up."""

RATES = {
    "gradient_descent": 0.3, "momentum": 0.1, "nesterov": 0.1, "schedule_free_sgd": 1.0, "adagrad": 0.03,
    "adam": 0.01, "adamw": 0.01, "amsgrad": 0.01, "nadam": 0.01, "radam": 0.01, "adamax": 0.02, "adabelief": 0.01,
    "yogi": 0.01, "adan": 0.01, "signum": 0.001, "lion": 0.003, "lamb": 0.02, "sophia": 0.01,
}  # fmt: skip
"""The learning rates that are usual on this page, where those of the optimizers' entries suit surfaces better."""

SIDE_CHOICES = {"activation": tuple(ACTIVATIONS), "initialisation": tuple(INITIALISATIONS)}
SIDE_NUMBERS = {"layers": LAYERS, "width": WIDTH}
NOT_HERE = frozenset({LOSS_SCALING, *SCALING, *TEAM})
"""The twists that the page leaves out: networks are trained by one worker, unscaled."""

USUAL_PRECISION = "float32"
"""The type of number that networks are trained in unless another is asked for."""

CHOICES: dict[str, tuple[str, ...]] = {
    "plane": get_args(PlaneKind),
    "normalise": get_args(Normalise),
    "curve": get_args(CurveShown),
}
NUMBERS = {"steps": STEPS, "seed": SEED, "extent": EXTENT}


def default_side(optimizer: str = OPTIMIZER, like: Side | None = None) -> Side:
    """A side with that optimizer at its own defaults, and with the network of another one if there is one."""
    settings = defaults(OPTIMIZERS[optimizer].knobs)
    if optimizer in RATES:
        settings["learning_rate"] = RATES[optimizer]
    return Side(optimizer, settings) if like is None else replace(like, optimizer=optimizer, settings=settings)


def default_scenario() -> NetworkScenario:
    """What the page opens on."""
    return NetworkScenario(TASK, (default_side(),))


def rival_of(side: Side) -> Side:
    """The contender that is there first when a second one is asked for: another optimizer, the same network."""
    return default_side("momentum" if side.optimizer != "momentum" else OPTIMIZER, like=side)


def fitted(scenario: NetworkScenario) -> tuple[NetworkScenario, dict[str, str]]:
    """The scenario without the twists that mean nothing in it, and a sentence for each that no side takes."""
    both = [twists_of(scenario, side) for side in scenario.sides]
    twists = {name: value for taken, _ in both for name, value in taken.items()}
    first, *others = (refused for _, refused in both)
    refused = {name: told for name, told in first.items() if all(name in other for other in others)}
    return replace(scenario, twists=twists), refused


def twists_of(scenario: NetworkScenario, side: Side) -> tuple[dict[str, Twist], dict[str, str]]:
    """What of the common twists a side takes, and a sentence for each that it goes without."""
    unknown = {name: f"{name} is not added to the training of networks" for name in set(scenario.twists) & NOT_HERE}
    asked = {name: value for name, value in scenario.twists.items() if name not in unknown}
    precision = asked.pop(PRECISION, USUAL_PRECISION)
    taken, refused = fitting(find_task(scenario.task), OPTIMIZERS[side.optimizer], asked, scenario.steps)
    if precision not in TYPES:
        unknown[PRECISION] = f"precision = {precision!r} is not allowed: one of {', '.join(TYPES)}"
    elif precision != USUAL_PRECISION:
        taken[PRECISION] = precision
    return taken, unknown | refused


def to_query(scenario: NetworkScenario) -> dict[str, str]:
    """The scenario as the parameters of an address; whatever is at its default is left out."""
    base = default_scenario()
    query = {} if scenario.task == base.task else {"task": scenario.task}
    query |= _side_query(scenario.sides[0], default_side(scenario.sides[0].optimizer), "")
    if scenario.sides[0].optimizer != OPTIMIZER:
        query["optimizer"] = scenario.sides[0].optimizer
    for rival in scenario.sides[1:]:
        query |= {RIVAL: rival.optimizer}
        query |= _side_query(rival, default_side(rival.optimizer, like=scenario.sides[0]), f"{RIVAL}.")
    query |= {name: written(value) for name in NUMBERS if (value := getattr(scenario, name)) != getattr(base, name)}
    query |= {name: value for name in CHOICES if (value := getattr(scenario, name)) != getattr(base, name)}
    return query | twist_query(scenario.twists)


def _side_query(side: Side, usual: Side, prefix: str) -> dict[str, str]:
    query = {name: written(value) for name, value in side.settings.items() if value != usual.settings[name]}
    query |= {name: written(value) for name in SIDE_NUMBERS if (value := getattr(side, name)) != getattr(usual, name)}
    query |= {name: value for name in SIDE_CHOICES if (value := getattr(side, name)) != getattr(usual, name)}
    return {f"{prefix}{name}": value for name, value in query.items()}


def from_query(query: Query) -> tuple[NetworkScenario, tuple[str, ...]]:
    """The scenario that an address describes. Never raises, whatever stands there.

    Returns:
        The scenario, and one sentence for each part that was ignored because it means nothing here; what it names
        stays at its default. The sentences quote the address: show them as plain text.
    """
    single, ignored = single_values(query)
    task = _word(single, "task", tuple(TASKS), ignored, TASK)
    first = _side(single, default_side(_optimizer(single, "optimizer", ignored) or OPTIMIZER), "", ignored)
    sides = (first,)
    if RIVAL in single:
        key = _optimizer(single, RIVAL, ignored)
        rival = None if key is None else default_side(key, like=first)
        sides = (first,) if rival is None else (first, _side(single, rival, f"{RIVAL}.", ignored))
    changes: dict[str, Any] = {name: _word(single, name, words, ignored) for name, words in CHOICES.items()}
    asked: dict[str, Twist] = {}
    for name, text in single.items():
        if name in WORDS:
            asked[name] = asked_twist(name, text)
        elif name in NUMBERS:
            try:
                value = NUMBERS[name].check(name, read(text))
                changes[name] = int(value) if NUMBERS[name].integer else value
            except ValueError as error:
                ignored.append(str(error))
        else:
            own = [*OPTIMIZERS[first.optimizer].knobs, *SIDE_NUMBERS, *SIDE_CHOICES]
            there = ", ".join(["task", "optimizer", *own, *NUMBERS, *CHOICES, SCHEDULE, RIVAL])
            ignored.append(f"{quoted(name)} means nothing on this page; there are {there}")
    scenario, refused = fitted(NetworkScenario(task, sides, twists=asked, **changes))
    return scenario, (*ignored, *refused.values())


def _word(single: dict[str, str], name: str, words: tuple[str, ...], ignored: list[str], usual: str = "") -> Any:
    """The word of that name, taken out of the address: one of those allowed, or the usual one."""
    word = single.pop(name, usual or words[0])
    if word in words:
        return word
    ignored.append(f"{name} = {quoted(word)} is not known here; there are {', '.join(words)}")
    return usual or words[0]


def _optimizer(single: dict[str, str], name: str, ignored: list[str]) -> str | None:
    """The key of an optimizer that can train a network, taken out of the address; None where none stands there."""
    key = single.pop(name, None)
    if key is None:
        return None
    if key not in OPTIMIZERS:
        ignored.append(f"{name} = {quoted(key)} is not known here")
    elif key not in TRAINERS:
        ignored.append(f"{name} = {key} is not possible here: {can_train(key)}")
    else:
        return key
    return None


def _side(single: dict[str, str], base: Side, prefix: str, ignored: list[str]) -> Side:
    """The side of an address, taken out of it; `base` says what is usual."""
    knobs = OPTIMIZERS[base.optimizer].knobs
    settings, changes = dict(base.settings), {}
    for name, knob in {**knobs, **SIDE_NUMBERS}.items():
        text = single.pop(f"{prefix}{name}", None)
        if text is None:
            continue
        try:
            value = knob.check(f"{prefix}{name}", read(text))
        except ValueError as error:
            ignored.append(str(error))
            continue
        if name in knobs:
            settings[name] = value
        else:
            changes[name] = int(value)
    for name, words in SIDE_CHOICES.items():
        changed: list[str] = []
        if f"{prefix}{name}" in single:
            changes[name] = _word(single, f"{prefix}{name}", words, changed, getattr(base, name))
        ignored.extend(changed)
    return replace(base, settings=settings, **changes)

"""One frozen Comparison: everything that decides the Compare page, and its two-way translation to the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from engine.compare import BUDGET, TOLERANCE
from engine.descend import COORDINATE, SEED
from knobs import Knob
from landscapes.base import Landscape, Point
from optimizers import OPTIMIZERS
from ui.address import Query, quoted, read, single_values, written
from ui.restraint import refuse_restraint
from ui.scenario import defaults
from ui.starts import SPREAD, Starts, fitting_starts, read_starts
from ui.surfaces import FORMULA, read_surface, surface, surface_query
from ui.twists import SCHEDULE, WORDS, Twist, asked_twist, fitting, has_chance, twist_query

LETTERS = "abcdef"
"""The contenders' names in the address, in their order."""

FEWEST, MOST = 2, len(LETTERS)

SURFACE = "rosenbrock"
CONTENDERS = ("gradient_descent", "momentum", "adam")
"""What the page opens on: plain gradient descent as the baseline, and the two that people ask about."""

RATE = Knob(1e-5, 10, 0.001, "log", allowed=(0, 1e6), help="The learning rate of every contender that takes one.")

Rates = Literal["best", "own", "same"]
View = Literal["race", "side"]
Scale = Literal["log", "linear"]
CurveShown = Literal["loss", "sharpness"]
Explained = Literal["nothing", "step"]


@dataclass(frozen=True)
class Contender:
    """An optimizer's key with its settings, every number filled in."""

    optimizer: str
    settings: Mapping[str, float]


@dataclass(frozen=True)
class Comparison:
    """What is compared and how it is shown, every number filled in.

    Attributes:
        landscape, parameters: the surface's name (ui/surfaces.py) and knobs.
        contenders: FEWEST to MOST of them.
        start: (x, y), for all of them.
        budget: gradient evaluations, for all of them.
        seed: where random numbers begin; a cloud of starts is drawn from it, too.
        twists: what is added to the rule of every contender that takes it, as keywords of `descend` (ui/twists.py).
        rates: "best": each with the best rate of its dial; "own": each with that of its settings; "same": all with
            `rate`.
        rate: the common learning rate.
        tolerance: the share of the start's height above the minimum at which a run has arrived.
        view: "race": all on one surface; "side": one small stage for each.
        scale: the axis of the loss curves.
        curve: what is drawn against the steps.
        explain: "step": the first contender's step at the cursor is worked out.
        starts: "one", or where many runs of each contender begin (ui/starts.py).
        spread: how wide that cloud is, as a share of the map's side.
        dial: the letter of the contender whose rate the dial turns when each has its own.
        sort: the column that orders the table, one of SORTS; "order" is that of the contenders.
    """

    landscape: str
    parameters: Mapping[str, float]
    contenders: tuple[Contender, ...]
    start: Point
    budget: int
    seed: int
    twists: Mapping[str, Twist] = field(default_factory=dict)
    rates: Rates = "best"
    rate: float = RATE.default
    tolerance: float = TOLERANCE.default
    view: View = "race"
    scale: Scale = "log"
    curve: CurveShown = "loss"
    explain: Explained = "nothing"
    starts: Starts = "one"
    spread: float = SPREAD.default
    dial: str = LETTERS[0]
    sort: str = "order"


SORTS = ("order", "verdict", "steps", "evaluations", "loss", "distance", "path", "overshoots")
CHOICES: dict[str, tuple[str, ...]] = {
    "rates": get_args(Rates),
    "view": get_args(View),
    "scale": get_args(Scale),
    "curve": get_args(CurveShown),
    "explain": get_args(Explained),
    "starts": get_args(Starts),
    "dial": tuple(LETTERS),
    "sort": SORTS,
}
"""Field -> what it may be, the usual one first; these are names and words of the address, too."""


def default_contender(optimizer: str) -> Contender:
    """An optimizer with its own defaults.

    Raises:
        KeyError: for a key that is not in the registry.
    """
    return Contender(optimizer, defaults(OPTIMIZERS[optimizer].knobs))


def default_comparison(landscape: str = SURFACE) -> Comparison:
    """The comparison that the page opens on, on that surface.

    Raises:
        ValueError: for a landscape that is neither a key nor a formula.
    """
    entry = surface(landscape)
    x, y = entry.start
    return Comparison(
        landscape=landscape,
        parameters=defaults(entry.parameters),
        contenders=tuple(default_contender(key) for key in CONTENDERS),
        start=(float(x), float(y)),
        budget=int(BUDGET.default),
        seed=int(SEED.default),
    )


def to_query(comparison: Comparison) -> dict[str, str]:
    """The comparison as the parameters of an address; whatever is at its default is left out."""
    base = default_comparison(comparison.landscape)
    query = surface_query(comparison.landscape, SURFACE)
    usual, numbers = _numbers(base), _numbers(comparison)
    query |= {name: written(value) for name, value in numbers.items() if value != usual[name]}
    query |= twist_query(comparison.twists)
    query |= {name: value for name in CHOICES if (value := getattr(comparison, name)) != getattr(base, name)}
    keys = tuple(contender.optimizer for contender in comparison.contenders)
    for letter, contender in zip(LETTERS, comparison.contenders, strict=False):
        if keys != CONTENDERS:
            query[letter] = contender.optimizer
        own = default_contender(contender.optimizer).settings
        query |= {f"{letter}.{name}": written(v) for name, v in contender.settings.items() if v != own[name]}
    return query


def from_query(query: Query) -> tuple[Comparison, tuple[str, ...]]:
    """The comparison that an address describes. Never raises, whatever stands there.

    Args:
        query: name -> value, or the list of its values where a name may be repeated.

    Returns:
        The comparison, and one sentence for each part that was ignored because it means nothing here; what it names
        stays at its default. The sentences quote the address: show them as plain text.
    """
    single, ignored = single_values(query)
    refuse_restraint(single, ignored)
    landscape = read_surface(single, ignored, SURFACE)
    base = default_comparison(landscape)
    contenders = _contenders(single, ignored)
    if single.get("starts") == "many":
        single["starts"] = "cloud"  # as older links have it
    chosen: dict[str, str] = {}
    for name, words in CHOICES.items():
        word = single.pop(name, words[0])
        if word in words:
            chosen[name] = word
        else:
            ignored.append(f"{name} = {quoted(word)} is not known here; there are {', '.join(words)}")
    knobs, numbers = _knobs(surface(landscape)), _numbers(base)
    asked: dict[str, Twist] = {}
    for name, text in single.items():
        if name in WORDS:
            asked[name] = asked_twist(name, text)
            continue
        if name not in knobs:
            there = ", ".join(["surface", FORMULA, *knobs, *CHOICES, SCHEDULE, *LETTERS])
            ignored.append(f"{quoted(name)} means nothing on this page; there are {there}")
            continue
        try:
            numbers[name] = knobs[name].check(name, read(text))
        except ValueError as error:
            ignored.append(str(error))
    comparison = replace(_with_numbers(base, numbers), contenders=contenders, twists=asked, **chosen)
    made, refused = fitted(comparison)
    read_starts(comparison.starts, has_chance(made.twists), ignored)
    return made, (*ignored, *refused.values())


def fitted(comparison: Comparison) -> tuple[Comparison, dict[str, str]]:
    """The comparison without what means nothing in it, and a sentence for each twist that no contender takes."""
    both = [twists_of(comparison, contender) for contender in comparison.contenders]
    twists = {name: value for taken, _ in both for name, value in taken.items()}
    first, *others = (refused for _, refused in both)
    refused = {name: sentence for name, sentence in first.items() if all(name in other for other in others)}
    return replace(comparison, twists=twists, starts=fitting_starts(comparison.starts, has_chance(twists))), refused


def twists_of(comparison: Comparison, contender: Contender) -> tuple[dict[str, Twist], dict[str, str]]:
    """What of the common twists a contender takes, and a sentence for each that it goes without."""
    entry, method = surface(comparison.landscape), OPTIMIZERS[contender.optimizer]
    return fitting(entry, method, comparison.twists, comparison.budget)


def _contenders(single: dict[str, str], ignored: list[str]) -> tuple[Contender, ...]:
    """The contenders that are named in an address, taken out of it; FEWEST at least."""
    named = {letter: single.pop(letter) for letter in LETTERS if letter in single}
    for letter, key in list(named.items()):
        if key not in OPTIMIZERS:
            ignored.append(f"{letter} = {quoted(key)} is no optimizer that is known here")
            del named[letter]
    given = named or dict(zip(LETTERS, CONTENDERS, strict=False))
    settings = {letter: dict(default_contender(key).settings) for letter, key in given.items()}
    for name in [name for name in single if name[1:2] == "." and name[0] in LETTERS]:
        letter, setting, text = name[0], name[2:], single.pop(name)
        knob = OPTIMIZERS[given[letter]].knobs.get(setting) if letter in given else None
        if knob is None:
            who = f"{letter}, {OPTIMIZERS[given[letter]].title}" if letter in given else f"a contender {letter}"
            ignored.append(f"{quoted(name)} is not a setting of {who}")
            continue
        try:
            settings[letter][setting] = knob.check(name, read(text))
        except ValueError as error:
            ignored.append(str(error))
    contenders = [Contender(key, settings[letter]) for letter, key in given.items()]
    if len(contenders) < FEWEST:
        ignored.append(f"one contender makes no comparison: {OPTIMIZERS[CONTENDERS[0]].title} is added")
        contenders.append(default_contender(CONTENDERS[0]))
    return tuple(contenders)


def _knobs(entry: Landscape) -> dict[str, Knob]:
    """Every number that belongs to no contender by its name in the address, as the knob that says what it may be."""
    run = {"x": COORDINATE, "y": COORDINATE, "budget": BUDGET, "seed": SEED}
    return {**entry.parameters, **run, "rate": RATE, "tolerance": TOLERANCE, "spread": SPREAD}


def _numbers(comparison: Comparison) -> dict[str, float]:
    """Every number that belongs to no contender by its name in the address."""
    x, y = comparison.start
    own = {name: getattr(comparison, name) for name in ("budget", "seed", "rate", "tolerance", "spread")}
    return {**comparison.parameters, "x": x, "y": y, **own}


def _with_numbers(comparison: Comparison, numbers: Mapping[str, float]) -> Comparison:
    """The comparison on the same surface with these numbers; the inverse of `_numbers`."""
    return replace(
        comparison,
        parameters={name: numbers[name] for name in comparison.parameters},
        start=(numbers["x"], numbers["y"]),
        budget=int(numbers["budget"]),
        seed=int(numbers["seed"]),
        rate=numbers["rate"],
        tolerance=numbers["tolerance"],
        spread=numbers["spread"],
    )


def labels(contenders: tuple[Contender, ...]) -> list[str]:
    """What each contender is called: its title, and what tells it from others of the same optimizer.

    The learning rate is among it only where nothing else tells two apart: with "same for all" and "each at its best"
    it is not the setting that counts.
    """
    names = []
    for place, contender in enumerate(contenders):
        title = OPTIMIZERS[contender.optimizer].title
        like = [other for other in contenders if other.optimizer == contender.optimizer]
        differing = [name for name, value in contender.settings.items() if any(o.settings[name] != value for o in like)]
        told = [name for name in differing if name != "learning_rate"] or differing
        marks = ", ".join(f"{symbol(name)} = {written(contender.settings[name])}" for name in told)
        name = f"{title}, {marks}" if marks else title
        earlier = sum(other == contender for other in contenders[:place])
        names.append(f"{name} ({earlier + 1})" if earlier else name)
    return names


SYMBOLS = {"learning_rate": "η", "momentum": "β", "epsilon": "ε", "beta1": "β₁", "beta2": "β₂", "beta3": "β₃"}


def symbol(setting: str) -> str:
    """A setting in a label: its Greek letter where the papers have one, else its name."""
    return SYMBOLS.get(setting, setting.replace("_", " "))

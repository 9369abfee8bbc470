"""What a lesson is, the decorator that registers one, and the registry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine import Trajectory
from landscapes import LANDSCAPES
from landscapes.base import Point
from optimizers import OPTIMIZERS
from ui.comparison import Comparison
from ui.look import Look
from ui.numbers import SUPERSCRIPTS
from ui.scenario import Scenario, defaults, run
from ui.starts import Starts
from ui.twists import Twist

THEMES = ("The learning rate", "Valleys", "Saddles and minima", "Chance", "In practice")

LETTERS = "abcd"
"""The choices' names in the address, in their order."""

FEWEST, MOST = 2, len(LETTERS)

QUIET = Look(demonstration=None)
"""A stage with nothing switched on, and without the view in large type: that has the dial, and a lesson has none."""

Runs = tuple[Trajectory, ...]
Measure = Callable[..., dict[str, float]]
"""`measure(*scenes)`, the runs of each scene in turn, to the claimed numbers by name."""


class _Told(float):
    """A number that is formatted as people write it: −1.802, 3.59 × 10⁻⁸."""

    def __format__(self, spec: str) -> str:
        mantissa, _, power = super().__format__(spec).partition("e")
        return mantissa.replace("-", "−") + (f" × 10{str(int(power)).translate(SUPERSCRIPTS)}" if power else "")


@dataclass(frozen=True)
class Choice:
    """One answer to a lesson's question.

    Attributes:
        text: the answer.
        reply: to a visitor who chose it: of a wrong one what would have to be true for it, of the right one "".
    """

    text: str
    reply: str = ""


@dataclass(frozen=True)
class Scene:
    """What the stage shows at one time: runs on one surface, under one clock.

    Attributes:
        title: what it is called beside the lesson's other scenes.
        runs: each run's name in the legend, and its settings; a run of `starts` that are many stands alone.
    """

    title: str
    runs: tuple[tuple[str, Scenario], ...]


@dataclass(frozen=True)
class Further:
    """One thing to try next: a sentence, and what Explore or Compare opens with."""

    text: str
    state: Scenario | Comparison


@dataclass(frozen=True, eq=False)
class Lesson:
    """A question, the runs that answer it, and what they teach. Made by `@lesson`; never by hand.

    Attributes:
        key: the measuring function's name; permanent, since it stands in shared links.
        title, theme: how and where the page lists it.
        question: what is asked before anything moves; Markdown, as are the texts below.
        choices: FEWEST to MOST answers; the one without a reply is right.
        scenes: what is run.
        happened: what was seen, with the claimed numbers as `{name:format}`.
        why: the reason, in words that need no other lesson but those before it.
        tex: the equation behind it.
        source: who found it and where, with a DOI or address when there is one.
        further: what to try next.
        claims: the numbers by name; `measure` finds them in the runs, and a test holds both to the source.
        measure: the decorated function.
        look: what is switched on in the stage once the lesson is answered.
    """

    key: str
    title: str
    theme: str
    question: str
    choices: tuple[Choice, ...]
    scenes: tuple[Scene, ...]
    happened: str
    why: str
    tex: str
    source: str
    further: Further
    claims: Mapping[str, float]
    measure: Measure
    look: Look = QUIET

    def __post_init__(self) -> None:
        words = ("title", "question", "scenes", "happened", "why", "tex", "source", "claims")
        if missing := [name for name in words if not getattr(self, name)]:
            raise ValueError(f"lesson {self.key!r} lacks {', '.join(missing)}")
        if self.theme not in THEMES:
            raise ValueError(f"lesson {self.key!r}: theme {self.theme!r} is not one of {THEMES}")
        if not FEWEST <= len(self.choices) <= MOST:
            raise ValueError(f"lesson {self.key!r} has {len(self.choices)} choices; {FEWEST} to {MOST} are allowed")
        if sum(not choice.reply for choice in self.choices) != 1:
            raise ValueError(f"lesson {self.key!r}: just one choice, the right one, goes without a reply")
        for scene in self.scenes:
            if len({(one.landscape, tuple(one.parameters.items())) for _, one in scene.runs}) != 1:
                raise ValueError(f"lesson {self.key!r}: the runs of {scene.title!r} are not on one surface")

    @property
    def answer(self) -> int:
        """The place of the right choice."""
        return next(place for place, choice in enumerate(self.choices) if not choice.reply)

    def told(self) -> str:
        """What happened, with its numbers."""
        return self.happened.format(**{name: _Told(value) for name, value in self.claims.items()})

    def measured(self) -> dict[str, float]:
        """The claimed numbers as they come out of the lesson's own runs."""
        return self.measure(*(tuple(run(scenario) for _, scenario in scene.runs) for scene in self.scenes))


_registry: dict[str, Lesson] = {}
LESSONS: Mapping[str, Lesson] = MappingProxyType(_registry)
"""Every lesson by its key, in the order of the page."""


def lesson(
    *,
    title: str,
    theme: str,
    question: str,
    choices: tuple[Choice, ...],
    scenes: tuple[Scene, ...],
    happened: str,
    why: str,
    tex: str,
    source: str,
    further: Further,
    claims: Mapping[str, float],
    look: Look = QUIET,
) -> Callable[[Measure], Measure]:
    """Register what the decorated function measures as a lesson; the arguments are the fields of `Lesson`.

    Raises:
        ValueError: when something is missing, contradicts the rest, or has a key that is taken.
    """

    def register(measure: Measure) -> Measure:
        key = measure.__name__
        if key in _registry:
            raise ValueError(f"there are two lessons called {key!r}")
        _registry[key] = Lesson(
            key=key, title=title, theme=theme, question=question, choices=choices, scenes=scenes, happened=happened,
            why=why, tex=tex, source=source, further=further, claims=MappingProxyType(dict(claims)), measure=measure,
            look=look,
        )  # fmt: skip
        return measure

    return register


def scenario(
    landscape: str,
    optimizer: str,
    start: Point,
    steps: int,
    *,
    seed: int = 0,
    rate_changes: tuple[tuple[int, float], ...] = (),
    twists: Mapping[str, Twist] | None = None,
    starts: Starts = "one",
    **settings: float,
) -> Scenario:
    """The scenario with these settings of the optimizer, the rest at their defaults.

    A formula is not looked at before the lesson is shown: its survey takes a moment.

    Raises:
        KeyError: for an optimizer that is not in the registry.
        ValueError: for a setting that it does not have.
    """
    knobs = defaults(OPTIMIZERS[optimizer].knobs)
    if unknown := settings.keys() - knobs.keys():
        raise ValueError(f"{optimizer} has no setting {min(unknown)!r}")
    parameters = defaults(LANDSCAPES[landscape].parameters) if landscape in LANDSCAPES else {}
    x, y = start
    return Scenario(
        landscape=landscape, parameters=parameters, optimizer=optimizer, settings=knobs | settings,
        start=(float(x), float(y)), steps=steps, seed=seed, rate_changes=rate_changes, twists=dict(twists or {}),
        starts=starts,
    )  # fmt: skip


def race(*runs: tuple[str, Scenario], title: str = "") -> Scene:
    """A scene of these runs, each with its name."""
    return Scene(title, runs)

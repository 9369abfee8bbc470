"""What a landscape is, the decorator that registers one, and the registry."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, get_args

import jax
import numpy as np

from knobs import Knob

Point = tuple[float, float]
Interval = tuple[float, float]
Height = Literal["linear", "log", "asinh"]

CHAPTERS = ("Bowls", "Valleys", "Saddles", "Many minima", "Like a network", "Fits to data", "Applications")

OWN_CHAPTER = "Your own"
"""The chapter of what is not in the registry, such as a typed formula."""

SURVEY = "Jamil and Yang 2013, arXiv:1308.4008, doi:10.1504/IJMMNO.2013.055204"
"""A survey that many entries name as their source, since where the function came from first is not known."""


@dataclass(frozen=True, eq=False)
class Data:
    """The examples that a loss is the mean over, for whoever draws them beside the surface.

    Attributes:
        model: what the two numbers p mean. "line": the line target = p[0] · input + p[1]. "plane": two inputs, and the
            target is p[0] · first + p[1] · second. "boundary": two inputs, and the classes part where
            p[0] · first + p[1] · second = 0; the target is 1 on the side where that is positive.
        inputs: shape (examples, 1) for a line, else (examples, 2), in the units of the loss.
        targets: shape (examples,), likewise; 0 or 1 for a boundary.
        input_names, target_name: what the columns are, with their units.
        held_out_inputs, held_out_targets: the examples that the loss does not see, in the same form; often none.
    """

    model: Literal["line", "plane", "boundary"]
    inputs: np.ndarray
    targets: np.ndarray
    input_names: tuple[str, ...]
    target_name: str
    held_out_inputs: np.ndarray
    held_out_targets: np.ndarray


@dataclass(frozen=True, eq=False)
class Picture:
    """What the two numbers p mean in an application, for whoever draws it beside the surface, moving with the ball.

    Attributes:
        kind: how it is drawn. "bars": a bar for each name, and beside them a plane with a curve, a point for each name
            and the ball's own. "images": a row of images, what they should become, and what the ball makes of them.
            "words": a map of words, the first of which is where the ball is.
        title: what is seen, in a few words.
        names: of the bars, of the three rows of images, or the words.
        values: `values(points)`, shape (n, 2) to (n, numbers): what moves with the ball. The heights of the bars as
            shares of 1, and the two coordinates in the plane; the pixels of the images, row by row; the word's place.
        still: what does not move, by name. For bars "curve", shape (m, 2), the line in the plane, and "points", shape
            (names, 2). For images "inputs" and "targets", shape (images, rows, columns). For words "places" of all but
            the first, shape (names - 1, 2), and how often that one has "met" each of them, shape (names - 1,).
        span: the least and the greatest value that a bar has room for.
        axes: what the two coordinates in the plane are, with their units; "" for a plane without scales.
        reach: how many times as wide as the map the square is on which the values are known.
        grid: at how many places along each side of that square the values are taken; what lies between is a mean of
            those around it, which is exact with 2 where they are affine in p.
    """

    kind: Literal["bars", "images", "words"]
    title: str
    names: tuple[str, ...]
    values: Callable[[np.ndarray], np.ndarray]
    still: Mapping[str, np.ndarray]
    span: Interval = (0, 1)
    axes: tuple[str, str] = ("", "")
    reach: float = 1
    grid: int = 2


@dataclass(frozen=True, eq=False)
class Landscape:
    """A loss f(x, y) with everything that is known about it. Made by `@landscape`; never by hand.

    Attributes:
        key: the function's name; permanent, since it stands in shared links.
        title, chapter: how and where the page lists it.
        loss: `loss(p, **parameters)`, p of shape (2,), to a scalar; traceable by JAX, twice differentiable almost
            everywhere, with a finite gradient everywhere (where there is none, as at a kink, one that lies in between).
        domain: ((x_low, x_high), (y_low, y_high)), the part that the page shows.
        start: where a run begins unless told otherwise; a place from which something instructive happens.
        minima: the known global minimizers inside the domain, whatever the parameters (`at`, where these move them);
            empty when no point is one (the loss is unbounded below, or only approaches its infimum).
        minimum: the loss at each of them; None when there are none.
        minima_curve: the equation of the minimizers, as TeX, when they form curves; `minima` then holds a few of
            them. "" when they are isolated points.
        local_minima, saddles: other known stationary points inside the domain; not always all of them.
        pins: ((x, y), loss) pairs with values from the source or worked by hand, at the default parameters.
        tex: the equation, as TeX.
        source: who published it and where, with a DOI or address when there is one.
        teaches: one sentence, what a student sees here.
        notes: where sources disagree about the formula or a minimum, and which one this is; "" when they do not.
        height: the display transform of the vertical axis: "linear", "log" (log10(1 + loss - minimum)) or
            "asinh" (for losses of both signs and any size).
        parameters: name -> Knob, the numbers in the formula that a user may turn.
        axes: what the two coordinates are called in the formula and on the page; x and y in Python and in links.
        examples: how many examples the loss is the mean over; 0 when it carries no data.
        batch_loss: `batch_loss(p, weights, **parameters)`, the loss with another weight for each example, shape
            (examples,), not negative and summing to one; with equal ones it is `loss`. None without data.
        held_out_loss: `held_out_loss(p, **parameters)`, the mean over the examples that were held out, without any
            penalty; None when none were.
        data: reads the examples of a fit, once; None where they are not what is drawn.
        picture: makes what is drawn beside the surface of an application, once; None where nothing or `data` is.
        step_loss: `step_loss(p, number, **parameters)`, what step `number`, from 0 on, descends instead of `loss`, in
            the precision of p, where what is trained changes on the way. None where every step descends the same.
        formula: the text that it was read from; "" for one of the registry.
        minimizer: `minimizer(**parameters)` to the one global minimizer and the loss there, where parameters move it;
            `minima` are then those at their defaults. None where no parameter does.
    """

    key: str
    title: str
    chapter: str
    loss: Callable[..., jax.Array]
    domain: tuple[Interval, Interval]
    start: Point
    minima: tuple[Point, ...]
    minimum: float | None
    minima_curve: str
    local_minima: tuple[Point, ...]
    saddles: tuple[Point, ...]
    pins: tuple[tuple[Point, float], ...]
    tex: str
    source: str
    teaches: str
    notes: str
    height: Height
    parameters: Mapping[str, Knob] = field(default_factory=dict)
    axes: tuple[str, str] = ("x", "y")
    examples: int = 0
    batch_loss: Callable[..., jax.Array] | None = None
    held_out_loss: Callable[..., jax.Array] | None = None
    data: Callable[[], Data] | None = None
    picture: Callable[[], Picture] | None = None
    step_loss: Callable[..., jax.Array] | None = None
    formula: str = ""
    minimizer: Callable[..., tuple[Point, float]] | None = None

    def __post_init__(self) -> None:
        missing = [name for name in ("title", "pins", "tex", "source", "teaches") if not getattr(self, name)]
        if missing:
            raise ValueError(f"landscape {self.key!r} lacks {', '.join(missing)}")
        if self.chapter not in (*CHAPTERS, OWN_CHAPTER):
            raise ValueError(f"landscape {self.key!r}: chapter {self.chapter!r} is not one of {CHAPTERS}")
        if self.height not in get_args(Height):
            raise ValueError(f"landscape {self.key!r}: height {self.height!r} is not one of {get_args(Height)}")
        if bool(self.minima) != (self.minimum is not None):
            raise ValueError(f"landscape {self.key!r}: minima and minimum come together")
        if self.minima_curve and not self.minima:
            raise ValueError(f"landscape {self.key!r}: a curve of minima needs some points of it in minima")
        if not all(low < high for low, high in self.domain):
            raise ValueError(f"landscape {self.key!r}: its domain {self.domain} is out of order")
        for point in (self.start, *self.minima, *self.local_minima, *self.saddles):
            if not all(low <= value <= high for value, (low, high) in zip(point, self.domain, strict=True)):
                raise ValueError(f"landscape {self.key!r}: {point} is outside its domain {self.domain}")
        accepted = list(inspect.signature(self.loss).parameters)[1:]
        if accepted != list(self.parameters):
            raise ValueError(
                f"landscape {self.key!r}: the loss takes {accepted}, its knobs are {list(self.parameters)}"
            )
        drawn = self.data is not None or self.picture is not None
        of_examples, of_steps = self.batch_loss is not None, self.step_loss is not None
        undrawn = drawn and not (of_examples or of_steps)
        if (self.examples > 0) != of_examples or undrawn or (self.data and self.picture):
            raise ValueError(
                f"landscape {self.key!r}: examples and batch_loss come together, with data or a picture of them or none"
            )

    def at(self, parameters: Mapping[str, float]) -> "Landscape":
        """The entry with what is known about it at these parameters: another one where they move the minimum.

        For its facts alone: runs and fields take the entry itself, since each entry has compiled programs of its own.
        A minimum that has moved off the domain is none.
        """
        if self.minimizer is None or all(parameters.get(n, k.default) == k.default for n, k in self.parameters.items()):
            return self
        return _moved(self, tuple(sorted(parameters.items())))


@lru_cache(maxsize=256)
def _moved(entry: Landscape, parameters: tuple[tuple[str, float], ...]) -> Landscape:
    assert entry.minimizer is not None
    settings = {name: knob.default for name, knob in entry.parameters.items()} | dict(parameters)
    point, minimum = entry.minimizer(**settings)
    if not all(low <= value <= high for value, (low, high) in zip(point, entry.domain, strict=True)):
        return replace(entry, minima=(), minimum=None)
    return replace(entry, minima=(point,), minimum=minimum)


_registry: dict[str, Landscape] = {}
LANDSCAPES: Mapping[str, Landscape] = MappingProxyType(_registry)
"""Every landscape by its key, in display order."""


def landscape(
    *,
    title: str,
    chapter: str,
    domain: tuple[Interval, Interval],
    start: Point,
    pins: tuple[tuple[Point, float], ...],
    tex: str,
    source: str,
    teaches: str,
    minima: tuple[Point, ...] = (),
    minimum: float | None = None,
    minima_curve: str = "",
    local_minima: tuple[Point, ...] = (),
    saddles: tuple[Point, ...] = (),
    notes: str = "",
    height: Height = "linear",
    axes: tuple[str, str] = ("x", "y"),
    examples: int = 0,
    batch_loss: Callable[..., jax.Array] | None = None,
    held_out_loss: Callable[..., jax.Array] | None = None,
    data: Callable[[], Data] | None = None,
    picture: Callable[[], Picture] | None = None,
    step_loss: Callable[..., jax.Array] | None = None,
    minimizer: Callable[..., tuple[Point, float]] | None = None,
    **parameters: Knob,
) -> Callable[[Callable[..., jax.Array]], Callable[..., jax.Array]]:
    """Register the decorated `loss(p, **parameters)` under its own name; `Landscape` says what each fact means.

    Raises:
        ValueError: at import, when the key is taken, a fact is missing or two facts contradict each other.
    """

    def register(loss: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
        key = loss.__name__
        if key in _registry:
            raise ValueError(f"there are two landscapes called {key!r}")
        _registry[key] = Landscape(
            key=key, title=title, chapter=chapter, loss=loss, domain=domain, start=start, minima=minima,
            minimum=minimum, minima_curve=minima_curve, local_minima=local_minima, saddles=saddles, pins=pins, tex=tex,
            source=source, teaches=teaches, notes=notes, height=height, parameters=MappingProxyType(parameters),
            axes=axes, examples=examples, batch_loss=batch_loss, held_out_loss=held_out_loss, data=data,
            picture=picture, step_loss=step_loss, minimizer=minimizer,
        )  # fmt: skip
        return loss

    return register

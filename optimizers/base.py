"""What an optimizer is, the decorator that registers one, and the registry."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import jax
import optax

from knobs import Knob
from optimizers.stability import Limit

FAMILIES = (
    "Gradient descent",
    "Adaptive",
    "Adam family",
    "Sign and trust ratio",
    "Without a learning rate",
    "Second order",
)

EXTRAS = ("value", "grad", "value_fn", "obj_fn", "hessian")
"""What the engine can hand to `update` beside the gradient, by keyword: the loss at the iterate, its gradient,
the loss as a function of a point (under both names that optax uses), and the Hessian, shape (2, 2)."""


@dataclass(frozen=True)
class Memory:
    """Something that an optimizer remembers from step to step: two numbers, one, or a 2 x 2 matrix.

    Attributes:
        found: the name of the field of optax's state that holds it, or `(state, knobs)` to it.
        drawn: how it is drawn at the ball: "direction", a mean or a sum of gradients; "sizes" or "squares", the size of
            the gradients along each axis or its square; "point", a place on the plane; "" when it is not.
    """

    found: str | Callable[[Any, Mapping[str, jax.Array]], jax.Array]
    drawn: Literal["", "direction", "sizes", "squares", "point"] = ""


@dataclass(frozen=True, eq=False)
class Optimizer:
    """An update rule with its knobs. Made by `@optimizer`; never by hand.

    Attributes:
        key: the function's name; permanent, since it stands in shared links.
        title, family: how and where the page lists it.
        build: `build(**knobs)` to the optax transformation that runs. It is called while JAX traces, and each knob
            arrives as a traced float64 scalar: it may not be used in a Python `if` or as a shape.
        knobs: name -> Knob, in the order the page shows them; the learning rate first where there is one.
        tex: the update rule that runs, in the project's symbols (docs/model.md).
        source: who published it and where, with a DOI or arXiv number.
        teaches: one sentence, what a student sees with it.
        notes: where implementations disagree, and which one this is; "" when they do not.
        needs: the names in EXTRAS that its `update` takes.
        evaluations: None where a step costs one gradient evaluation, else `evaluations(state, knobs)` to what it costs,
            from the state after the step; a trial of a line search counts as one, a Hessian as two.
        memories: what it remembers, by the rule's symbol for it, such as "m_t".
        limit: how sharp a parabola may be for its steps to settle; None where that is not known.
        report: None, or `report(iterate, state)` to the point that the method returns when that is not the iterate
            at which it asks for gradients (schedule-free methods).
    """

    key: str
    title: str
    family: str
    build: Callable[..., optax.GradientTransformation]
    knobs: Mapping[str, Knob]
    tex: str
    source: str
    teaches: str
    notes: str
    needs: tuple[str, ...]
    evaluations: Callable[[Any, Mapping[str, jax.Array]], jax.typing.ArrayLike] | None
    memories: Mapping[str, Memory]
    limit: Limit | None
    report: Callable[[jax.Array, Any], jax.Array] | None

    def __post_init__(self) -> None:
        missing = [name for name in ("title", "tex", "source", "teaches") if not getattr(self, name)]
        if missing:
            raise ValueError(f"optimizer {self.key!r} lacks {', '.join(missing)}")
        if self.family not in FAMILIES:
            raise ValueError(f"optimizer {self.key!r}: family {self.family!r} is not one of {FAMILIES}")
        if unknown := set(self.needs) - set(EXTRAS):
            raise ValueError(f"optimizer {self.key!r} needs {sorted(unknown)}; the engine has {EXTRAS}")
        accepted = list(inspect.signature(self.build).parameters)
        if accepted != list(self.knobs):
            raise ValueError(f"optimizer {self.key!r}: build takes {accepted}, its knobs are {list(self.knobs)}")


_registry: dict[str, Optimizer] = {}
OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType(_registry)
"""Every optimizer by its key, in display order."""


def optimizer(
    *,
    title: str,
    family: str,
    tex: str,
    source: str,
    teaches: str,
    notes: str = "",
    needs: tuple[str, ...] = (),
    evaluations: Callable[[Any, Mapping[str, jax.Array]], jax.typing.ArrayLike] | None = None,
    memories: Mapping[str, Memory] = MappingProxyType({}),
    limit: Limit | None = None,
    report: Callable[[jax.Array, Any], jax.Array] | None = None,
    **knobs: Knob,
) -> Callable[[Callable[..., optax.GradientTransformation]], Callable[..., optax.GradientTransformation]]:
    """Register the decorated factory under its own name; `Optimizer` says what each fact means.

    Raises:
        ValueError: at import, when the key is taken, a fact is missing, or the factory's arguments are not the knobs.
    """

    def register(build: Callable[..., optax.GradientTransformation]) -> Callable[..., optax.GradientTransformation]:
        key = build.__name__
        if key in _registry:
            raise ValueError(f"there are two optimizers called {key!r}")
        _registry[key] = Optimizer(
            key=key, title=title, family=family, build=build, knobs=MappingProxyType(knobs), tex=tex, source=source,
            teaches=teaches, notes=notes, needs=needs, evaluations=evaluations,
            memories=MappingProxyType(dict(memories)), limit=limit, report=report,
        )  # fmt: skip
        by_family = sorted(_registry.items(), key=lambda item: FAMILIES.index(item[1].family))
        _registry.clear()  # so that the order is that of the families, whichever module is imported first
        _registry.update(by_family)
        return build

    return register

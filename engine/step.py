"""One step of an optimizer on a landscape, by its rule or twisted: what JAX traces into every program of runs."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from engine.field import loss_of
from landscapes.base import Landscape
from optimizers.base import Optimizer

EPOCHS = 2**20
"""Keeps the random numbers that shuffle epochs apart from those of the steps, whose numbers are all below it."""


class Numbers(NamedTuple):
    """The twists of one run as its program reads them; at these values they change nothing."""

    clip_norm: Any = math.inf
    clip_value: Any = math.inf
    weight_decay: Any = 0.0
    l2: Any = 0.0
    noise: Any = 0.0
    noise_decay: Any = 0.0
    temperature: Any = 0.0
    seed: Any = 0.0


class Twisted(NamedTuple):
    """What twists one step: the run's `Numbers` as a vector, the step's number from 0, and the weight of each example.

    `weights` has shape (examples,); None on a landscape without data.
    """

    numbers: Any
    number: Any
    weights: Any


class Made(NamedTuple):
    """What a step had and made.

    Attributes:
        record: the row of the run: x, y, loss and gradient of the landscape; what the step costs, for an optimizer
            whose steps differ in that; and for a twisted step whether the gradient was clipped, 0 or 1.
        iterate, state: after the step.
        unchanged: whether neither of them changed.
        gradient: what the optimizer was given.
    """

    record: jax.Array
    iterate: jax.Array
    state: Any
    unchanged: jax.Array
    gradient: jax.Array


def width(optimizer: Optimizer, twisted: bool) -> int:
    """How many numbers a record has."""
    return 5 + (optimizer.evaluations is not None) + twisted


def method(optimizer: Optimizer, landscape: Landscape) -> tuple[Callable[..., Any], Callable[..., Made]]:
    """One run: (start, knobs) -> state, and (iterate, state, parameters, knobs, Twisted or None) -> Made."""

    def transformation(knobs: jax.Array) -> optax.GradientTransformationExtraArgs:
        return optax.with_extra_args_support(optimizer.build(**named(knobs)))

    def named(knobs: jax.Array) -> dict[str, jax.Array]:
        return dict(zip(optimizer.knobs, knobs, strict=True))

    def initial(start: jax.Array, knobs: jax.Array) -> Any:
        return transformation(knobs).init(start)

    def step(
        iterate: jax.Array, state: Any, parameters: jax.Array, knobs: jax.Array, twisted: Twisted | None = None
    ) -> Made:
        loss = partial(loss_of(landscape), parameters)
        objective = loss if twisted is None else _objective(landscape, parameters, iterate, twisted)
        value, gradient = jax.value_and_grad(objective)(iterate)
        used, clipped = (gradient, None) if twisted is None else _clipped(gradient, twisted)
        offered = {"value": value, "grad": gradient, "value_fn": objective, "obj_fn": objective}
        if "hessian" in optimizer.needs:
            offered["hessian"] = jax.hessian(objective)(iterate)
        needed = {name: offered[name] for name in optimizer.needs}
        update, following = transformation(knobs).update(used, state, iterate, **needed)
        moved: Any = optax.apply_updates(iterate, update)
        if twisted is not None and "learning_rate" in optimizer.knobs:
            moved = moved + _beside(iterate, named(knobs)["learning_rate"], twisted)
        reported = iterate if optimizer.report is None else optimizer.report(iterate, state)
        if twisted is not None or optimizer.report is not None:
            value, gradient = jax.value_and_grad(loss)(reported)
        record = [reported, value[None], gradient]
        if optimizer.evaluations is not None:
            cost = optimizer.evaluations(following, named(knobs))
            record.append(jnp.asarray(cost, value.dtype)[None])
        if clipped is not None:
            record.append(jnp.asarray(clipped, value.dtype)[None])
        unchanged = _unchanged((moved, following), (iterate, state))
        return Made(jnp.concatenate(record), moved, following, unchanged, used)

    return initial, step


def ranks(seed: jax.Array, epoch: jax.Array, examples: int) -> jax.Array:
    """Each example's place in the order of an epoch, shape (examples,): 0, 1, ... shuffled.

    Its place is how many random numbers are smaller than its own; the last bits are its index, so that none are equal.
    XLA would not make one native function of a loop with a sort in it: on few examples that takes five times as long.
    """
    key = jax.random.fold_in(jax.random.fold_in(_key(seed), EPOCHS), epoch)
    high = jax.random.bits(key, (examples,), jnp.uint32).astype(jnp.uint64) << 32
    numbers = high | jnp.arange(examples, dtype=jnp.uint64)
    return jnp.sum(numbers < numbers[:, None], axis=1, dtype=jnp.int32)


def _key(seed: jax.Array) -> jax.Array:
    return jax.random.key(jnp.asarray(seed, jnp.uint32))


def _normal(twisted: Twisted) -> jax.Array:
    """The random vectors of a step, from seed and number alone: that of the gradient's noise, and Langevin's."""
    key = jax.random.fold_in(_key(Numbers(*twisted.numbers).seed), twisted.number)
    return jax.random.normal(key, (2, 2), twisted.numbers.dtype)


def _objective(
    landscape: Landscape, parameters: jax.Array, iterate: jax.Array, twisted: Twisted
) -> Callable[[jax.Array], jax.Array]:
    """What this one step takes for the loss: the batch's, with a slope of noise through the iterate and the penalty."""
    numbers = Numbers(*twisted.numbers)
    size = numbers.noise / (1 + twisted.number) ** (numbers.noise_decay / 2)
    slope = size * _normal(twisted)[0]
    loss = partial(loss_of(landscape) if twisted.weights is None else _of_batch(landscape, twisted.weights), parameters)
    return lambda p: loss(p) + slope @ (p - iterate) + numbers.l2 / 2 * (p @ p)


def _of_batch(landscape: Landscape, weights: jax.Array) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """As `loss_of`, for the loss of a mini-batch."""
    names, loss = tuple(landscape.parameters), landscape.batch_loss
    assert loss is not None
    return lambda vector, p: jnp.asarray(loss(p, weights, **dict(zip(names, vector, strict=True))), p.dtype)


def _clipped(gradient: jax.Array, twisted: Twisted) -> tuple[jax.Array, jax.Array]:
    """The gradient clipped coordinate by coordinate and then by its norm, and whether that changed it."""
    numbers = Numbers(*twisted.numbers)
    bounded: Any
    used: Any
    bounded, _ = optax.clip(numbers.clip_value).update(gradient, optax.EmptyState())
    used, _ = optax.clip_by_global_norm(numbers.clip_norm).update(bounded, optax.EmptyState())
    return used, jnp.any(bounded != gradient) | (optax.tree.norm(bounded) > numbers.clip_norm)


def _beside(iterate: jax.Array, rate: jax.Array, twisted: Twisted) -> jax.Array:
    """What is added to a step: decoupled decay, and the noise of Langevin dynamics."""
    numbers = Numbers(*twisted.numbers)
    return jnp.sqrt(2 * rate * numbers.temperature) * _normal(twisted)[1] - rate * numbers.weight_decay * iterate


def _unchanged(new: Any, old: Any) -> jax.Array:
    """Whether a step changed neither the iterate nor a floating-point number of the state: it never will again."""
    pairs = zip(jax.tree.leaves(new), jax.tree.leaves(old), strict=True)
    return jnp.all(jnp.stack([jnp.all(a == b) for a, b in pairs if jnp.issubdtype(a.dtype, jnp.floating)]))

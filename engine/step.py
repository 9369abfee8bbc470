"""One step of an optimizer on a landscape, by its rule or twisted: what JAX traces into every program of runs."""

import math
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from engine.field import loss_of
from engine.precision import Scaling, rounded, widened
from landscapes.base import Landscape
from optimizers.base import Optimizer

EPOCHS = 2**20
"""Keeps the random numbers that shuffle epochs apart from those of the steps, whose numbers are all below it."""


WORKERS = 2**21
"""Likewise, those of the workers beside the first."""

MOST_WORKERS = 8
"""How many workers may make a step together; every team is computed as so many, so that no number compiles anything."""


class Numbers(NamedTuple):
    """The twists of one run as its program reads them; at these values they change nothing."""

    clip_norm: Any = math.inf
    clip_value: Any = math.inf
    weight_decay: Any = 0.0
    l2: Any = 0.0
    noise: Any = 0.0
    noise_decay: Any = 0.0
    temperature: Any = 0.0
    loss_scale: Any = 1.0
    scale_growth: Any = 0.0
    seed: Any = 0.0


class Twisted(NamedTuple):
    """What twists one step: the run's `Numbers` as a vector, the step's number from 0, and the weight of each example.

    `weights` has shape (examples,); None on a landscape without data. For a team of workers there are (workers,
    examples) of them, and `team` is how many there are, their local steps and their delay; `shares`, shape (workers,),
    is what each has in a step. Both are None elsewhere.
    """

    numbers: Any
    number: Any
    weights: Any
    team: Any = None
    shares: Any = None


class Kind(NamedTuple):
    """Which of an optimizer's programs a run needs; the default is the plain one."""

    twisted: bool = False
    precision: str = "float64"  # any other is a twist
    team: bool = False  # several workers, or old gradients: likewise


class Columns(NamedTuple):
    """Where a record has what beside x, y, loss and gradient, None for what it lacks; and how many numbers it has."""

    cost: int | None  # what the step costs
    clipped: int | None  # whether its gradient was clipped
    scale: int | None  # that of the loss
    skipped: int | None  # whether the step was left out
    workers: int | None  # from where on x and y of each worker
    width: int


@lru_cache(maxsize=256)
def columns(optimizer: Optimizer, kind: Kind) -> Columns:
    """The columns of the records of an optimizer."""
    narrow = kind.precision != "float64"
    counts = (optimizer.evaluations is not None, kind.twisted, narrow, narrow, 2 * MOST_WORKERS * kind.team)
    ends = list(accumulate(counts, initial=5))
    return Columns(*(end if count else None for end, count in zip(ends[:-1], counts, strict=True)), width=ends[-1])


class Made(NamedTuple):
    """What a step had and made.

    Attributes:
        record: the row of the run, as `Columns` has it: x, y, loss and gradient of the landscape; what the step costs,
            for an optimizer whose steps differ in that; for a twisted step whether the gradient was clipped; and in a
            precision below float64 the scale of the loss and whether the step was skipped.
        iterate, state: after the step.
        unchanged: whether neither of them changed.
        gradient: what the optimizer was given.
        fit: whether the loss and whether the gradient that the step was made from are finite, shape (2,); None in
            float64, where the record tells.
    """

    record: jax.Array
    iterate: jax.Array
    state: Any
    unchanged: jax.Array
    gradient: jax.Array
    fit: jax.Array | None


def method(
    optimizer: Optimizer, landscape: Landscape, precision: str = "float64"
) -> tuple[Callable[..., Any], Callable[..., Made]]:
    """One run: (start, knobs) -> state, and (iterate, state, parameters, knobs, Twisted or None) -> Made.

    A step may also be told `at` which other point to take the gradient. In a precision below float64 every step is
    twisted, and start, iterate and state are kept in it; the state then is the optimizer's own and the `Scaling` of the
    loss.
    """

    def transformation(knobs: jax.Array) -> optax.GradientTransformationExtraArgs:
        return optax.with_extra_args_support(optimizer.build(**named(knobs)))

    def named(knobs: jax.Array) -> dict[str, jax.Array]:
        return dict(zip(optimizer.knobs, knobs, strict=True))

    def initial(start: jax.Array, knobs: jax.Array) -> Any:
        return transformation(knobs).init(start)

    def step(
        iterate: jax.Array, state: Any, parameters: jax.Array, knobs: jax.Array, twisted: Twisted | None = None,
        scale: jax.Array | None = None, at: jax.Array | None = None,
    ) -> Made:  # fmt: skip
        loss = partial(loss_of(landscape), parameters)
        objective = loss if twisted is None else _objective(landscape, parameters, iterate, twisted, precision)
        value, gradient = _slope(objective, iterate if at is None else at, scale)
        fit = None if scale is None else jnp.stack([jnp.isfinite(value), jnp.all(jnp.isfinite(gradient))])
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
            reported = reported.astype(parameters.dtype)
            value, gradient = jax.value_and_grad(loss)(reported)
        record = [reported, value[None], gradient]
        if optimizer.evaluations is not None:
            cost = optimizer.evaluations(following, named(knobs))
            record.append(jnp.asarray(cost, value.dtype)[None])
        if clipped is not None:
            record.append(jnp.asarray(clipped, value.dtype)[None])
        unchanged = _unchanged((moved, following), (iterate, state))
        return Made(jnp.concatenate(record), moved, following, unchanged, used, fit)

    return (initial, step) if precision == "float64" else _kept_in(precision, initial, step)


def _kept_in(
    precision: str, initial: Callable[..., Any], step: Callable[..., Made]
) -> tuple[Callable[..., Any], Callable[..., Made]]:
    """The same run with everything that it keeps in a precision below float64; its rule computes in float32."""

    def narrow_initial(start: jax.Array, knobs: jax.Array) -> Any:
        return rounded(initial(widened(start), widened(knobs)), precision), Scaling.begun()

    def narrow_step(
        iterate: jax.Array, state: Any, parameters: jax.Array, knobs: jax.Array, twisted: Twisted,
        at: jax.Array | None = None,
    ) -> Made:  # fmt: skip
        own, scaling = state
        numbers = Numbers(*twisted.numbers)
        scale = scaling.scale(numbers.loss_scale)
        made = step(widened(iterate), widened(own), parameters, widened(knobs), twisted, scale, widened(at))
        assert made.fit is not None
        loss_fits, gradient_fits = made.fit
        skipped = ~gradient_fits & (numbers.scale_growth > 0)
        before, after = (iterate, own), rounded((made.iterate, made.state), precision)
        moved, following = jax.tree.map(partial(jnp.where, skipped), before, after)
        record = jnp.concatenate([made.record, jnp.stack([scale, skipped]).astype(made.record.dtype)])
        return made._replace(
            record=jnp.where(loss_fits & (gradient_fits | skipped), record, jnp.nan), iterate=moved,
            state=(following, scaling.after(scale, numbers.scale_growth, skipped)),
        )  # fmt: skip

    return narrow_initial, narrow_step


def _slope(
    objective: Callable[[jax.Array], jax.Array], iterate: jax.Array, scale: jax.Array | None
) -> tuple[jax.Array, jax.Array]:
    """The loss and its gradient, which is that of the loss times the scale, divided by it."""
    if scale is None:
        return jax.value_and_grad(objective)(iterate)
    value, pull = jax.vjp(objective, iterate)
    (scaled,) = pull(scale)
    return value, scaled / scale


def ranks(seed: jax.Array, epoch: jax.Array, examples: int, worker: jax.Array | None = None) -> jax.Array:
    """Each example's place in the order of an epoch, shape (examples,): 0, 1, ... shuffled; for each worker another.

    Its place is how many random numbers are smaller than its own; the last bits are its index, so that none are equal.
    XLA would not make one native function of a loop with a sort in it: on few examples that takes five times as long.
    """
    key = jax.random.fold_in(jax.random.fold_in(_key(seed, worker), EPOCHS), epoch)
    high = jax.random.bits(key, (examples,), jnp.uint32).astype(jnp.uint64) << 32
    numbers = high | jnp.arange(examples, dtype=jnp.uint64)
    return jnp.sum(numbers < numbers[:, None], axis=1, dtype=jnp.int32)


def _key(seed: jax.Array, worker: jax.Array | None = None) -> jax.Array:
    """The key of a seed, which is that of the first worker too; of another one that, folded with its number."""
    key = jax.random.key(jnp.asarray(seed, jnp.uint32))
    return key if worker is None else jnp.where(worker == 0, key, jax.random.fold_in(key, WORKERS + worker))


def _normals(twisted: Twisted, worker: jax.Array | None = None) -> jax.Array:
    """The random vectors of a step, from seed and number alone: that of the gradient's noise, and Langevin's."""
    key = jax.random.fold_in(_key(Numbers(*twisted.numbers).seed, worker), twisted.number)
    return jax.random.normal(key, (2, 2), twisted.numbers.dtype)


def _noise(twisted: Twisted) -> jax.Array:
    """The noise of the gradient, before its size: of several workers the mean, since each has its own."""
    if twisted.shares is None:
        return _normals(twisted)[0]
    each = jax.vmap(partial(_normals, twisted))(jnp.arange(MOST_WORKERS))
    return jnp.sum(twisted.shares[:, None] * each[:, 0], axis=0)


def _objective(
    landscape: Landscape, parameters: jax.Array, iterate: jax.Array, twisted: Twisted, precision: str
) -> Callable[[jax.Array], jax.Array]:
    """What this one step takes for the loss: the batch's, with a slope of noise through the iterate and the penalty.

    In a precision below float64 all of it is computed in that, for an argument and a value in float32.
    """
    numbers = Numbers(*twisted.numbers)
    size = numbers.noise / (1 + twisted.number) ** (numbers.noise_decay / 2)
    slope = size * _noise(twisted)
    loss = loss_of(landscape) if twisted.weights is None else _of_batch(landscape, twisted.weights)
    if landscape.step_loss is not None:
        loss = _of_step(landscape, parameters, twisted.number)

    def objective(p: jax.Array) -> jax.Array:
        own, through, noise, half = (each.astype(p.dtype) for each in (parameters, iterate, slope, numbers.l2 / 2))
        penalty = jnp.where(half == 0, 0, half * (p @ p))  # no penalty is 0 even where the square overflows
        return loss(own, p) + noise @ (p - through) + penalty

    if precision == "float64":
        return objective
    return lambda p: widened(objective(rounded(p, precision)))


def _of_batch(landscape: Landscape, weights: jax.Array) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """As `loss_of`, for the loss of a mini-batch."""
    names, loss = tuple(landscape.parameters), landscape.batch_loss
    assert loss is not None
    return lambda vector, p: jnp.asarray(loss(p, weights, **dict(zip(names, vector, strict=True))), p.dtype)


def _of_step(landscape: Landscape, parameters: jax.Array, number: jax.Array) -> Callable[[jax.Array, jax.Array], Any]:
    """Likewise, for the loss that this one step descends; in any precision a step's number is a whole one."""
    names, loss = tuple(landscape.parameters), landscape.step_loss
    assert loss is not None
    given = dict(zip(names, parameters, strict=True))
    return lambda vector, p: jnp.asarray(loss(p, number, **given), p.dtype)


def _clipped(gradient: jax.Array, twisted: Twisted) -> tuple[jax.Array, jax.Array]:
    """The gradient clipped coordinate by coordinate and then by its norm, and whether that changed it."""
    numbers = Numbers(*twisted.numbers.astype(gradient.dtype))
    bounded: Any
    used: Any
    bounded, _ = optax.clip(numbers.clip_value).update(gradient, optax.EmptyState())
    used, _ = optax.clip_by_global_norm(numbers.clip_norm).update(bounded, optax.EmptyState())
    used = jnp.where(jnp.isinf(numbers.clip_norm), bounded, used)  # without a limit the norm may overflow
    return used, jnp.any((bounded != gradient) & ~jnp.isnan(gradient)) | (optax.tree.norm(bounded) > numbers.clip_norm)


def _beside(iterate: jax.Array, rate: jax.Array, twisted: Twisted) -> jax.Array:
    """What is added to a step: decoupled decay, and the noise of Langevin dynamics."""
    numbers = Numbers(*twisted.numbers.astype(iterate.dtype))
    shake = _normals(twisted)[1].astype(iterate.dtype)
    return jnp.sqrt(2 * rate * numbers.temperature) * shake - rate * numbers.weight_decay * iterate


def _unchanged(new: Any, old: Any) -> jax.Array:
    """Whether a step changed neither the iterate nor a floating-point number of the state: it never will again."""
    pairs = zip(jax.tree.leaves(new), jax.tree.leaves(old), strict=True)
    return jnp.all(jnp.stack([jnp.all(a == b) for a, b in pairs if jnp.issubdtype(a.dtype, jnp.floating)]))

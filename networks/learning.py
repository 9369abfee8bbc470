"""One step of an optimizer on a network, twisted as runs on surfaces are: what JAX traces into a program of training.

The order in which the twists act is that of docs/model.md, Twists.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from engine.precision import TYPES, rounded, widened
from engine.step import Numbers
from networks.network import Network, Parameters, judge, mean_cross_entropy, scores_of, share_right
from optimizers.base import Optimizer

STEPS_A_PIECE = 100
"""How many steps a program makes at most before it can be asked to stop."""

ROWS = 10
"""Of how many of them it keeps the parameters at most."""

NARROWER = {"xla_cpu_prefer_vector_width": "256"}
"""What is good for runs on surfaces takes half as long again to compile here, and is no faster."""

PROGRAMS = 32
"""How many programs of each kind are kept, the last used; each takes a few megabytes."""


class Kind(NamedTuple):
    """Which of the programs of a network and an optimizer is needed."""

    precision: str = "float32"
    batch_size: int | None = None
    noisy: bool = False

    @property
    def exact(self) -> bool:
        """Whether the rule computes with the parameters as they are kept."""
        return self.precision in ("float32", "float64")


class Turn(NamedTuple):
    """What a program is told of its steps.

    Attributes:
        which: (4,), the number of the first step, how many to make, after how many to keep the parameters, the seed.
        knobs: the optimizer's, in their order.
        shares: (STEPS_A_PIECE,), the share of the learning rate with which each is made.
        numbers: those of `engine.step.Numbers` as a vector.
        order: (STEPS_A_PIECE, batch_size), the examples of each, -1 for none; None for all of them.
    """

    which: Any
    knobs: Any
    shares: Any
    numbers: Any
    order: Any


class Run(NamedTuple):
    """Where a training stands: the parameters, what the optimizer remembers, and the parameters as it returns them."""

    iterate: Parameters
    state: Any
    reported: Parameters


@lru_cache(maxsize=PROGRAMS)
def begin(network: Network, optimizer: Optimizer, kind: Kind) -> Callable[..., Run]:
    """The jitted beginning of a training: (parameters, knobs) -> Run."""

    def start(parameters: Parameters, knobs: jax.Array) -> Run:
        wide = _floats(parameters, kind)
        state = _transformation(optimizer, knobs).init(wide)
        return Run(rounded(wide, kind.precision), rounded(state, kind.precision), rounded(wide, kind.precision))

    return jax.jit(start)


@lru_cache(maxsize=PROGRAMS)
def advance(network: Network, optimizer: Optimizer, kind: Kind) -> Callable[..., tuple[Run, Any, Any, jax.Array]]:
    """The jitted steps of one piece.

    (Run, Turn, (columns, labels)) -> (Run, records, rows, valid), columns being the inputs with examples last. The
    records, (STEPS_A_PIECE, 4), are the loss that each step was made from, the norm of its gradient, whether that was
    clipped and the share of its examples that were right; the rows, with a leading axis (ROWS,), the parameters from
    which the first, k-th, 2k-th ... step was made; `valid` is how many steps were made, fewer than asked for where a
    loss or a gradient was not finite.
    """
    step = _step(network, optimizer, kind)

    def piece(run: Run, turn: Turn, data: tuple[Any, Any]) -> tuple[Run, Any, Any, jax.Array]:
        _, count, every, _ = turn.which
        columns = jnp.asarray(data[0], TYPES[kind.precision])
        labels = jnp.asarray(data[1])

        def unfinished(carry: Any) -> jax.Array:
            number, alive, *_ = carry
            return (number < count) & alive

        def one(carry: Any) -> Any:
            number, _, run, records, rows = carry
            following, record = step(run, turn, number, columns, labels)
            alive = jnp.all(jnp.isfinite(record))
            run = jax.tree.map(lambda new, old: jnp.where(alive, new, old), following, run)
            place = jnp.where((number % every == 0) & alive, number // every, ROWS)
            rows = jax.tree.map(lambda kept, leaf: kept.at[place].set(leaf, mode="drop"), rows, before(carry))
            return number + alive, alive, run, records.at[number].set(record), rows

        def before(carry: Any) -> Parameters:
            return carry[2].reported

        records = jnp.full((STEPS_A_PIECE, 4), jnp.nan, turn.shares.dtype)
        rows = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (ROWS, *leaf.shape)), run.reported)
        carry = jnp.zeros((), jnp.int32), jnp.ones((), bool), run, records, rows
        number, _, run, records, rows = jax.lax.while_loop(unfinished, one, carry)
        return run, records, rows, number

    return jax.jit(piece, compiler_options=NARROWER)


@lru_cache(maxsize=PROGRAMS)
def evaluate(network: Network) -> Callable[..., jax.Array]:
    """(rows of parameters, (inputs, labels)) -> (rows, 2): the loss and the share of examples that are right."""

    def judged(rows: Parameters, examples: Any) -> jax.Array:
        def of(parameters: Parameters) -> jax.Array:
            exact = jax.tree.map(lambda leaf: leaf.astype(jnp.promote_types(leaf.dtype, jnp.float32)), parameters)
            return judge(network, exact, *examples)

        return jax.vmap(of)(rows)

    return jax.jit(judged)


def _transformation(optimizer: Optimizer, knobs: jax.Array) -> optax.GradientTransformationExtraArgs:
    return optax.with_extra_args_support(optimizer.build(**dict(zip(optimizer.knobs, knobs, strict=True))))


def _floats(tree: Any, kind: Kind) -> Any:
    """The numbers of a tree in the type in which a rule computes: float32, or float64 where that is asked for."""
    wide = jnp.float64 if kind.precision == "float64" else jnp.float32
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, wide), tree)


def _step(network: Network, optimizer: Optimizer, kind: Kind) -> Callable[..., tuple[Run, jax.Array]]:
    """(Run, Turn, number within the piece, columns, labels) -> (Run after the step, its record)."""

    def step(run: Run, turn: Turn, number: jax.Array, columns: Any, labels: Any) -> tuple[Run, jax.Array]:
        numbers = Numbers(*turn.numbers)
        knobs = dict(zip(optimizer.knobs, turn.knobs, strict=True))
        if "learning_rate" in knobs:
            knobs["learning_rate"] = knobs["learning_rate"] * turn.shares[number]
        iterate, state = run.iterate, run.state
        if not kind.exact:
            iterate, state = widened((iterate, state))
        batch = _examples(turn.order, number, columns, labels)
        normals, shakes = _normals(iterate, turn.which, number) if kind.noisy else (None, None)
        fades = numbers.noise / (1 + turn.which[0] + number) ** (numbers.noise_decay / 2)

        def objective(parameters: Parameters) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            scores = scores_of(network, rounded(parameters, kind.precision), batch[0]).astype(turn.shares.dtype)
            loss = mean_cross_entropy(scores, *batch[1:])
            total = loss + numbers.l2 / 2 * _product(parameters, parameters)
            if normals is not None:
                moved = jax.tree.map(jnp.subtract, parameters, iterate)
                total = total + fades * _product(normals, moved)
            return total, (loss, share_right(scores, batch[1]))

        (value, (loss, right)), gradient = jax.value_and_grad(objective, has_aux=True)(iterate)
        used, size, clipped = _clipped(gradient, numbers)
        alone = lambda parameters: objective(parameters)[0]  # noqa: E731
        offered = {"value": value, "grad": gradient, "value_fn": alone, "obj_fn": alone}
        needed = {name: offered[name] for name in optimizer.needs}
        transformation = _transformation(optimizer, jnp.stack(list(knobs.values())))
        update, following = transformation.update(used, state, iterate, **needed)
        moved: Any = optax.apply_updates(iterate, update)
        if "learning_rate" in knobs:
            moved = _beside(moved, iterate, knobs["learning_rate"], numbers, shakes)
        moved, following = rounded((moved, following), kind.precision)
        reported = moved if optimizer.report is None else rounded(optimizer.report(moved, following), kind.precision)
        record = jnp.stack([loss, size, clipped.astype(loss.dtype), right])
        return Run(moved, following, reported), record

    return step


def _examples(order: Any, number: jax.Array, columns: Any, labels: Any) -> tuple[Any, ...]:
    """The columns and labels that a step looks at, and where there are mini-batches the weight of each."""
    if order is None:
        return columns, labels
    chosen = order[number]
    there = chosen >= 0
    return columns[:, chosen], labels[chosen], there / jnp.sum(there, dtype=jnp.float32)


def _normals(like: Parameters, which: jax.Array, number: jax.Array) -> tuple[Parameters, Parameters]:
    """The random numbers of a step, from seed and number alone: of the gradient's noise, and of Langevin's."""
    key = jax.random.fold_in(jax.random.key(jnp.asarray(which[3], jnp.uint32)), which[0] + number)
    vector, tree = ravel_pytree(like)
    noise, shake = jax.random.normal(key, (2, len(vector)), vector.dtype)
    return tree(noise), tree(shake)


def _product(first: Parameters, second: Parameters) -> jax.Array:
    """The inner product of two trees."""
    return jnp.sum(jnp.stack(jax.tree.leaves(jax.tree.map(lambda a, b: jnp.sum(a * b), first, second))))


def _clipped(gradient: Parameters, numbers: Numbers) -> tuple[Parameters, jax.Array, jax.Array]:
    """The gradient within the limits, the norm that it had, and whether that changed anything."""
    size = optax.tree.norm(gradient)
    bounded = jax.tree.map(lambda g: jnp.clip(g, -numbers.clip_value, numbers.clip_value), gradient)
    length = optax.tree.norm(bounded)
    factor = jnp.where(length > numbers.clip_norm, numbers.clip_norm / length, 1)
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in jax.tree.leaves(gradient)]))
    clipped = (largest > numbers.clip_value) | (length > numbers.clip_norm)
    return jax.tree.map(lambda g: g * factor, bounded), size, clipped


def _beside(moved: Any, iterate: Any, rate: jax.Array, numbers: Numbers, shakes: Any) -> Any:
    """A step with what is added to it: decoupled decay, and the noise of Langevin dynamics."""
    moved = jax.tree.map(lambda new, old: new - rate * numbers.weight_decay * old, moved, iterate)
    if shakes is None:
        return moved
    return jax.tree.map(lambda new, z: new + jnp.sqrt(2 * rate * numbers.temperature) * z, moved, shakes)

"""The compiled runs: one XLA program for an optimizer on a landscape, for every setting, start and step count."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from engine.field import loss_of
from landscapes.base import Landscape
from optimizers.base import Optimizer

MAX_STEPS = 5000
"""The longest run."""

WINDOW = 500
"""How many steps a program keeps at a time: one size, so that no step count compiles anything, and small enough that a
short run does not wait for the memory of a long one (a buffer for MAX_STEPS costs 15 us of 80)."""


class _Run(NamedTuple):
    """What the loop carries for each run; a leading axis of runs on every leaf."""

    iterate: jax.Array  # (2,)
    state: Any  # the optimizer's own
    alive: jax.Array  # whether its next row is still to be written
    at_rest: jax.Array  # whether it ended because a step changed nothing


@lru_cache(maxsize=512)
def program(optimizer: Optimizer, landscape: Landscape) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """The jitted runs of one optimizer on one landscape, a window of their rows at a time.

    Returns:
        (which, rates, numbers) -> (rows, at_rest).
        `which` is (first, last, settled): the rows that are kept are `first` to `last`, at most WINDOW + 1, and from
        row `settled` on no rate changes, so that a run which stands still is over.
        `rates`, shape (MAX_STEPS,), is shared: at each step a run's learning rate is its own knob times that, and
        before row `first` it is that alone.
        `numbers` has a row for each run: x and y of its start, the landscape's parameters, the knobs.
        The rows have shape (WINDOW + 1, runs, width): x, y, loss, the gradient and, where the optimizer's steps cost
        more than one gradient evaluation, the cost of the step that follows; NaN after a run's end.
        Only another number of runs compiles it again.
    """
    parameters_end = 2 + len(landscape.parameters)

    def runs(which: jax.Array, rates: jax.Array, numbers: jax.Array) -> tuple[jax.Array, jax.Array]:
        count = len(numbers)

        def descent(carry: Any) -> Any:
            first, last, settled = which
            starts, parameters, knobs = jnp.split(numbers, (2, parameters_end), axis=1)
            initial, step = method(optimizer, landscape)

            def knobs_at(number: jax.Array) -> jax.Array:
                if "learning_rate" not in optimizer.knobs:
                    return knobs
                place = list(optimizer.knobs).index("learning_rate")
                own = jnp.where(number < first, 1, knobs[:, place])
                return knobs.at[:, place].set(own * rates[number])

            def unfinished(carry: Any) -> jax.Array:
                number, run, _ = carry
                return (number <= last) & jnp.any(run.alive)

            def advance(carry: Any) -> Any:
                number, run, rows = carry
                moved = jax.vmap(step)(run.iterate, run.state, parameters, knobs_at(number))
                record, iterate, state, unchanged = moved
                valid = run.alive & jnp.all(jnp.isfinite(record), axis=1)
                rows = rows.at[jnp.maximum(number - first, 0)].set(jnp.where(valid[:, None], record, jnp.nan))
                still = valid & unchanged & (number >= settled)
                return number + 1, _Run(iterate, state, valid & ~still, run.at_rest | still), rows

            times, rows, no = carry
            run = _Run(starts, jax.vmap(initial)(starts, knobs_at(jnp.int32(0))), ~no, no)
            _, run, rows = jax.lax.while_loop(unfinished, advance, (jnp.int32(0), run, rows))
            return times - 1, rows, run.at_rest

        # A loop that runs once, though XLA cannot know it: what is inside one becomes a single native function.
        # Without it the set-up is a dozen tasks for the thread pool, and 500 steps took 115 us instead of 42.
        rows = jnp.full((WINDOW + 1, count, width(optimizer)), jnp.nan)
        once = jnp.minimum(1, which[1] + 1), rows, jnp.zeros(count, bool)
        _, rows, at_rest = jax.lax.while_loop(lambda carry: carry[0] > 0, descent, once)
        return rows, at_rest

    return jax.jit(runs)


def width(optimizer: Optimizer) -> int:
    """How many numbers a row of its runs has."""
    return 5 if optimizer.evaluations is None else 6


def method(optimizer: Optimizer, landscape: Landscape) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """One run: (start, knobs) -> state; (iterate, state, parameters, knobs) -> (record, iterate, state, unchanged)."""

    def transformation(knobs: jax.Array) -> optax.GradientTransformationExtraArgs:
        return optax.with_extra_args_support(optimizer.build(**named(knobs)))

    def named(knobs: jax.Array) -> dict[str, jax.Array]:
        return dict(zip(optimizer.knobs, knobs, strict=True))

    def initial(start: jax.Array, knobs: jax.Array) -> Any:
        return transformation(knobs).init(start)

    def step(iterate: jax.Array, state: Any, parameters: jax.Array, knobs: jax.Array) -> Any:
        loss = partial(loss_of(landscape), parameters)
        evaluate = jax.value_and_grad(loss)
        value, gradient = evaluate(iterate)
        offered = {"value": value, "grad": gradient, "value_fn": loss, "obj_fn": loss}
        if "hessian" in optimizer.needs:
            offered["hessian"] = jax.hessian(loss)(iterate)
        needed = {name: offered[name] for name in optimizer.needs}
        update, following = transformation(knobs).update(gradient, state, iterate, **needed)
        moved = optax.apply_updates(iterate, update)
        reported = iterate
        if optimizer.report is not None:
            reported = optimizer.report(iterate, state)
            value, gradient = evaluate(reported)
        record = [reported, value[None], gradient]
        if optimizer.evaluations is not None:
            cost = optimizer.evaluations(following, named(knobs))
            record.append(jnp.asarray(cost, value.dtype)[None])
        return jnp.concatenate(record), moved, following, _unchanged((moved, following), (iterate, state))

    return initial, step


def _unchanged(new: Any, old: Any) -> jax.Array:
    """Whether a step changed neither the iterate nor a floating-point number of the state: it never will again."""
    pairs = zip(jax.tree.leaves(new), jax.tree.leaves(old), strict=True)
    return jnp.all(jnp.stack([jnp.all(a == b) for a, b in pairs if jnp.issubdtype(a.dtype, jnp.floating)]))

"""The compiled runs: one XLA program for an optimizer on a landscape, for every setting, start and step count.

Others, made when they are first asked for, serve every twist of the same runs, one for each precision; the plain one
knows nothing of them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from engine.kept import FORMULAS, LASTING, kept
from engine.precision import rounded
from engine.step import MOST_WORKERS, Kind, Numbers, Twisted, columns, method, ranks
from engine.workers import in_team
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
    order: Any  # each example's place in the current epoch, (examples,), for each worker; None where none is shuffled


@kept(lasting=LASTING, passing=FORMULAS)
def program(optimizer: Optimizer, landscape: Landscape, kind: Kind) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """The jitted runs of one optimizer on one landscape, a window of their rows at a time.

    Returns:
        (which, rates, numbers) -> (rows, at_rest).
        `which` is (first, last, settled): the rows that are kept are `first` to `last`, at most WINDOW + 1, and from
        row `settled` on no rate changes, so that a run which stands still is over. A twisted program is also told how
        many examples each step looks at, and that of a team how many workers it has, their local steps and their delay.
        `rates`, shape (MAX_STEPS,), is shared: at each step a run's learning rate is its own knob times that, and
        before row `first` it is that alone.
        `numbers` has a row for each run: x and y of its start, the landscape's parameters, the knobs; and for a twisted
        program `engine.step.Numbers`.
        The rows have shape (WINDOW + 1, runs, width): x, y, loss, the gradient, and of the step that follows what
        `engine.step.Columns` names. NaN after a run's end.
        Only another number of runs compiles it again.
    """
    knobs_end = 2 + len(landscape.parameters) + len(optimizer.knobs)

    def runs(which: jax.Array, rates: jax.Array, numbers: jax.Array) -> tuple[jax.Array, jax.Array]:
        count = len(numbers)

        def descent(carry: Any) -> Any:
            first, last, settled, *size = which[:4]
            team = jnp.tile(which[4:], (count, 1)) if kind.team else None
            places = (2, 2 + len(landscape.parameters), knobs_end)
            starts, parameters, knobs, twists = jnp.split(numbers, places, axis=1)
            initial, step = method(optimizer, landscape, kind.precision)
            if kind.team:
                initial, step = in_team(initial, step)

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
                order, turn = None, None
                if kind.twisted:
                    order, weights = _examples(landscape, size[0], number, twists, run.order, which[4:])
                    turn = Twisted(twists, jnp.full(count, number), weights, team)
                made = _of_each(step, optimizer, count)(run.iterate, run.state, parameters, knobs_at(number), turn)
                valid = run.alive & jnp.all(jnp.isfinite(made.record), axis=1)
                rows = rows.at[jnp.maximum(number - first, 0)].set(jnp.where(valid[:, None], made.record, jnp.nan))
                still = valid & made.unchanged & (number >= settled)
                run = _Run(made.iterate, made.state, valid & ~still, run.at_rest | still, order)
                return number + 1, run, rows

            times, rows, no = carry
            order = None
            if kind.twisted and landscape.examples:
                order = jnp.zeros((count, *[MOST_WORKERS] * kind.team, landscape.examples), jnp.int32)
            begins = rounded(starts, kind.precision)
            run = _Run(begins, _of_each(initial, optimizer, count)(begins, knobs_at(jnp.int32(0))), ~no, no, order)
            _, run, rows = jax.lax.while_loop(unfinished, advance, (jnp.int32(0), run, rows))
            return times - 1, rows, run.at_rest

        # A loop that runs once, though XLA cannot know it: what is inside one becomes a single native function.
        # Without it the set-up is a dozen tasks for the thread pool, and 500 steps took 115 us instead of 42.
        rows = jnp.full((WINDOW + 1, count, columns(optimizer, kind).width), jnp.nan)
        once = jnp.minimum(1, which[1] + 1), rows, jnp.zeros(count, bool)
        _, rows, at_rest = jax.lax.while_loop(lambda carry: carry[0] > 0, descent, once)
        return rows, at_rest

    return jax.jit(runs)


def _of_each(function: Callable[..., Any], optimizer: Optimizer, count: int) -> Callable[..., Any]:
    """What a function comes to for each of the runs, which are the leading axis of all that it takes and returns.

    One run alone is not vectorised where steps search or branch: it takes a third less to compile, and of two branches
    one is computed. For the others what counts is the run itself: 56 us for Adam with the axis, 62 without.
    """
    if count > 1 or optimizer.evaluations is None:
        return jax.vmap(function)

    def alone(*arguments: Any) -> Any:
        made = function(*jax.tree.map(lambda leaf: leaf[0], arguments))
        return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], made)

    return alone


def _examples(
    landscape: Landscape,
    size: jax.Array,
    number: jax.Array,
    twists: jax.Array,
    order: jax.Array | None,
    team: jax.Array,
) -> tuple[jax.Array | None, jax.Array | None]:
    """The order of the examples in the epoch of a step, and the weight of each in the step.

    Both have shape (runs, examples), or of a team, which is () else, (runs, workers, examples).
    """
    if order is None:
        return None, None
    each = (landscape.examples + size - 1) // size  # steps of an epoch
    epoch, place = number // each, number % each

    def shuffled() -> jax.Array:
        return jax.vmap(lambda seed: ranks(seed, epoch, landscape.examples))(Numbers(*twists.T).seed)

    def shuffled_for(worker: jax.Array, orders: jax.Array) -> jax.Array:
        seeds = Numbers(*twists.T).seed
        return orders.at[:, worker].set(jax.vmap(lambda seed: ranks(seed, epoch, landscape.examples, worker))(seeds))

    def shuffled_for_each() -> jax.Array:
        return jax.lax.fori_loop(0, team[0], shuffled_for, order)

    current = jax.lax.cond((place == 0) & (each > 1), shuffled_for_each if len(team) else shuffled, lambda: order)
    chosen = current // size == place
    # A worker who is not there has no examples, and none of the weights may be NaN for that.
    return current, chosen / jnp.maximum(1, jnp.sum(chosen, axis=-1, keepdims=True))

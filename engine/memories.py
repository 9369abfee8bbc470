"""What an optimizer remembers along a run, read from its real state.

The optimizer's own update is made again at every recorded point, so that its state goes through what it went through
in the run. That is done only when somebody asks: one program for an optimizer on a landscape, a window of steps at a
time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from engine.descend import Trajectory
from engine.kept import FORMULAS, kept
from engine.precision import rounded, widened
from engine.program import WINDOW
from engine.step import MOST_WORKERS, Kind, Twisted, method
from engine.twists import mini_batches
from engine.workers import in_team
from landscapes.base import Landscape
from optimizers.base import Optimizer


@dataclass(frozen=True, eq=False)
class Memories:
    """What was remembered in a run, and the steps it made; n is the run's length.

    One step more is made than the run has: the one that would follow, or the one that broke it. Of workers that make
    steps of their own it is what the first of them remembers, and the gradient that it is given.

    Attributes:
        values: symbol -> (n + 2, 2), (n + 2,) or (n + 2, 2, 2): row k is what is remembered after k steps.
        iterates: (n + 2, 2), where the gradient is taken; the run's points but for methods that report others, and in
            the last row where the step beyond the run leads. May be infinite or NaN there.
        points: (n + 2, 2), what the method reports: the run's points, and where the step beyond it leads.
        gradients: (n + 1, 2), the gradient that step k + 1 begins with: what the optimizer is given, where the run is
            twisted that of its mini-batch, with noise and penalty, and clipped.
    """

    values: Mapping[str, np.ndarray]
    iterates: np.ndarray
    points: np.ndarray
    gradients: np.ndarray

    @property
    def updates(self) -> np.ndarray:
        """The steps as reported, shape (n + 1, 2): row k leads from row k of the run to the next."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.diff(self.points, axis=0)

    def around(self) -> dict[str, np.ndarray]:
        """Symbol -> what is remembered after each step, n + 1 rows; and with `t-1` for t, before it."""
        after = {symbol: rows[1:] for symbol, rows in self.values.items()}
        before = {symbol.replace("_t", "_{t-1}"): rows[:-1] for symbol, rows in self.values.items() if "_t" in symbol}
        return after | before


def memories(t: Trajectory) -> Memories:
    """What the optimizer of a run remembered at each of its rows."""
    optimizer = t.optimizer
    parameters = np.array(list(t.parameters.values()), float)
    count = t.length + 1
    rates = t.rates(count)
    begin, window = _programs(optimizer, t.landscape, t.twists.kind)
    knobs = np.array(list(t.settings.values()), float).reshape(-1)
    place = list(t.settings).index("learning_rate") if "learning_rate" in t.settings else None
    first = knobs.copy()
    if place is not None:
        first[place] = rates[0]
    state, initial = begin(np.array(t.start), first)
    iterate, pieces = np.array(t.start), []
    turns = _turns(t, count)
    for low in range(0, count, WINDOW):
        points, table = np.full((WINDOW, 2), np.nan), np.tile(knobs, (WINDOW, 1))
        rows = slice(low, min(low + WINDOW, count))
        points[: rows.stop - low] = t.points[rows]
        if place is not None:
            table[: rows.stop - low, place] = rates[rows]
        turn = None if turns is None else jax.tree.map(lambda rows, low=low: rows[low : low + WINDOW], turns)
        (iterate, state), made = window(parameters, iterate, state, points, table, turn)
        pieces.append(jax.tree.map(lambda rows, kept=rows.stop - low: np.asarray(rows, float)[:kept], made))
    iterates, gradients, moved, after, reported = jax.tree.map(lambda *rows: np.concatenate(rows), *pieces)
    first = {symbol: np.asarray(value, float)[None] for symbol, value in initial.items()}
    values = {symbol: np.concatenate([first[symbol], rows]) for symbol, rows in after.items()}
    last = reported[-1:] if optimizer.report is not None else moved[-1:]
    return Memories(
        values=values,
        iterates=np.concatenate([iterates, moved[-1:]]),
        points=np.concatenate([t.points[:count], last]),
        gradients=gradients,
    )


def _turns(t: Trajectory, count: int) -> Twisted | None:
    """What twisted each of the run's steps, in whole windows; None for a plain run."""
    if not t.twists.of_steps:
        return None
    rows = -(-count // WINDOW) * WINDOW
    weights = None
    if t.landscape.examples:
        each = [mini_batches(t.landscape, t.twists, t.seed, rows, worker) for worker in range(t.twists.workers)]
        chosen = np.stack(each, axis=1)
        weights = chosen / chosen.sum(axis=2, keepdims=True)
        absent = MOST_WORKERS - t.twists.workers
        weights = np.pad(weights, ((0, 0), (0, absent), (0, 0))) if t.twists.in_team else weights[:, 0]
    team = np.tile(np.array(t.twists.team, np.int32), (rows, 1)) if t.twists.in_team else None
    return Twisted(np.tile(t.twists.numbers(t.seed), (rows, 1)), np.arange(rows, dtype=np.int32), weights, team)


@kept(lasting=64, passing=FORMULAS)
def _programs(optimizer: Optimizer, landscape: Landscape, kind: Kind) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The jitted start of an optimizer and WINDOW of its steps, for every setting and number of steps.

    (start, knobs) -> (state, memories), and (parameters, iterate, state, points, knobs of each step, what twists each
    or None) -> ((iterate, state), what each step had and made).
    """

    def programs() -> tuple[Callable[..., Any], Callable[..., Any]]:
        alone = method(optimizer, landscape, kind.precision)
        return in_team(*alone) if kind.team else alone

    def bare(state: Any) -> Any:
        if kind.team:
            state = jax.tree.map(lambda lanes: lanes[1], state.states)  # the first worker's
        return state if kind.precision == "float64" else widened(state[0])  # beside it stands the scale of the loss

    def remembered(state: Any, knobs: jax.Array) -> dict[str, jax.Array]:
        named = dict(zip(optimizer.knobs, knobs, strict=True))
        state = bare(state)
        return {
            symbol: jnp.asarray(
                optax.tree.get(state, memory.found) if isinstance(memory.found, str) else memory.found(state, named)
            )
            for symbol, memory in optimizer.memories.items()
        }

    def begin(start: jax.Array, knobs: jax.Array) -> Any:
        initial, _ = programs()
        state = initial(rounded(start, kind.precision), knobs)
        return state, remembered(state, knobs)

    def window(parameters: Any, iterate: Any, state: Any, points: Any, knobs: Any, turns: Any) -> Any:
        _, step = programs()
        iterate, points = rounded((iterate, points), kind.precision)

        def advance(carry: Any, row: Any) -> Any:
            (iterate, state), (point, own, turn) = carry, row
            if optimizer.report is None:
                iterate = point  # a rounding of the one program is not left to grow in the other
            made = step(iterate, state, parameters, own, turn)
            moved, following = made.iterate, made.state
            reported = moved if optimizer.report is None else optimizer.report(moved, bare(following))
            return (moved, following), (iterate, made.gradient, moved, remembered(following, own), reported)

        (iterate, state), made = jax.lax.scan(advance, (iterate, state), (points, knobs, turns))
        return (iterate.astype(parameters.dtype), state), made

    return jax.jit(begin), jax.jit(window)

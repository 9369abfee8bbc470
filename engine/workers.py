"""Data-parallel descent: several workers at the same step, who differ in their gradient's noise and mini-batch alone.

One run of such a team looks like a run by itself: `in_team` wraps its start and its step. Each step is made in parallel
by every worker alone, and by all of them together with the mean of their gradients; which of these the run goes on
with is a number, as are how many workers there are, how old the gradient is and when they meet.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from engine.step import MOST_WORKERS, Made, Twisted

OLDEST = 32
"""How many steps old a gradient may be."""


class Team(NamedTuple):
    """What a team carries from step to step. Lane 0 is all of them together, the others are the workers.

    Attributes:
        iterates: (1 + MOST_WORKERS, 2), where each makes its next step from.
        states: the optimizer's, with a leading axis of lanes; in step with each other, all the same.
        alone: (MOST_WORKERS, 2), where each worker is, or would have gone alone.
        past: (OLDEST + 1, 2), the last iterates, that of row t at place t modulo their number.
    """

    iterates: jax.Array
    states: Any
    alone: jax.Array
    past: jax.Array


def in_team(initial: Callable[..., Any], step: Callable[..., Made]) -> tuple[Callable[..., Any], Callable[..., Made]]:
    """The start and the step of a team, from those of one run; the iterate is what all of them have together."""

    def team_initial(start: jax.Array, knobs: jax.Array) -> Team:
        def repeated(leaf: jax.Array, count: int = 1 + MOST_WORKERS) -> jax.Array:
            return jnp.broadcast_to(leaf, (count, *leaf.shape))

        states = jax.tree.map(repeated, initial(start, knobs))
        return Team(repeated(start), states, repeated(start, MOST_WORKERS), repeated(start, OLDEST + 1))

    def team_step(iterate: jax.Array, state: Team, parameters: jax.Array, knobs: jax.Array, twisted: Twisted) -> Made:
        workers, local_steps, delay = twisted.team
        here = jnp.arange(MOST_WORKERS) < workers
        together = local_steps == 1
        first = jnp.arange(1 + MOST_WORKERS)[:, None] == 0
        each = here.astype(twisted.numbers.dtype) / workers
        shares = jnp.where(first, each, jnp.eye(1 + MOST_WORKERS)[:, 1:])
        # Places are compared with, not indexed: XLA keeps a loop with a scatter or a product of matrices in pieces.
        places = jnp.arange(OLDEST + 1)[:, None]
        past = jnp.where(places == twisted.number % (OLDEST + 1), iterate, state.past)
        seen = jnp.maximum(twisted.number - delay, 0) % (OLDEST + 1)
        old = jnp.sum(jnp.where(places == seen, past, 0), axis=0)
        begins = jnp.where(together | first, iterate, state.iterates)

        def lane(begin: jax.Array, own: Any, shares: jax.Array) -> Made:
            weights = None if twisted.weights is None else jnp.sum(shares[:, None] * twisted.weights, axis=0)
            turn = twisted._replace(weights=weights, shares=shares)
            return step(begin, own, parameters, knobs, turn, at=jnp.where(delay > 0, old, begin))

        made = jax.vmap(lane)(begins, state.states, shares)
        alone = made.iterate[1:]
        moved = jnp.where(together, made.iterate[0], _mean(alone, here))
        meet = together | ((twisted.number + 1) % local_steps == 0)
        iterates = jnp.where(meet | first, moved, made.iterate)
        states = jax.tree.map(lambda leaf: jnp.where(together, leaf[0], leaf), made.state)
        following = Team(iterates, states, jnp.where(together, alone, iterates[1:]), past)
        # What is told of the step that follows is, where each makes its own, the most that one of them has.
        most = jnp.max(jnp.where(here[:, None], made.record[1:, 5:], -jnp.inf), axis=0)
        told = jnp.where(together, made.record[0, 5:], most)
        record = jnp.concatenate([made.record[0, :5], told, state.alone.astype(told.dtype).ravel()])
        return Made(
            record, moved, following, unchanged=made.unchanged[0],
            gradient=jnp.where(together, made.gradient[0], made.gradient[1]), fit=None,
        )  # fmt: skip

    return team_initial, team_step


def _mean(points: jax.Array, here: jax.Array) -> jax.Array:
    """The mean of the points of those that are here, accumulated in float32 at least."""
    wide = points.astype(jnp.promote_types(points.dtype, jnp.float32))
    return (jnp.sum(jnp.where(here[:, None], wide, 0), axis=0) / jnp.sum(here)).astype(points.dtype)

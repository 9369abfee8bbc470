"""Continual learning: an application whose task changes on the way."""

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from knobs import Knob
from landscapes import real
from landscapes.base import Picture, Point, landscape


@lru_cache
def _table() -> np.ndarray:
    """The products of the inputs, those with each task's target, and the best weights of the first, shape (5, 2)."""
    products, shared = real.tasks()
    return np.vstack([products, shared, np.linalg.solve(products, shared[0])])


def _task_losses(p: jax.Array, consolidation: Any) -> jax.Array:
    """The error of each task, shape (2,), and on the second what it costs to leave the best of the first."""
    known = jnp.asarray(_table(), p.dtype)
    errors = 1 + p @ known[:2] @ p - 2 * known[2:4] @ p
    away = p - known[4]
    return 100 * errors + jnp.asarray([0, 100], p.dtype) * jnp.asarray(consolidation, p.dtype) * (away @ away)


def _task_of_step(p: jax.Array, number: jax.Array, task_change: Any, consolidation: Any) -> jax.Array:
    return _task_losses(p, consolidation)[jnp.asarray(number >= task_change, int)]


def _best_of_both(task_change: float, consolidation: float) -> tuple[Point, float]:
    """Where the gradient of the mean of both vanishes."""
    products, shared = real.tasks()
    first = np.linalg.solve(products, shared[0])
    x, y = np.linalg.solve(2 * products + consolidation * np.eye(2), shared.sum(axis=0) + consolidation * first)
    errors = [1 + np.array([x, y]) @ products @ [x, y] - 2 * target @ [x, y] for target in shared]
    return (float(x), float(y)), float(50 * (sum(errors) + consolidation * np.sum(([x, y] - first) ** 2)))


def _tasks_picture() -> Picture:
    products, shared = real.tasks()
    best = np.linalg.solve(products, shared.T).T
    least = 1 - np.sum(best * shared, axis=1)

    def errors(points: np.ndarray) -> np.ndarray:
        return 1 + np.sum(points @ products * points, axis=1)[:, None] - 2 * points @ shared.T

    def values(points: np.ndarray) -> np.ndarray:
        found = errors(points)
        return np.column_stack([(1 - found) / (1 - least), 100 * found])

    between = np.linspace(0, 1, 41)[:, None]
    return Picture(
        kind="bars",
        title="learnt of what can be",
        names=("A, progression", "B, cholesterol"),
        values=values,
        still={"curve": 100 * errors((1 - between) * best[0] + between * best[1]), "points": 100 * errors(best)},
        span=(-2.5, 1),
        axes=("error on A, %", "error on B, %"),
        grid=65,
    )


@landscape(
    title="Two tasks, one after the other",
    chapter="Applications",
    domain=((-1.5, 1.5), (-1.5, 1.5)),
    start=(-0.6, 0.6),
    minima=((0.09172775872189927, 0.02339534641226605),),
    minimum=98.90789669957627,
    pins=(((0, 0), 100.0), ((1, 1), 357.78148730875864)),
    tex=r"\tfrac12 (A + B + C),\quad A = \frac{100}{n} \sum_i (m_i - t_i)^2,\quad "
    r"B = \frac{100}{n} \sum_i (m_i - h_i)^2,\quad C = 100\, \lambda \left((w_1 - a_1)^2 + (w_2 - a_2)^2\right),\quad "
    r"m_i = w_1\, s_i + w_2\, u_i",
    source="Kirkpatrick and others 2017, doi:10.1073/pnas.1611835114; the table of Efron, Hastie, Johnstone and "
    "Tibshirani 2004, doi:10.1214/009053604000000067",
    teaches="What is learnt is forgotten when the task changes, unless something holds the weights where they were.",
    notes="From the body mass index s and log triglycerides u of 354 patients the progression t of their diabetes is "
    "learnt first, task A, and from the step T on their HDL cholesterol h, task B. Errors are squared, in per cent of "
    "the variance. The surface is the mean of both, which no step descends. While B is learnt, λ holds the weights "
    "near a, the best of A.",
    height="log",
    axes=("w₁", "w₂"),
    picture=_tasks_picture,
    step_loss=_task_of_step,
    minimizer=_best_of_both,
    task_change=Knob(0, 500, 150, allowed=(0, 5000), integer=True, help="T, the step from which on B is trained."),
    consolidation=Knob(0, 3, 0, allowed=(0, 1e6), help="λ, what it costs on B to leave the best weights of A."),
)
def two_tasks(p: jax.Array, task_change: Any, consolidation: Any) -> jax.Array:
    return jnp.mean(_task_losses(p, consolidation))

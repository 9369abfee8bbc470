"""What kind of ground a point stands on: a minimum, a saddle, a plateau or a slope."""

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from engine.field import gradient_field, hessian_matrices, loss_grid, losses_at
from landscapes.base import Landscape

Ground = Literal["minimum", "saddle", "plateau", "slope"]

NEAR = 1e-4
"""How near counts as there, as a share of the domain's shorter side."""

AROUND = 1e-2
"""The circle on which lower ground is looked for where the curvature does not decide, as a share of that side."""

WIDE = 1e-1
"""The circle on which a plateau has to be level, likewise."""

LEVEL = 1e-3
"""How level: the share of what is still to descend by which the loss may differ there."""

CIRCLE = 31
"""How many points of each circle are looked at."""

FLAT = 1e-6
"""Below this share of the larger curvature a direction counts as flat."""


class Curvatures(NamedTuple):
    """The eigenvalues of symmetric 2 x 2 matrices, low <= high, shape (...,), and their directions, (..., 2)."""

    low: np.ndarray
    high: np.ndarray
    low_direction: np.ndarray
    high_direction: np.ndarray


def curvatures(matrices: np.ndarray) -> Curvatures:
    """The eigenvalues and unit eigenvectors of Hessians of shape (..., 2, 2), in closed form; NaN where they are."""
    a, b, d = matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 1, 1]
    with np.errstate(invalid="ignore", over="ignore"):
        middle, radius, angle = (a + d) / 2, np.hypot((a - d) / 2, b), np.arctan2(2 * b, a - d) / 2
        cosine, sine = np.cos(angle), np.sin(angle)
        directions = np.stack([-sine, cosine], axis=-1), np.stack([cosine, sine], axis=-1)
    return Curvatures(middle - radius, middle + radius, *directions)


def shorter_side(landscape: Landscape) -> float:
    """The length of the domain's shorter side, the unit of everything that is called near or far."""
    return min(high - low for low, high in landscape.domain)


def is_at_minimum(landscape: Landscape, point: np.ndarray, **parameters: float) -> bool:
    """Whether a point, shape (2,), is for all purposes at a minimum: `grounds` says what that means."""
    points = point[None]
    gradients = gradient_field(landscape, points, **parameters)
    matrices = hessian_matrices(landscape, points, **parameters)
    return grounds(landscape, points, gradients, matrices, **parameters)[0] == "minimum"


def grounds(
    landscape: Landscape, points: np.ndarray, gradients: np.ndarray, matrices: np.ndarray, **parameters: float
) -> np.ndarray:
    """The kind of ground at each point, shape (n,) of `Ground`.

    A point is stationary when along each eigenvector of the Hessian the Newton step, slope over curvature, is no longer
    than `NEAR`; along a flat direction the slope has to be as small as a short step would make it along the other.

    - minimum: within `NEAR` of a known one (a kink has no curvature); or stationary with no negative curvature and,
      where a direction is flat, nothing on the circle `AROUND` lower than the quadratic model says the floor is;
    - saddle: stationary, but a curvature is negative or that circle has lower ground (a maximum is one of these);
    - plateau: neither, and the loss on the circle `WIDE` differs by no more than `LEVEL` of what is still to descend,
      down to the known minimum or, where none is known, the lowest loss on the map;
    - slope: all else, also where a number is not finite.

    Args:
        landscape: the surface.
        points: shape (n, 2).
        gradients: the gradient at each of them, (n, 2).
        matrices: the Hessian at each of them, (n, 2, 2).
        **parameters: the surface's.
    """
    side = shorter_side(landscape)
    near = NEAR * side
    known = np.zeros(len(points), bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for minimum in landscape.at(parameters).minima:
            known |= np.hypot(*(points - np.array(minimum)).T) <= near

        low, high, *directions = curvatures(matrices)
        flat = FLAT * np.maximum(np.abs(low), np.abs(high))
        slopes = np.stack([np.sum(gradients * direction, axis=1) for direction in directions])
        stiffness = np.maximum(np.abs([low, high]), flat)
        finite = np.isfinite(gradients).all(axis=1) & np.isfinite(matrices).all(axis=(1, 2))
        still = finite & (np.abs(slopes) <= near * stiffness).all(axis=0)

        here, around, wide = _losses_around(landscape, points, side, parameters)
        floor = here - np.divide(slopes**2, stiffness, out=np.zeros_like(slopes), where=stiffness > 0).sum(axis=0) / 2
        lower = np.min(around, axis=1) < floor - flat * (AROUND * side) ** 2 - 1e-12 * np.abs(here)
        to_descend = here - _lowest(landscape, tuple(sorted(parameters.items())))
        level = np.ptp(np.column_stack([wide, here]), axis=1) <= LEVEL * np.maximum(to_descend, 0)

    rounded = low > flat
    hollow = ~lower & (low >= -flat) & ((high > 0) | (np.max(around, axis=1) > here))
    minimum = known | (still & (rounded | hollow))
    plateau = finite & level & ~minimum
    saddle = still & ~minimum & ((low < -flat) | lower) & ~plateau
    return np.select([minimum, plateau, saddle], ["minimum", "plateau", "saddle"], "slope")


def _losses_around(
    landscape: Landscape, points: np.ndarray, side: float, parameters: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The loss at each point, (n,), and on the two circles around it, (n, CIRCLE) each."""
    angles = np.linspace(0, 2 * np.pi, CIRCLE)
    circle = side * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    offsets = np.concatenate([[[0.0, 0.0]], AROUND * circle, WIDE * circle])
    losses = losses_at(landscape, (points[:, None] + offsets).reshape(-1, 2), **parameters).reshape(len(points), -1)
    return losses[:, 0], losses[:, 1 : 1 + CIRCLE], losses[:, 1 + CIRCLE :]


@lru_cache(maxsize=256)
def _lowest(landscape: Landscape, parameters: tuple[tuple[str, float], ...]) -> float:
    """The known minimum, or the lowest finite loss on the map; infinite where there is none."""
    known = landscape.at(dict(parameters)).minimum
    if known is not None:
        return known
    losses = loss_grid(landscape, 201, **dict(parameters)).losses
    return float(losses[np.isfinite(losses)].min(initial=np.inf))

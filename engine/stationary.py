"""Whether a point is, for all purposes, at a minimum."""

import numpy as np

from engine.field import gradient_field, hessian_matrices, losses_at
from landscapes.base import Landscape

NEAR = 1e-4
"""How near counts as there, as a share of the domain's shorter side."""

AROUND = 1e-2
"""The circle on which lower ground is looked for where the curvature does not decide, as a share of that side."""

CIRCLE = 31
"""How many points of it are looked at."""

FLAT = 1e-6
"""Below this share of the larger curvature a direction counts as flat."""


def is_at_minimum(landscape: Landscape, point: np.ndarray, **parameters: float) -> bool:
    """Whether the loss is locally convex at the point and lowest no further than `NEAR` away.

    A small gradient alone would also hold on a plateau, at a saddle and far out on a gentle slope. So no curvature may
    be negative, the larger one has to be positive, and along each eigenvector of the Hessian the Newton step, slope
    over curvature, has to be short. Along a flat direction (a valley of minima, or a degenerate saddle) the slope has
    to be as small as a short step would make it along the other, and nothing around may lie lower than the
    quadratic model says the floor does. A kink has no curvature; there only a known minimum counts.
    """
    side = min(high - low for low, high in landscape.domain)
    near = NEAR * side
    if any(np.hypot(*(point - np.array(minimum))) <= near for minimum in landscape.minima):
        return True
    (gradient,) = gradient_field(landscape, point[None], **parameters)
    (matrix,) = hessian_matrices(landscape, point[None], **parameters)
    if not (np.isfinite(gradient).all() and np.isfinite(matrix).all()):
        return False
    curvatures, directions = np.linalg.eigh(matrix)
    low, high = curvatures
    flat = FLAT * high
    slopes = directions.T @ gradient
    if high <= 0 or low < -flat or np.any(np.abs(slopes) > near * np.maximum(curvatures, flat)):
        return False
    if low > flat:
        return True
    angles = np.linspace(0, 2 * np.pi, CIRCLE)
    circle = point + AROUND * side * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    here, *around = losses_at(landscape, np.concatenate([point[None], circle]), **parameters)
    floor = here - np.sum(slopes**2 / np.maximum(curvatures, flat)) / 2
    return bool(np.min(around) >= floor - flat * (AROUND * side) ** 2 - 1e-12 * abs(here))

"""Whether a point is, for all purposes, at a minimum."""

import numpy as np

from engine.field import gradient_field, hessian_matrices
from landscapes.base import Landscape

NEAR = 1e-4
"""How near counts as there, as a share of the domain's shorter side."""

FLAT = 1e-9
"""Below this share of the larger curvature a direction counts as flat."""


def is_at_minimum(landscape: Landscape, point: np.ndarray, **parameters: float) -> bool:
    """Whether the quadratic model at the point is convex and has its minimum no further than `NEAR` away.

    A small gradient alone would also hold on a plateau, at a saddle and far out on a gentle slope. So along each
    eigenvector of the Hessian the Newton step |g| / curvature has to be short, no curvature may be negative, and the
    larger one has to be positive; along a flat direction (a valley of minima) the slope has to be as short as a
    short step would make it along the other. A kink has no curvature; there only a known minimum counts.
    """
    near = NEAR * min(high - low for low, high in landscape.domain)
    if any(np.hypot(*(point - np.array(minimum))) <= near for minimum in landscape.minima):
        return True
    (gradient,) = gradient_field(landscape, point[None], **parameters)
    (matrix,) = hessian_matrices(landscape, point[None], **parameters)
    if not (np.isfinite(gradient).all() and np.isfinite(matrix).all()):
        return False
    (low, high), directions = np.linalg.eigh(matrix)
    if high <= 0 or low < -FLAT * high:
        return False
    slopes = np.abs(directions.T @ gradient)
    return bool(np.all(slopes <= near * np.maximum([low, high], FLAT * high)))

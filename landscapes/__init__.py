"""The surfaces: `LANDSCAPES` maps each key to its `Landscape`, in display order, one module a chapter."""

# ruff: noqa: I001  (the chapters are imported in the order in which they are shown)

from landscapes import bowls, valleys, saddles, many_minima, networks, fits, applications, continual
from landscapes.base import CHAPTERS, LANDSCAPES, Landscape, landscape

__all__ = [
    "CHAPTERS", "LANDSCAPES", "Landscape", "landscape",
    "bowls", "valleys", "saddles", "many_minima", "networks", "fits", "applications", "continual",
]  # fmt: skip

"""The surfaces: `LANDSCAPES` maps each key to its `Landscape`, in display order, one module a chapter."""

from landscapes import bowls, saddles, valleys
from landscapes.base import CHAPTERS, LANDSCAPES, Landscape, landscape

__all__ = ["CHAPTERS", "LANDSCAPES", "Landscape", "landscape", "bowls", "saddles", "valleys"]

"""The optimizers: `OPTIMIZERS` maps each key to its `Optimizer`, in display order, one module a family."""

from optimizers import adaptive, first_order
from optimizers.base import FAMILIES, OPTIMIZERS, Optimizer, optimizer

__all__ = ["FAMILIES", "OPTIMIZERS", "Optimizer", "optimizer", "adaptive", "first_order"]

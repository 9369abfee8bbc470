"""The optimizers: `OPTIMIZERS` maps each key to its `Optimizer`, in display order, one module a family."""

from optimizers import adam_family, adaptive, first_order, learning_rate_free, second_order, sign
from optimizers.base import FAMILIES, OPTIMIZERS, Optimizer, optimizer

__all__ = [
    "FAMILIES",
    "OPTIMIZERS",
    "Optimizer",
    "adam_family",
    "adaptive",
    "first_order",
    "learning_rate_free",
    "optimizer",
    "second_order",
    "sign",
]

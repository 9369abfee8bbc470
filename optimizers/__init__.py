"""The optimizers, one module a family, and the schedules: `OPTIMIZERS` and `SCHEDULES` by key, in display order."""

from optimizers import adam_family, adaptive, first_order, learning_rate_free, second_order, sign
from optimizers.base import FAMILIES, OPTIMIZERS, Optimizer, optimizer
from optimizers.schedules import SCHEDULES, Schedule

__all__ = [
    "FAMILIES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Optimizer",
    "Schedule",
    "adam_family",
    "adaptive",
    "first_order",
    "learning_rate_free",
    "optimizer",
    "second_order",
    "sign",
]

"""Keeping what was compiled: for good where it belongs to the registry, the last few where a formula was typed.

A program takes some megabytes, and there is no end of formulas.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from landscapes.base import Landscape

What = ParamSpec("What")
Made = TypeVar("Made")

LASTING = 160
"""How many programs of a kind are kept for the registry, the last used: twice as many as are compiled ahead."""

FORMULAS = 6
"""How many typed formulas are kept, likewise."""


def kept(lasting: int, passing: int) -> Callable[[Callable[What, Made]], Callable[What, Made]]:
    """Keep what the decorated function makes, the last used: for the registry, and for landscapes of typed formulas."""

    def decorate(make: Callable[What, Made]) -> Callable[What, Made]:
        registered, typed = lru_cache(maxsize=lasting)(make), lru_cache(maxsize=passing)(make)

        @wraps(make)
        def find(*what: What.args, **more: What.kwargs) -> Made:
            passes = any(isinstance(one, Landscape) and one.formula for one in what)
            return (typed if passes else registered)(*what, **more)

        return find

    return decorate

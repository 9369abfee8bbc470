"""Numbers as people write them: those of the sentences that the engine makes."""

from engine.words import SUPERSCRIPTS, number, point

__all__ = ["SUPERSCRIPTS", "number", "point"]

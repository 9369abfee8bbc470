"""The lessons: one entry each, in the order of the page."""

from ui.lessons import learning_rate, valleys, minima, chance, practice  # noqa: F401, I001  # in this order
from ui.lessons.base import LESSONS, LETTERS, THEMES, Choice, Further, Lesson, Scene, lesson

__all__ = ["LESSONS", "LETTERS", "THEMES", "Choice", "Further", "Lesson", "Scene", "lesson"]

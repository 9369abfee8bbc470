"""The registry of landscapes: what it refuses, its order, and names that cannot be confused."""

from typing import Any

import pytest

from engine.twists import NAMES
from knobs import Knob
from landscapes import CHAPTERS, LANDSCAPES, landscape
from optimizers import OPTIMIZERS
from optimizers.schedules import SCHEDULES

OF_EVERY_RUN = {
    "start", "steps", "seed", "rate_changes", "landscape", "optimizer", *NAMES,
    *(name for schedule in SCHEDULES.values() for name in schedule.knobs),
}  # fmt: skip
"""What `descend` takes whatever it runs."""

FACTS: dict[str, Any] = dict(
    title="A test", chapter="Bowls", domain=((-1, 1), (-1, 1)), start=(1, 1), minima=((0, 0),), minimum=0,
    pins=(((0, 0), 0),), tex="x^2", source="none", teaches="nothing",
)  # fmt: skip


def registered(**changes):
    """Register a landscape with these facts; every use here is refused."""

    @landscape(**(FACTS | changes))
    def only_a_test(p):
        return p[0] ** 2


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": ""}, "lacks title"),
        ({"pins": ()}, "lacks pins"),
        ({"tex": ""}, "lacks tex"),
        ({"source": "", "teaches": ""}, "lacks source, teaches"),
        ({"chapter": "Hills"}, "chapter 'Hills' is not one of"),
        ({"height": "sqrt"}, "height 'sqrt' is not one of"),
        ({"minima": ()}, "minima and minimum come together"),
        ({"minimum": None}, "minima and minimum come together"),
        ({"minima": (), "minimum": None, "minima_curve": "x = 0"}, "a curve of minima needs some points"),
        ({"domain": ((1, -1), (-1, 1))}, "is out of order"),
        ({"domain": ((-1, 1), (1, 1))}, "is out of order"),
        ({"start": (1, 1.5)}, r"\(1, 1.5\) is outside its domain"),
        ({"minima": ((-2, 0),)}, r"\(-2, 0\) is outside its domain"),
        ({"local_minima": ((0, 2),)}, r"\(0, 2\) is outside its domain"),
        ({"saddles": ((2, 0),)}, r"\(2, 0\) is outside its domain"),
        ({"steepness": Knob(0, 1, 0.5)}, r"the loss takes \[\], its knobs are \['steepness'\]"),
    ],
)
def test_landscape_refuses_facts_that_are_missing_or_contradict(changes, complaint):
    before = dict(LANDSCAPES)
    with pytest.raises(ValueError, match=complaint):
        registered(**changes)
    assert dict(LANDSCAPES) == before


def test_landscape_refuses_a_key_that_is_taken():
    before = dict(LANDSCAPES)

    def bowl(p):
        return p[0] ** 2

    with pytest.raises(ValueError, match="there are two landscapes called 'bowl'"):
        landscape(**FACTS)(bowl)
    assert dict(LANDSCAPES) == before


def test_landscapes_cannot_be_changed_from_outside():
    registry: Any = LANDSCAPES
    with pytest.raises(TypeError):
        registry["bowl"] = registry["saddle"]
    with pytest.raises(TypeError):
        registry["ravine"].parameters["more"] = Knob(0, 1, 0)


def test_landscapes_stand_chapter_by_chapter():
    chapters = [entry.chapter for entry in LANDSCAPES.values()]
    assert chapters == sorted(chapters, key=CHAPTERS.index)
    assert set(chapters) == set(CHAPTERS)


def test_titles_and_lessons_are_all_different():
    for fact in ("title", "teaches", "tex"):
        assert len({getattr(entry, fact) for entry in LANDSCAPES.values()}) == len(LANDSCAPES)


def test_parameters_share_no_name_with_a_setting_of_a_run():
    taken = OF_EVERY_RUN | {name for optimizer in OPTIMIZERS.values() for name in optimizer.knobs}
    assert not taken & {name for entry in LANDSCAPES.values() for name in entry.parameters}

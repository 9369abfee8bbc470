"""The queue for long work: shared jobs, places, cancelling, visitors who go away, bounds. With real threads."""

from collections.abc import Callable
from threading import Event, Thread

import pytest

from ui.jobs import Dropped, Jobs, Report, Standing

SOON = 20.0
"""Seconds after which something that is waited for has gone wrong."""


class Bench:
    """Work that stands still after each report until it is let go on."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.reported = {name: Event() for name in "abc"}
        self.go_on = {name: Event() for name in "abc"}
        self.ended: list[str] = []

    def work(self, key: str, report: Report) -> str:
        self.made.append(key)
        try:
            for share in (0.25, 0.5):
                report(share, f"making {key}")
                self.reported[key].set()
                assert self.go_on[key].wait(SOON)
        except Dropped:
            self.ended.append(key)
            raise
        return key.upper()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def settled(jobs: Jobs, *keys: str) -> None:
    for key in keys:
        assert jobs.settled(key, SOON)


def begun(bench: Bench, key: str) -> None:
    assert bench.reported[key].wait(SOON)


def test_same_settings_share_one_job_and_its_result(bench: Bench):
    jobs = Jobs(bench.work)
    jobs.want("ann", "a")
    begun(bench, "a")
    assert jobs.want("bob", "a").state == "running"
    for _ in range(10):  # ten clicks
        jobs.want("ann", "a", again=True)
    bench.go_on["a"].set()
    settled(jobs, "a")
    assert jobs.want("ann", "a") == jobs.want("bob", "a", again=True) == Standing("done", share=1.0, result="A")
    assert bench.made == ["a"]


def test_place_in_the_queue_and_progress_are_told(bench: Bench):
    now = [100.0]
    jobs = Jobs(bench.work, clock=lambda: now[0])
    jobs.want("ann", "a")
    begun(bench, "a")
    now[0] = 103.0
    running = jobs.want("ann", "a")
    assert (running.state, running.share, running.doing) == ("running", 0.25, "making a")
    assert running.left == pytest.approx(9)  # a quarter took three seconds
    assert [jobs.want("bob", "b").place, jobs.want("cyd", "c").place] == [1, 2]
    jobs.leave("bob")
    assert jobs.want("cyd", "c") == Standing("waiting", place=1)
    for event in bench.go_on.values():
        event.set()
    settled(jobs, "a", "c")
    assert bench.made == ["a", "c"]


def test_cancelling_stops_a_job_that_nobody_else_wants(bench: Bench):
    jobs = Jobs(bench.work)
    jobs.want("ann", "a")
    begun(bench, "a")
    jobs.leave("ann")
    bench.go_on["a"].set()
    settled(jobs, "a")
    assert bench.ended == ["a"] and jobs.counts() == (0, 0, 0)


def test_cancelling_leaves_the_job_to_those_who_want_it_too(bench: Bench):
    jobs = Jobs(bench.work)
    jobs.want("ann", "a")
    jobs.want("bob", "a")
    begun(bench, "a")
    jobs.leave("ann")
    bench.go_on["a"].set()
    settled(jobs, "a")
    assert jobs.want("bob", "a").result == "A" and bench.ended == []


def test_visitor_wants_one_thing_at_a_time(bench: Bench):
    jobs = Jobs(bench.work)
    jobs.want("ann", "a")
    begun(bench, "a")
    jobs.want("bob", "b")
    jobs.want("ann", "c")
    for event in bench.go_on.values():
        event.set()
    settled(jobs, "a", "b", "c")
    assert bench.ended == ["a"] and bench.made == ["a", "b", "c"]


def test_job_that_is_wanted_again_while_it_is_dropped_is_made_after_all():
    jobs: Jobs[str, str]
    tries = []

    def work(key: str, report: Report) -> str:
        tries.append(key)
        if len(tries) == 1:
            jobs.leave("ann")
            try:
                report(0.5, "")
            finally:
                jobs.want("bob", key)
        return "made"

    jobs = Jobs(work)
    jobs.want("ann", "a")
    settled(jobs, "a")
    assert jobs.want("bob", "a").result == "made" and len(tries) == 2


def test_visitor_who_went_away_holds_no_job(bench: Bench):
    now = [0.0]
    jobs = Jobs(bench.work, patience=40, clock=lambda: now[0])
    jobs.want("ann", "a")
    begun(bench, "a")
    jobs.want("bob", "b")
    now[0] = 30.0
    jobs.want("cyd", "c")
    now[0] = 41.0
    assert jobs.want("cyd", "c").place == 1  # bob has not asked for 41 seconds, and nor has ann
    for event in bench.go_on.values():
        event.set()
    settled(jobs, "a", "c")
    assert bench.ended == ["a"] and bench.made == ["a", "c"]


def test_error_is_a_result_and_can_be_tried_again(caplog: pytest.LogCaptureFixture):
    tries = []

    def work(key: str, report: Report) -> str:
        tries.append(key)
        if len(tries) == 1:
            raise ValueError("width = 0 is not allowed")
        if len(tries) == 2:
            raise RuntimeError("out of memory")
        return "made"

    jobs = Jobs(work)
    jobs.want("ann", "a")
    settled(jobs, "a")
    assert jobs.want("ann", "a") == Standing("failed", error="width = 0 is not allowed")
    assert len(tries) == 1
    jobs.want("ann", "a", again=True)
    settled(jobs, "a")
    assert jobs.want("ann", "a").error == "RuntimeError: out of memory" and "out of memory" in caplog.text
    jobs.want("ann", "a", again=True)
    settled(jobs, "a")
    assert jobs.want("ann", "a").result == "made"


def test_results_and_queue_are_bounded():
    held, taken = Event(), Event()

    def work(key: int, report: Report) -> int:
        if key < 0:
            taken.set()
            assert held.wait(SOON)
        return key

    jobs = Jobs(work, kept=3, waiting=2)
    for key in range(6):
        jobs.want("ann", key)
        assert jobs.settled(key, SOON)
    assert jobs.counts() == (0, 0, 3)
    assert jobs.want("ann", 3).state == "done"  # and so is the last used
    jobs.want("ann", 6)
    assert jobs.settled(6, SOON)
    assert [jobs.want("ann", key).state for key in (3, 5, 6)] == ["done"] * 3
    jobs.want("a", -1)
    assert taken.wait(SOON)
    assert [jobs.want(visitor, key).state for visitor, key in (("b", -2), ("c", -3), ("d", -4))] == [
        "waiting", "waiting", "refused",
    ]  # fmt: skip
    held.set()
    for key in (-1, -2, -3):
        assert jobs.settled(key, SOON)


def test_twenty_visitors_at_once_get_their_own_results_with_few_workers():
    at_once, most = [], []

    def work(key: int, report: Report) -> int:
        at_once.append(key)
        most.append(len(at_once))
        for step in range(50):
            report(step / 50, "counting")
        at_once.remove(key)
        return key**2

    jobs: Jobs[int, int] = Jobs(work, workers=2, kept=20)
    found: dict[int, int | None] = {}

    def visit(number: int) -> None:
        jobs.want(f"visitor {number}", number)
        assert jobs.settled(number, SOON)
        found[number] = jobs.want(f"visitor {number}", number).result

    visits: list[Thread] = [Thread(target=visit, args=(number,)) for number in range(20)]
    _all(visits, Thread.start)
    _all(visits, lambda visit: visit.join(SOON))
    assert found == {number: number**2 for number in range(20)} and max(most) <= 2


def _all(threads: list[Thread], do: Callable[[Thread], None]) -> None:
    for thread in threads:
        do(thread)

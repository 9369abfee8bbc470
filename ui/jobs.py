"""Long work in the background: one queue for all visitors, few workers, and a bounded store of what came out.

Whoever asks for the same thing shares one job and its result. A visitor wants one thing at a time and holds on to it by
asking again and again, as a page does that shows how it goes. What nobody wants any more, since its visitors cancelled,
want something else or went away, leaves the queue, or stops where it is.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any, Generic, Literal, Protocol, TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class Report(Protocol):
    """How work says how far it is."""

    def __call__(self, share: float, doing: str, so_far: Any = None) -> None:
        """Which share is done, in words what is being done, and what can be seen of it already. May raise `Dropped`."""


PATIENCE = 40.0
"""Seconds for which a visitor who does not ask again is waited for: a hidden tab may ask only now and then."""

EARLY = 0.02
"""Below this share of the work nothing is said about the time that is left."""


class Dropped(Exception):  # noqa: N818  # nothing went wrong
    """Nobody wants the work any more that reports; the work lets it pass."""


@dataclass(frozen=True)
class Standing(Generic[Result]):
    """How a job stands.

    Attributes:
        state: "refused" where the queue is full.
        place: while it waits, 1 for the next one in the queue.
        share, doing: while it runs, which share is done and what is being done.
        left: while it runs, about how many seconds more; None where that is too early to say.
        so_far: while it runs, what can be seen of it already, as the work last told; None for nothing.
        result: what came out, when it is done.
        error: why nothing came out, when it failed.
    """

    state: Literal["waiting", "running", "done", "failed", "refused"]
    place: int = 0
    share: float = 0.0
    doing: str = ""
    left: float | None = None
    so_far: Any = None
    result: Result | None = None
    error: str = ""


@dataclass(eq=False)
class _Job(Generic[Key]):
    key: Key
    asked: dict[str, float] = field(default_factory=dict)  # visitor -> when last
    over: Event = field(default_factory=Event)
    began: float = 0.0
    share: float = 0.0
    doing: str = ""
    so_far: Any = None


class Jobs(Generic[Key, Result]):
    """A queue of jobs, each named by its settings.

    Args:
        work: `work(key, report)` to the result; an exception is a result too, a failure. It reports often, and a report
            ends it when nobody wants it any more.
        workers: how many jobs run at once.
        kept: how many results are kept, the last used.
        waiting: how many jobs may wait.
        patience: seconds for which a visitor who does not ask again is waited for.
        clock: the time in seconds.
    """

    def __init__(
        self,
        work: Callable[[Key, Report], Result],
        *,
        workers: int = 1,
        kept: int = 24,
        waiting: int = 100,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work, self._most_workers, self._most_kept, self._most_waiting = work, workers, kept, waiting
        self._patience, self._clock, self._lock, self._workers = patience, clock, Lock(), 0
        self._queue: OrderedDict[Key, _Job[Key]] = OrderedDict()
        self._running: dict[Key, _Job[Key]] = {}
        self._kept: OrderedDict[Key, Standing[Result]] = OrderedDict()

    def want(self, visitor: str, key: Key, again: bool = False) -> Standing[Result]:
        """Ask for the work named by a key, and say how it stands; what the visitor wanted before is wanted no more.

        With `again` what has failed before is tried once more.
        """
        with self._lock:
            self._leave(visitor, but=key)
            known = self._kept.get(key)
            if known is not None and not (again and known.state == "failed"):
                self._kept.move_to_end(key)
                return known
            job = self._running.get(key) or self._queue.get(key)
            if job is None:
                self._tidy()
                if len(self._queue) >= self._most_waiting:
                    return Standing("refused")
                self._kept.pop(key, None)
                job = self._queue[key] = _Job(key)
            job.asked[visitor] = self._clock()
            self._tidy()
            if self._workers < min(self._most_workers, len(self._queue) + len(self._running)):
                self._workers += 1
                Thread(target=self._serve, name="jobs", daemon=True).start()
            return self._standing(job)

    def leave(self, visitor: str) -> None:
        """Want nothing any more; what others want too goes on for them."""
        with self._lock:
            self._leave(visitor, but=None)
            self._tidy()

    def settled(self, key: Key, seconds: float) -> bool:
        """Wait until that work is neither in the queue nor under way, so many seconds at most; whether it is so."""
        with self._lock:
            job = self._running.get(key) or self._queue.get(key)
        return job is None or job.over.wait(seconds)

    def counts(self) -> tuple[int, int, int]:
        """How many jobs wait and run, and how many results are kept."""
        with self._lock:
            return len(self._queue), len(self._running), len(self._kept)

    def _leave(self, visitor: str, but: Key | None) -> None:
        for job in (*self._queue.values(), *self._running.values()):
            if job.key != but:
                job.asked.pop(visitor, None)

    def _wanted(self, job: _Job[Key]) -> bool:
        now = self._clock()
        return any(now - last <= self._patience for last in job.asked.values())

    def _tidy(self) -> None:
        """Take out of the queue what nobody wants any more."""
        for key in [key for key, job in self._queue.items() if not self._wanted(job)]:
            self._queue.pop(key).over.set()

    def _standing(self, job: _Job[Key]) -> Standing[Result]:
        if job.key in self._queue:
            return Standing("waiting", place=list(self._queue).index(job.key) + 1)
        left = (self._clock() - job.began) * (1 - job.share) / job.share if job.share > EARLY else None
        return Standing("running", share=job.share, doing=job.doing, left=left, so_far=job.so_far)

    def _serve(self) -> None:
        """Work until nothing is left; a worker who waits would only take room."""
        while (job := self._take()) is not None:
            came = self._attempt(job)
            with self._lock:
                del self._running[job.key]
                if came is None and self._wanted(job):  # somebody came while it was being dropped
                    self._queue[job.key] = job
                    self._queue.move_to_end(job.key, last=False)
                    continue
                if came is not None:
                    self._kept[job.key] = came
                while len(self._kept) > self._most_kept:
                    self._kept.popitem(last=False)
                job.over.set()

    def _take(self) -> _Job[Key] | None:
        with self._lock:
            self._tidy()
            if not self._queue:
                self._workers -= 1
                return None
            key, job = self._queue.popitem(last=False)
            job.began, job.share, job.doing, job.so_far = self._clock(), 0.0, "", None
            self._running[key] = job
            return job

    def _attempt(self, job: _Job[Key]) -> Standing[Result] | None:
        """What comes out of a job; None where it is dropped."""

        def report(share: float, doing: str, so_far: Any = None) -> None:
            with self._lock:
                if not self._wanted(job):
                    raise Dropped
                job.share, job.doing, job.so_far = share, doing, so_far

        try:
            return Standing("done", share=1.0, result=self._work(job.key, report))
        except Dropped:
            return None
        except ValueError as error:
            return Standing("failed", error=str(error))
        except Exception as error:  # whatever it is, the next in the queue are not to blame
            logging.getLogger(__name__).exception("a job failed")
            return Standing("failed", error=f"{type(error).__name__}: {error}")

"""One frozen Progress: which lesson is shown, what was answered, what is done; and its translation to the address."""

from dataclasses import dataclass, replace

from ui.address import Query, quoted, shortened, single_values
from ui.lessons import LESSONS, LETTERS, Lesson

NAMES = ("lesson", "answer", "scene", "done")


@dataclass(frozen=True)
class Progress:
    """What the page shows to one visitor.

    Attributes:
        lesson: the key of the lesson.
        answer: the place of the choice that was made; None before.
        scene: the place of the scene that is on the stage.
        done: the keys of the lessons that were answered, in the page's order.
    """

    lesson: str = next(iter(LESSONS))
    answer: int | None = None
    scene: int = 0
    done: tuple[str, ...] = ()

    @property
    def entry(self) -> Lesson:
        """The lesson itself."""
        return LESSONS[self.lesson]

    @property
    def number(self) -> int:
        """Its number on the page, from 1."""
        return list(LESSONS).index(self.lesson) + 1


def answered(progress: Progress, choice: int) -> Progress:
    """With that choice made, and the lesson done."""
    done = {*progress.done, progress.lesson}
    return replace(progress, answer=choice, done=tuple(key for key in LESSONS if key in done))


def unanswered(progress: Progress) -> Progress:
    """With the question asked anew; the lesson stays done."""
    return replace(progress, answer=None)


def at(progress: Progress, key: str) -> Progress:
    """At that lesson, with its question asked."""
    return Progress(key, done=progress.done)


def neighbour(progress: Progress, by: int) -> str:
    """The key of the lesson so many places on; after the last comes the first."""
    keys = list(LESSONS)
    return keys[(progress.number - 1 + by) % len(keys)]


def to_query(progress: Progress) -> dict[str, str]:
    """The progress as the parameters of an address; whatever is at its default is left out."""
    usual = Progress()
    query = {} if progress.lesson == usual.lesson else {"lesson": progress.lesson}
    if progress.answer is not None:
        query["answer"] = LETTERS[progress.answer]
    if progress.scene:
        query["scene"] = str(progress.scene + 1)
    if progress.done:
        query["done"] = ".".join(progress.done)
    return query


def from_query(query: Query) -> tuple[Progress, tuple[str, ...]]:
    """The progress that an address describes. Never raises, whatever stands there.

    Returns:
        The progress, and one sentence for each part that was ignored because it means nothing here. The sentences
        quote the address: show them as plain text.
    """
    single, ignored = single_values(query)
    key = single.get("lesson", Progress().lesson)
    if key not in LESSONS:
        ignored.append(f"lesson = {quoted(key)} is not known here")
        key = Progress().lesson
    entry = LESSONS[key]
    letters, numbers = LETTERS[: len(entry.choices)], [str(number + 1) for number in range(len(entry.scenes))]
    answer = _one_of("answer", single.get("answer"), list(letters), ignored)
    scene = _one_of("scene", single.get("scene"), numbers, ignored)
    named = [name for name in single.get("done", "").split(".") if name]
    if unknown := [name for name in named if name not in LESSONS]:
        ignored.append(f"done = {quoted(shortened('.'.join(unknown)))} names no lesson that is known here")
    ignored += [f"{quoted(name)} means nothing on this page; there are {', '.join(NAMES)}" for name in single
                if name not in NAMES]  # fmt: skip
    progress = Progress(key, scene=scene or 0, done=tuple(key for key in LESSONS if key in named))
    return (progress if answer is None else answered(progress, answer)), tuple(ignored)


def _one_of(name: str, word: str | None, words: list[str], ignored: list[str]) -> int | None:
    """The place of a word among those that are allowed; None, and a sentence to `ignored`, where it is none of them."""
    if word is None or word in words:
        return None if word is None else words.index(word)
    ignored.append(f"{name} = {quoted(word)} is not known in this lesson; there are {', '.join(words)}")
    return None

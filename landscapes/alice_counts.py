"""Makes alice.csv: `python landscapes/alice_counts.py alice29.txt > landscapes/alice.csv`.

The text is that of Lewis Carroll, Alice's Adventures in Wonderland (1865, in the public domain), as Project Gutenberg's
29th edition of its text 11 has it, alice29.txt, from its first chapter on.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

WORDS = (
    "hatter", "hare", "dormouse", "tea", "queen", "king", "knave", "jury", "turtle", "gryphon", "dance", "duchess",
    "cat", "baby", "cook",
)  # fmt: skip
"""The words that are counted; the first is the one that moves."""

WINDOW = 30
"""Two words meet where they stand at most so many words apart."""


def meetings(text: str, words: Sequence[str], window: int) -> dict[tuple[str, str], int]:
    """How often each two of the words meet in the text, in either order."""
    read = re.findall(r"[a-z]+", text.lower())
    places = [(place, word) for place, word in enumerate(read) if word in words]
    met: Counter[tuple[str, str]] = Counter()
    for i, (place, word) in enumerate(places):
        for other_place, other in places[i + 1 :]:
            if other_place - place > window:
                break
            met[word, other] += 1
            met[other, word] += 1
    return dict(met)


def table(text: str, words: Sequence[str] = WORDS, window: int = WINDOW) -> Iterable[str]:
    """The lines of the table: the words, and for each of them how often it meets each."""
    met = meetings(text, words, window)
    yield f"# How often words stand at most {window} words apart in Alice's Adventures in Wonderland: alice_counts.py"
    yield ",".join(words)
    for word in words:
        yield ",".join(str(met.get((word, other), 0)) for other in words)


if __name__ == "__main__":
    whole = Path(sys.argv[1]).read_text(encoding="latin-1")
    print(*table(whole[whole.index("CHAPTER I") :]), sep="\n")

"""How the stage is looked at: what is switched on in it, and how the address says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

WORDS = {
    "demonstration": ("view", "demonstration"),
    "sharpness": ("curve", "sharpness"),
    "explained": ("explain", "step"),
    "batches": ("contours", "batch"),
}
"""Field -> its name in the address, and the one word that may stand there."""


@dataclass(frozen=True)
class Look:
    """What is switched on in the stage.

    Attributes:
        demonstration: the stage is laid over the whole window, in large type; None where it cannot be.
        sharpness: the curve is that of the sharpness, not of the loss.
        explained: the step at the cursor is worked out.
        batches: the contours of the loss of each step's mini-batch are drawn over those of all examples.
    """

    demonstration: bool | None = False
    sharpness: bool = False
    explained: bool = False
    batches: bool = False


PLAIN = Look()


def read_look(query: Mapping[str, list[str]]) -> tuple[Look, dict[str, list[str]]]:
    """The look that an address asks for, and what else stands there."""
    on = {field: list(query.get(name, ())) == [word] for field, (name, word) in WORDS.items()}
    read = {WORDS[field][0] for field in on if on[field]}
    return Look(**on), {name: values for name, values in query.items() if name not in read}


def look_query(look: Look) -> dict[str, str]:
    """The look as the parameters of an address; nothing is said of what is off."""
    return dict(WORDS[field] for field, on in asdict(look).items() if on)


def look_in(sent: object) -> Look | None:
    """The look in what the browser sent; None when it holds none, whatever else it is."""
    match sent:
        case {
            "demonstration": bool() | None as demonstration,
            "sharpness": bool() as sharpness,
            "explained": bool() as explained,
            "batches": bool() as batches,
        }:
            return Look(demonstration, sharpness, explained, batches)
    return None

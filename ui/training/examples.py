"""Trainings that are worth a look, each one click away."""

from dataclasses import dataclass, field
from typing import Any

from ui.training.scenario import NetworkScenario, from_query


@dataclass(frozen=True)
class Example:
    """A training to try.

    Attributes:
        key: names its button.
        title, about: what it is, and what one sees there.
        query: its address.
    """

    key: str
    title: str
    about: str
    query: dict[str, Any] = field(default_factory=dict)

    @property
    def scenario(self) -> NetworkScenario:
        """What it sets."""
        return from_query(self.query)[0]


EXAMPLES = (
    Example(
        "edge", "The edge of stability",
        "Gradient descent with all examples in each step: the sharpness rises to 2/η and stays there, while the loss "
        "goes on falling",
        {"optimizer": "gradient_descent", "learning_rate": "0.2", "steps": "1600", "curve": "sharpness"},
    ),
    Example(
        "ends", "Two minima, and the way between",
        "The same training from three seeds: the plane through their ends, and the loss on the line between two",
        {"task": "moons", "layers": "1", "plane": "runs"},
    ),
    Example(
        "rivals", "Adam beside momentum",
        "From the same first weights on one plane: which way each takes, and where it gets",
        {"b": "momentum"},
    ),
    Example(
        "zeros", "Nothing to tell units apart",
        "All weights begin at zero: the units of a layer stay the same, and nothing is learnt",
        {"initialisation": "zeros", "plane": "random"},
    ),
    Example(
        "digits", "Handwritten digits",
        "On 8 × 8 pixels, in mini-batches: random directions around the end, as papers draw them, hide the whole path",
        {"task": "digits", "layers": "1", "width": "32", "batch_size": "64", "steps": "300", "plane": "random"},
    ),
)  # fmt: skip
"""In display order."""

"""What can be taken away from a run or a comparison: tables, scripts, a page that plays by itself. No Streamlit."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine import Trajectory
from ui.surfaces import FORMULA

NAMED = 3
"""So many optimizers, at most, are named in the name of a file."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What is taken away.

    Attributes:
        runs: the runs, on one landscape.
        names: what each is called.
        link: the address that opens them.
    """

    runs: Sequence[Trajectory]
    names: Sequence[str]
    link: str

    @property
    def stem(self) -> str:
        """The beginning of the names of its files, in the letters that every file system takes."""
        keys = [run.optimizer.key for run in self.runs]
        who = "-".join(keys) if len(keys) <= NAMED else f"{len(keys)}-optimizers"
        landscape = self.runs[0].landscape
        return f"downhill-{FORMULA if landscape.formula else landscape.key}-{who}"

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"{', '.join(self.names)} on {self.runs[0].landscape.title}"

"""Several scripts in one file."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence

from engine import Trajectory

WHEN = (1980, 1, 1, 0, 0, 0)
"""The date of every file inside: the same runs make the same bytes."""


def zipped_scripts(runs: Sequence[tuple[Trajectory, str]], link: str, write: Callable[[Trajectory, str], str]) -> bytes:
    """A ZIP with the script of each run, named by its place and what the run is called."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (run, name) in enumerate(runs, start=1):
            stem = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or run.optimizer.key
            archive.writestr(zipfile.ZipInfo(f"{place}_{stem}.py", WHEN), write(run, link))
    return out.getvalue()

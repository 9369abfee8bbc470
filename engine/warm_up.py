"""Compiling ahead, so that a first pick does not wait for it."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import jax

from engine.batch import swarm
from engine.descend import descend
from engine.field import gradient_field, hessian_matrices, losses_at

MOST_BYTES = 500_000_000
"""How much of the folder with compiled programs a start leaves in place: each typed formula adds to it."""


def keep_compiled_programs(folder: Path, most: int = MOST_BYTES) -> None:
    """Keep what XLA compiles in a folder, for the next start of the process.

    JAX's own cache, with its thresholds lowered: at their defaults programs as small as these are not kept. Of what is
    there the oldest goes, until the rest takes up no more than `most` bytes.
    """
    _thin_out(folder, most)
    jax.config.update("jax_compilation_cache_dir", os.fspath(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def warm_up(pairs: Iterable[tuple[str, str]], *, batches: bool = True) -> None:
    """Compile what a page asks for when it shows an optimizer on a landscape, for each pair (landscape, optimizer).

    Several runs at once, such as a fan, have a program of their own: without `batches` it is left for later.
    """
    for landscape, optimizer in pairs:
        descend(landscape, optimizer, steps=1)
        if batches:
            swarm(landscape, optimizer, starts=[(0.0, 0.0)] * 2, steps=1)
        for field in (losses_at, gradient_field, hessian_matrices):
            field(landscape, [(0.0, 0.0)])


def _thin_out(folder: Path, most: int) -> None:
    """Remove the oldest files of a folder, which need not exist, until the rest takes up no more than so many bytes."""
    files = []
    for file in folder.glob("*"):
        with suppress(FileNotFoundError):  # another process may be at it too
            facts = file.stat()
            files.append((facts.st_mtime_ns, facts.st_size, file))
    kept = 0
    for _, size, file in sorted(files, reverse=True):
        kept += size
        if kept > most:
            file.unlink(missing_ok=True)

"""Compiling ahead, so that the first pick of an optimizer does not wait for it."""

import os
from collections.abc import Iterable
from pathlib import Path

import jax

from engine.batch import swarm
from engine.descend import descend
from engine.field import gradient_field, hessian_matrices, losses_at
from landscapes.base import LANDSCAPES
from optimizers.base import OPTIMIZERS


def keep_compiled_programs(folder: Path) -> None:
    """Keep what XLA compiles in a folder, for the next start of the process.

    JAX's own cache, with its thresholds lowered: at their defaults programs as small as these are not kept.
    """
    jax.config.update("jax_compilation_cache_dir", os.fspath(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def warm_up(soon: Iterable[str] = ()) -> None:
    """Compile every program that a page can ask for: the fields, and for each optimizer single runs and batches.

    The optimizers in `soon` come before all others: those that a page opens on, since a visitor waits for them.
    """
    first = next(iter(LANDSCAPES))
    for keys in (tuple(soon), OPTIMIZERS):
        for key in keys:
            descend(first, key, steps=1)
        for key in keys:
            swarm(first, key, starts=[(0.0, 0.0)] * 2, steps=1)  # several runs have programs of their own
        if keys is not OPTIMIZERS:
            for landscape in LANDSCAPES:
                for field in (losses_at, gradient_field, hessian_matrices):
                    field(landscape, [(0.0, 0.0)])

"""Compiling what the pages are likely to show, so that a first pick does not wait for it."""

import gc

from engine.warm_up import warm_up
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from ui.comparison import CONTENDERS, SURFACE
from ui.jobs import PATIENCE
from ui.reference import surface_facts
from ui.scenario import OPENING
from ui.training.queue import JOBS, key_of
from ui.training.scenario import default_scenario


def compile_ahead() -> None:
    """Compile what a visitor is likely to pick first, and tell the garbage collector that what JAX keeps stays.

    First what the pages open on, then every optimizer on the opening surface, then every surface and what the reference
    tells of it, and last the training that the networks open on. Any other pair, and the fan of most, is compiled when
    it is asked for. Walking what JAX keeps takes over 20 ms, at any moment, with a visitor waiting.
    """
    surface, optimizer = OPENING
    warm_up([OPENING, *((SURFACE, key) for key in CONTENDERS)])
    warm_up([*((surface, key) for key in OPTIMIZERS), *((key, optimizer) for key in LANDSCAPES)], batches=False)
    for entry in LANDSCAPES.values():
        surface_facts(entry)
    network = key_of(default_scenario())
    JOBS.want("warm-up", network)
    JOBS.settled(network, PATIENCE)
    gc.collect()
    gc.freeze()

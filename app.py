"""The entry: `streamlit run app.py`."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import streamlit as st
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from engine.warm_up import keep_compiled_programs, warm_up
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from ui.comparison import CONTENDERS, SURFACE
from ui.jobs import PATIENCE
from ui.reference import surface_facts
from ui.scenario import OPENING
from ui.small_map import map_route
from ui.stage import WEB
from ui.stage.batches import batches_route
from ui.stage.fan import fan_route
from ui.stage.shelf import SHELF_ROUTES
from ui.stage.surface import surface_route
from ui.stage.swarm import SWARM_ROUTES
from ui.stage.track import TRACK_ROUTES
from ui.training.queue import JOBS, key_of
from ui.training.scenario import default_scenario


class _Modules(StaticFiles):
    """The stage's own files; a browser asks each time whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _warm_up() -> None:
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


@asynccontextmanager
async def _compiling_ahead(_: st.App) -> AsyncIterator[None]:
    """Compile ahead while the first visitor reads; the programs are kept for the next start."""
    keep_compiled_programs(Path(__file__).parent / ".cache" / "jax")
    Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield


app = st.App(
    "ui/main.py",
    lifespan=_compiling_ahead,
    routes=[
        Mount("/stage", _Modules(directory=WEB)),
        Route("/surface/{key}", surface_route),
        Route("/map/{key}.svg", map_route),
        Route("/fan", fan_route),
        Route("/batches", batches_route),
        *TRACK_ROUTES,
        *SHELF_ROUTES,
        *SWARM_ROUTES,
    ],
)

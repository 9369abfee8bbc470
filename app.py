"""The entry: `streamlit run app.py`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import streamlit as st
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from engine.warm_up import keep_compiled_programs
from ui.ahead import compile_ahead
from ui.small_path import PICTURE_ROUTES
from ui.stage import WEB
from ui.stage.batches import batches_route
from ui.stage.fan import fan_route
from ui.stage.shelf import SHELF_ROUTES
from ui.stage.surface import surface_route
from ui.stage.swarm import SWARM_ROUTES
from ui.stage.track import TRACK_ROUTES


class _Modules(StaticFiles):
    """The stage's own files; a browser asks each time whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


@asynccontextmanager
async def _compiling_ahead(_: st.App) -> AsyncIterator[None]:
    """Compile ahead while the first visitor reads, unless DOWNHILL_COMPILE_AHEAD=no; programs are kept for later."""
    keep_compiled_programs(Path(__file__).parent / ".cache" / "jax")
    if os.environ.get("DOWNHILL_COMPILE_AHEAD") != "no":
        Thread(target=compile_ahead, name="ahead", daemon=True).start()
    yield


app = st.App(
    "ui/main.py",
    lifespan=_compiling_ahead,
    routes=[
        Mount("/stage", _Modules(directory=WEB)),
        Route("/surface/{key}", surface_route),
        Route("/fan", fan_route),
        Route("/batches", batches_route),
        *PICTURE_ROUTES,
        *TRACK_ROUTES,
        *SHELF_ROUTES,
        *SWARM_ROUTES,
    ],
)

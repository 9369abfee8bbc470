"""The entry: `streamlit run app.py`."""

from typing import Any

import streamlit as st
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ui.stage import WEB
from ui.stage.surface import surface_route


class _Modules(StaticFiles):
    """The stage's own files; a browser asks each time whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


app = st.App(
    "ui/main.py",
    routes=[Mount("/stage", _Modules(directory=WEB)), Route("/surface/{key}", surface_route)],
)

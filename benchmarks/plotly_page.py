"""The same run as a Streamlit page is usually built: one Plotly figure with the surface, the path and its frames.

Started by `page.py` with `streamlit run`; here only to be compared with.
"""

import math

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from engine import descend, loss_grid

FRAMES = 100

st.set_page_config(layout="wide")
exponent = st.slider("Learning rate, power of ten", -4.0, -2.0, -2.7, 0.005)
run = descend("rosenbrock", "momentum", steps=500, learning_rate=10**exponent)
grid = loss_grid("rosenbrock", 101)
heights, losses = np.log10(1 + grid.losses), np.log10(1 + run.losses)
x, y = run.points.T


def traces(step: int) -> list[go.Scatter | go.Scatter3d]:
    """The path up to a step in the three views."""
    upto = slice(0, step + 1)
    return [
        go.Scatter3d(x=x[upto], y=y[upto], z=losses[upto], mode="lines+markers", marker_size=2),
        go.Scatter(x=x[upto], y=y[upto], mode="lines+markers"),
        go.Scatter(x=np.arange(step + 1), y=losses[upto], mode="lines"),
    ]


figure = make_subplots(rows=1, cols=3, specs=[[{"type": "scene"}, {"type": "xy"}, {"type": "xy"}]])
figure.add_trace(go.Surface(x=grid.x, y=grid.y, z=heights, showscale=False), row=1, col=1)
figure.add_trace(go.Contour(x=grid.x, y=grid.y, z=heights, showscale=False), row=1, col=2)
for column, trace in enumerate(traces(run.length), start=1):
    figure.add_trace(trace, row=1, col=column)
figure.frames = [
    go.Frame(data=traces(math.ceil(run.length * number / FRAMES)), traces=[2, 3, 4]) for number in range(FRAMES + 1)
]
play = {"label": "Play", "method": "animate", "args": [None, {"frame": {"duration": 0}, "transition": {"duration": 0}}]}
figure.update_layout(height=560, showlegend=False, updatemenus=[{"type": "buttons", "buttons": [play]}])
st.plotly_chart(figure, key="figure")

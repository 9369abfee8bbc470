"""Small networks and the landscapes of their losses. Imports JAX, never Streamlit or Plotly.

`plane` and `curvature` take any loss in JAX and any tree of parameters; nothing in them knows a `Network`.
"""

from engine import numerics  # how JAX computes is settled before anything is computed  # noqa: F401, I001
from networks.curvature import Sharpness, sharpness
from networks.edge import Edge, EdgeWatch, edge
from networks.network import (
    ACTIVATIONS,
    INITIALISATIONS,
    WIDTH,
    Network,
    cross_entropy,
    forward,
    initial_parameters,
    network_for,
    probabilities,
)
from networks.plane import (
    Plane,
    Projection,
    Slice,
    extent_around,
    line,
    loss_plane,
    pca_directions,
    project,
    random_directions,
    through,
)
from networks.tasks import TASKS, Task, find_task
from networks.train import TRAINERS, Progress, Training, can_train, checked_course, train

__all__ = [
    "ACTIVATIONS", "INITIALISATIONS", "TASKS", "TRAINERS", "WIDTH", "Edge", "EdgeWatch", "Network", "Plane", "Progress",
    "Projection", "Sharpness", "Slice", "Task", "Training", "can_train", "checked_course", "cross_entropy", "edge",
    "extent_around", "find_task", "forward", "initial_parameters", "line", "loss_plane", "network_for",
    "pca_directions", "probabilities", "project", "random_directions", "sharpness", "through", "train",
]  # fmt: skip

"""The mathematics: fields, runs and what they mean. Imports JAX, never Streamlit or Plotly."""

from engine import numerics  # how JAX computes is settled before anything is computed  # noqa: F401, I001
from engine.descend import Trajectory, descend
from engine.field import Grid, gradient_field, hessian_eigenvalues, loss_grid
from engine.program import MAX_STEPS

__all__ = ["MAX_STEPS", "Grid", "Trajectory", "descend", "gradient_field", "hessian_eigenvalues", "loss_grid"]

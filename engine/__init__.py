"""The mathematics: fields, runs and what they mean. Imports JAX, never Streamlit or Plotly."""

from engine import numerics  # how JAX computes is settled before anything is computed  # noqa: F401, I001
from engine.batch import Batch, dial_rates, fan, swarm
from engine.descend import Trajectory, descend
from engine.diagnose import Diagnosis, diagnose, verdicts
from engine.field import Grid, gradient_field, hessian_eigenvalues, loss_grid
from engine.program import MAX_STEPS
from engine.survey import landscape_from_formula

__all__ = [
    "MAX_STEPS", "Batch", "Diagnosis", "Grid", "Trajectory", "descend", "diagnose", "dial_rates", "fan",
    "gradient_field", "hessian_eigenvalues", "landscape_from_formula", "loss_grid", "swarm", "verdicts",
]  # fmt: skip

"""The symbols of the knobs in the rules."""

from optimizers.base import Optimizer

SYMBOLS = {
    "learning_rate": r"\eta", "momentum": r"\beta", "beta1": r"\beta_1", "beta2": r"\beta_2", "beta3": r"\beta_3",
    "epsilon": r"\varepsilon", "weight_decay": r"\lambda", "decay": r"\rho", "initial_accumulator": "a",
    "clipping_threshold": "d", "threshold": r"\tau", "decrease_factor": r"\eta^-", "increase_factor": r"\eta^+",
    "min_step_size": r"\Delta_{\min}", "max_step_size": r"\Delta_{\max}", "max_learning_rate": r"\alpha_{\max}",
    "minimum_loss": "f^*", "sufficient_decrease": r"\sigma", "max_backtracking_steps": "K", "initial_distance": "d_0",
    "distance_factor": "c", "damping": r"\mu", "curvature": "c_2", "max_linesearch_steps": "K", "gamma": r"\gamma",
    "clip_threshold": r"\rho", "update_interval": "k",
}  # fmt: skip

OWN_SYMBOLS = {
    ("adafactor", "decay"): "c",
    ("backtracking_line_search", "decrease_factor"): "b",
    ("backtracking_line_search", "increase_factor"): "c",
    ("lbfgs", "sufficient_decrease"): "c_1",
}
"""Where an optimizer's rule has another letter for a knob than the others have."""


def symbol(optimizer: Optimizer, knob: str) -> str:
    """The symbol of a knob in the rule of an optimizer, as TeX."""
    return OWN_SYMBOLS.get((optimizer.key, knob), SYMBOLS[knob])

"""Record the paths of torch.optim that the tests compare with, so that the tests do without torch.

    python -m venv /tmp/torch && /tmp/torch/bin/pip install torch==2.13.0
    /tmp/torch/bin/python tests/data/record_torch_paths.py

writes torch_paths.json beside this file: for each optimizer the knobs of Downhill's entry that mean the same as torch's
arguments, and 50 steps down Rosenbrock's function in float64.
"""

import json
from pathlib import Path

import torch  # pyright: ignore[reportMissingImports]  (only whoever records has it)

START = (-1.0, -0.5)
STEPS = 50

SAME = {
    "gradient_descent": (torch.optim.SGD, {"lr": 1e-3}, {"learning_rate": 1e-3}),
    "momentum": (
        torch.optim.SGD,
        {"lr": 5e-4, "momentum": 0.85},
        {"learning_rate": 5e-4, "momentum": 0.85},
    ),
    "nesterov": (
        torch.optim.SGD,
        {"lr": 5e-4, "momentum": 0.85, "nesterov": True},
        {"learning_rate": 5e-4, "momentum": 0.85},
    ),
    "adagrad": (
        torch.optim.Adagrad,
        {"lr": 0.2, "initial_accumulator_value": 0.0, "eps": 1e-10},
        {"learning_rate": 0.2, "initial_accumulator": 0.0, "epsilon": 1e-10},
    ),
    "rmsprop": (
        torch.optim.RMSprop,
        {"lr": 0.01, "alpha": 0.95, "eps": 0.1, "momentum": 0.3},
        {"learning_rate": 0.01, "decay": 0.95, "epsilon": 0.1, "momentum": 0.3},
    ),
    "adadelta": (
        torch.optim.Adadelta,
        {"lr": 0.8, "rho": 0.85, "eps": 1e-4},
        {"learning_rate": 0.8, "decay": 0.85, "epsilon": 1e-4},
    ),
    "adafactor": (
        torch.optim.Adafactor,
        {"lr": 0.03, "beta2_decay": -0.7, "d": 1.2, "weight_decay": 0.0},
        {"learning_rate": 0.03, "decay": 0.7, "clipping_threshold": 1.2},
    ),
    "adam": (
        torch.optim.Adam,
        {"lr": 0.05, "betas": (0.85, 0.98), "eps": 0.1},
        {"learning_rate": 0.05, "beta1": 0.85, "beta2": 0.98, "epsilon": 0.1},
    ),
    "adamw": (
        torch.optim.AdamW,
        {"lr": 0.05, "betas": (0.85, 0.98), "eps": 0.1, "weight_decay": 0.2},
        {"learning_rate": 0.05, "beta1": 0.85, "beta2": 0.98, "epsilon": 0.1, "weight_decay": 0.2},
    ),
    "radam": (
        torch.optim.RAdam,
        {"lr": 0.002, "betas": (0.85, 0.98), "eps": 1e-14},  # torch's eps stands before the bias correction
        {"learning_rate": 0.002, "beta1": 0.85, "beta2": 0.98, "epsilon": 1e-14},
    ),
    "adamax": (
        torch.optim.Adamax,
        {"lr": 0.05, "betas": (0.85, 0.98), "eps": 0.1},
        {"learning_rate": 0.05, "beta1": 0.85, "beta2": 0.98, "epsilon": 0.1},
    ),
}
"""key -> torch's class, its arguments, and the knobs that mean the same."""


def path(kind: type[torch.optim.Optimizer], arguments: dict) -> list[list[float]]:
    """The start and the iterates after each step."""
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    stepper = kind([p], **arguments)
    points = [p.tolist()]
    for _ in range(STEPS):
        stepper.zero_grad()
        ((1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2).backward()
        stepper.step()
        points.append(p.tolist())
    return points


recorded = {
    key: {"torch": kind.__name__, "knobs": knobs, "points": path(kind, arguments)}
    for key, (kind, arguments, knobs) in SAME.items()
}
content = {"torch": torch.__version__, "landscape": "rosenbrock", "paths": recorded}
Path(__file__).with_name("torch_paths.json").write_text(json.dumps(content) + "\n")

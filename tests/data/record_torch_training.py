"""Record trainings in PyTorch that the tests compare with, so that the tests do without torch.

    PYTHONPATH=. .venv-bench/bin/python tests/data/record_torch_training.py

writes torch_training.json beside this file: the first weights of a network 64-12-8-10 with tanh, what Downhill calls
the optimizers and their knobs, and for each the loss at each of 100 steps in float32 on the first 200 digits, all in
each step or in mini-batches of 64 whose order is Downhill's for that seed.
"""

import json
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports]  (only whoever records has it)
from sklearn.datasets import load_digits

from networks.train import mini_batches

SIZES, EXAMPLES, STEPS, BATCH, SEED = (64, 12, 8, 10), 200, 100, 64, 3

RUNS = {
    "gradient_descent": (torch.optim.SGD, {"lr": 0.5}, {"learning_rate": 0.5}, True),
    "adam": (
        torch.optim.Adam,
        {"lr": 0.01, "betas": (0.85, 0.98), "eps": 1e-6},
        {"learning_rate": 0.01, "beta1": 0.85, "beta2": 0.98, "epsilon": 1e-6},
        False,
    ),
}
"""key -> torch's class, its arguments, the knobs that mean the same, and whether in mini-batches."""


def first_weights() -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights (inputs, outputs) and biases of each layer, rounded so that they are short to write."""
    draw = np.random.RandomState(0)
    pairs = zip(SIZES, SIZES[1:], strict=False)
    return [(draw.normal(0, 0.3, pair).round(4), draw.normal(0, 0.1, pair[1]).round(4)) for pair in pairs]


def losses(kind: type[torch.optim.Optimizer], arguments: dict, in_batches: bool) -> list[float]:
    """The loss that each step is made from."""
    pixels, digits = load_digits(return_X_y=True)
    inputs = torch.tensor(pixels[:EXAMPLES] / 16, dtype=torch.float32)
    labels = torch.tensor(digits[:EXAMPLES])
    layers = []
    for weights, bias in first_weights():
        layer = torch.nn.Linear(*weights.shape)
        layer.weight.data, layer.bias.data = torch.tensor(weights.T).float(), torch.tensor(bias).float()
        layers += [layer, torch.nn.Tanh()]
    model, loss = torch.nn.Sequential(*layers[:-1]), torch.nn.CrossEntropyLoss()
    stepper, found = kind(model.parameters(), **arguments), []
    for batch in mini_batches(EXAMPLES, BATCH, SEED, 0, STEPS):
        chosen = batch[batch >= 0] if in_batches else slice(None)
        stepper.zero_grad()
        value = loss(model(inputs[chosen]), labels[chosen])
        value.backward()
        stepper.step()
        found.append(round(value.item(), 7))
    return found


torch.set_num_threads(1)
content = {
    "torch": torch.__version__,
    "weights": [[weights.tolist(), bias.tolist()] for weights, bias in first_weights()],
    "runs": {
        key: {
            "torch": kind.__name__,
            "knobs": knobs,
            "seed": SEED,
            "batch_size": BATCH if small else None,
            "losses": losses(kind, arguments, small),
        }
        for key, (kind, arguments, knobs, small) in RUNS.items()
    },
}
Path(__file__).with_name("torch_training.json").write_text(json.dumps(content) + "\n")

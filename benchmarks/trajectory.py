"""A 500-step Adam trajectory on Rosenbrock, to NumPy: Downhill against the same loop in PyTorch and in numba.

All three run in float64 from the same start with the same settings, and their last iterates are compared before
anything is timed. The rounds are interleaved, so that a machine that speeds up or slows down does so for all three.
Run by `make bench`; prints a table of medians and the ratios to Downhill's.
"""

import statistics
import time
from collections.abc import Callable

import numba
import numpy as np
import torch

from engine import descend

START, STEPS, RATE, BETA1, BETA2, EPSILON = (-1.2, 1.0), 500, 0.02, 0.9, 0.999, 1e-8
ROUNDS = {"downhill": 200, "numba": 200, "torch": 2}
REPETITIONS = 9


def downhill() -> np.ndarray:
    """The public function, with its checks and its arrays."""
    settings = {"learning_rate": RATE, "beta1": BETA1, "beta2": BETA2, "epsilon": EPSILON}
    return descend("rosenbrock", "adam", start=START, steps=STEPS, **settings).points


def eager() -> np.ndarray:
    """The loop that a PyTorch user writes, keeping points, losses and gradients."""
    point = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([point], lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
    points, losses, gradients = [], [], []
    for _ in range(STEPS + 1):
        adam.zero_grad()
        x, y = point
        loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
        loss.backward()
        points.append(point.detach().clone())
        losses.append(loss.detach())
        gradients.append(point.grad.clone())  # pyright: ignore[reportOptionalMemberAccess]
        adam.step()
    _ = torch.stack(losses).numpy(), torch.stack(gradients).numpy()
    return torch.stack(points).numpy()


@numba.njit
def _loop(x: float, y: float, steps: int, rate: float, beta1: float, beta2: float, epsilon: float) -> np.ndarray:
    rows = np.empty((steps + 1, 5))
    m0 = m1 = v0 = v1 = 0.0
    for t in range(1, steps + 2):
        g0 = -2 * (1 - x) - 400 * x * (y - x * x)
        g1 = 200 * (y - x * x)
        rows[t - 1] = x, y, (1 - x) ** 2 + 100 * (y - x * x) ** 2, g0, g1
        m0, m1 = beta1 * m0 + (1 - beta1) * g0, beta1 * m1 + (1 - beta1) * g1
        v0, v1 = beta2 * v0 + (1 - beta2) * g0 * g0, beta2 * v1 + (1 - beta2) * g1 * g1
        first, second = 1 - beta1**t, 1 - beta2**t
        x -= rate * (m0 / first) / (np.sqrt(v0 / second) + epsilon)
        y -= rate * (m1 / first) / (np.sqrt(v1 / second) + epsilon)
    return rows


def compiled() -> np.ndarray:
    """The loop written out by hand for this one surface and this one optimizer, with its gradient worked by hand."""
    return _loop(*START, STEPS, RATE, BETA1, BETA2, EPSILON)[:, :2]


def seconds(function: Callable[[], np.ndarray], rounds: int) -> float:
    """The mean time of a call over some rounds."""
    begin = time.perf_counter()
    for _ in range(rounds):
        function()
    return (time.perf_counter() - begin) / rounds


def main() -> None:
    """Check that the three agree, time them in turn, print medians and ratios."""
    contenders = {"downhill": downhill, "numba": compiled, "torch": eager}
    ends = [function()[-1] for function in contenders.values()]
    np.testing.assert_allclose(ends[1:], [ends[0]] * 2, rtol=1e-9)
    torch.set_num_threads(1)
    times = {name: [] for name in contenders}
    for _ in range(REPETITIONS):
        for name, function in contenders.items():
            times[name].append(seconds(function, ROUNDS[name]))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        ratio = median / medians["downhill"]
        print(f"{name:10} {median * 1e6:10.0f} us a run   {ratio:8.2f} x downhill's time")


if __name__ == "__main__":
    main()

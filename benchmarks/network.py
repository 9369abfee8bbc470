"""A network on scikit-learn's 1,797 digits, 64-32-10: a plane of its loss, and 500 steps of Adam.

The plane, 51 x 51 places, beside what the usual tools for loss landscapes do in PyTorch: at each place set the weights,
go through a DataLoader in batches of 128, and add up the losses. That takes a minute or more, so every place costs what
a few of them do on average, spread over the plane; and beside a tighter loop that hands PyTorch all images at once. The
flop bound is the time that the products of matrices alone would take, at the rate of this machine's best product in
the same run: as they stand in the definition, and the fewer that are made.

The training, full batch, beside the loop that a PyTorch user writes. Losses of both are compared before anything is
timed; contenders take turns within one run, PyTorch on one thread. Last, in a headless Chromium, how long it takes from
the click on Train to the new picture, once all is compiled. Run by `make bench`; prints medians.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from playwright.sync_api import expect, sync_playwright
from sklearn.datasets import load_digits

from benchmarks.page import ROOT, opened, ready
from networks import (
    Network,
    Plane,
    Task,
    cross_entropy,
    extent_around,
    initial_parameters,
    loss_plane,
    pca_directions,
    project,
    random_directions,
    train,
)
from tests.browser.served import chromium, served

SIZE, STEPS, RATE, BATCH, SAMPLED, REPETITIONS = 51, 500, 0.01, 128, 24, 7
NETWORK = Network(64, 10, (32,), "relu")


def everything() -> Task:
    """All 1,797 digits to learn from, the last 359 of them as the test as well."""
    pixels, digits = load_digits(return_X_y=True)
    inputs, labels = np.asarray(pixels / 16, np.float32), np.asarray(digits, np.int32)
    return Task("digits", "", inputs, labels, inputs[-359:], labels[-359:], 10, "")


def model_of(parameters: Any) -> torch.nn.Module:
    """The same network in PyTorch."""
    first, second = torch.nn.Linear(64, 32), torch.nn.Linear(32, 10)
    for layer, (weights, bias) in zip((first, second), parameters, strict=True):
        layer.weight.data, layer.bias.data = torch.tensor(np.array(weights).T), torch.tensor(np.array(bias))
    return torch.nn.Sequential(first, torch.nn.ReLU(), second)


class TorchPlane:
    """The loop of the usual tools, over a DataLoader of batches or over all images as one."""

    def __init__(self, task: Task, plane: Plane) -> None:
        self.model = model_of(plane.centre)
        self.trees = [[tensor.detach().clone() for tensor in model_of(tree).parameters()] for tree in
                      (plane.centre, plane.first, plane.second)]  # fmt: skip
        data = torch.utils.data.TensorDataset(torch.tensor(task.inputs), torch.tensor(task.labels).long())
        self.loaders = {
            "torch, DataLoader": torch.utils.data.DataLoader(data, batch_size=BATCH),
            "torch, all at once": [(torch.tensor(task.inputs), torch.tensor(task.labels).long())],
        }

    def loss(self, which: str, a: float, b: float) -> float:
        """The loss at one place."""
        for parameter, centre, first, second in zip(self.model.parameters(), *self.trees, strict=True):
            parameter.data = centre + a * first + b * second
        total, count = 0.0, 0
        with torch.no_grad():
            for inputs, labels in self.loaders[which]:
                total += torch.nn.functional.cross_entropy(self.model(inputs), labels).item() * len(labels)
                count += len(labels)
        return total / count


def torch_training(task: Task, parameters: Any) -> np.ndarray:
    """The loop that a PyTorch user writes, keeping the losses."""
    model, loss = model_of(parameters), torch.nn.CrossEntropyLoss()
    adam = torch.optim.Adam(model.parameters(), lr=RATE)
    inputs, labels, losses = torch.tensor(task.inputs), torch.tensor(task.labels).long(), []
    for _ in range(STEPS):
        adam.zero_grad()
        value = loss(model(inputs), labels)
        value.backward()
        adam.step()
        losses.append(value.item())
    return np.array(losses)


def seconds(function: Callable[[], Any]) -> float:
    """How long one call takes."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def best_rate() -> float:
    """The floating-point operations a second of the best product of two matrices among a few sizes, float32."""
    rates = []
    for size in (512, 1024, 2048):
        matrix = jnp.ones((size, size), jnp.float32)
        multiply = jax.jit(lambda a: a @ a)
        jax.block_until_ready(multiply(matrix))
        rates.append(2 * size**3 / min(seconds(lambda m=matrix, f=multiply: jax.block_until_ready(f(m)))
                                       for _ in range(3)))  # fmt: skip
    return max(rates)


def report(title: str, times: dict[str, list[float]]) -> None:
    """The median and the fastest of each contender, and the ratios of the medians to the first."""
    print(title)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        ratio = median / medians["downhill"]
        print(f"  {name:36} median {median * 1e3:9.1f} ms   fastest {min(times[name]) * 1e3:9.1f} ms   {ratio:7.2f} x")


def planes(task: Task) -> None:
    """The plane, timed."""
    centre = initial_parameters(NETWORK)
    plane = Plane(centre, *random_directions(centre))
    other, data, loss = TorchPlane(task, plane), (task.inputs, task.labels), cross_entropy(NETWORK)
    found = loss_plane(loss, plane, size=SIZE, data=data)
    sampled = [tuple(pair) for pair in np.random.RandomState(0).randint(0, SIZE, (SAMPLED, 2))]
    for row, column in sampled[:5]:
        for which in other.loaders:
            same = other.loss(which, found.a[column], found.b[row])
            np.testing.assert_allclose(found.losses[row, column], same, rtol=1e-4)
    names = ["downhill", *other.loaders, "the products of the definition alone", "the products that are made alone"]
    times = {name: [] for name in names}
    examples, (inputs, units, classes) = len(task.labels), NETWORK.sizes
    for _ in range(REPETITIONS):
        times["downhill"].append(seconds(lambda: loss_plane(loss, plane, size=SIZE, data=data)))
        for which in other.loaders:
            some = seconds(lambda which=which: [other.loss(which, found.a[k], found.b[j]) for j, k in sampled])
            times[which].append(some * SIZE**2 / SAMPLED)
        rate, second = best_rate(), 2 * SIZE**2 * examples * units * classes
        times[names[-2]].append((SIZE**2 * 2 * examples * inputs * units + second) / rate)
        times[names[-1]].append((3 * 2 * examples * inputs * units + second) / rate)
    report(f"A plane of {SIZE} x {SIZE} places", times)


def trainings(task: Task) -> None:
    """The training, timed; then both together, as a page shows them."""
    parameters = initial_parameters(NETWORK)

    def downhill() -> Any:
        return train(task, NETWORK, "adam", steps=STEPS, learning_rate=RATE, parameters=parameters)

    def both() -> None:
        made = downhill()
        plane = Plane(made.end, *pca_directions(made.parameters)[:2])
        extent = extent_around(project(plane, made.parameters))
        loss_plane(cross_entropy(NETWORK), plane, extent, SIZE, (task.inputs, task.labels))

    contenders = {
        "downhill": downhill,
        "torch": lambda: torch_training(task, parameters),
        "downhill, and its plane": both,
    }
    np.testing.assert_allclose(downhill().losses[:100], torch_training(task, parameters)[:100], rtol=1e-3)
    both()
    times = {name: [] for name in contenders}
    for _ in range(REPETITIONS):
        for name, function in contenders.items():
            times[name].append(seconds(function))
    report(f"{STEPS} full-batch Adam steps", times)


DRAWN = """(before) => {
  const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot);
  const stages = roots.map((root) => root?.querySelector(".stage")).filter(Boolean);
  return stages.length === 1 && stages[0].querySelector(".summary").textContent !== before;
}"""


def clicks() -> None:
    """From the click on Train to the picture of the digits, each time at another learning rate."""
    with served(ROOT / "app.py") as address, sync_playwright() as playwright:
        browser = chromium(playwright)
        with opened(browser, f"{address}/networks?task=digits") as (page, _):
            page.emulate_media(reduced_motion="reduce")
            ready(page)
            rate, script = page.locator(".stNumberInput input[aria-label='Learning rate']"), page.locator(".stApp")
            times = []
            for number in range(REPETITIONS + 1):
                rate.fill(f"{0.011 + number / 1000:.3f}")
                rate.press("Enter")
                page.wait_for_url(f"**learning_rate={rate.input_value()}*")
                expect(script).to_have_attribute("data-test-script-state", "notRunning")
                before = page.locator(".stage .summary").text_content()
                begin = time.perf_counter()
                page.get_by_role("button", name="Train", exact=True).click()
                page.wait_for_function(DRAWN, arg=before, polling="raf")
                times.append(time.perf_counter() - begin)
                expect(script).to_have_attribute("data-test-script-state", "notRunning")
        browser.close()
    told = statistics.median(times[1:])  # the first compiles what the opening training did not need
    print(f"From the click to the picture\n  median {told:.2f} s   of {min(times[1:]):.2f} to {max(times[1:]):.2f} s")


def main() -> None:
    """Check that both agree, time them in turn, print medians and ratios."""
    task = everything()
    torch.set_num_threads(1)  # of so small products two threads make 20 times as long work when others want the cores
    planes(task)
    trainings(task)
    clicks()


if __name__ == "__main__":
    main()

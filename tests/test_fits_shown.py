"""What the stage shows of data beside a surface, against the tables as they are read a second time."""

from urllib.parse import urlsplit

import numpy as np
import pytest
from starlette.requests import Request

from engine import Trajectory, descend
from engine.field import batch_losses_at
from tests.data_tables import diabetes_rows, iris_rows
from tests.test_fan_route import get
from tests.test_stage import read
from ui.display import relief
from ui.outcome import facts
from ui.stage.batches import batches_address, batches_route
from ui.stage.fan import fan_addresses
from ui.stage.payload import pack_runs

SHARE = 1 / 65535  # what a 16-bit share can resolve


def on_axis(axis: dict, ordinates: np.ndarray) -> np.ndarray:
    """The losses at these ordinates of a logarithmic axis."""
    return 10 ** (axis["low"] + ordinates * SHARE * (axis["high"] - axis["low"]))


@pytest.mark.parametrize("key", ["diabetes_standardised", "iris_logistic"])
def test_held_out_loss_travels_on_one_axis_with_the_training_loss(key: str):
    """The irises' falls below the least training loss, which an axis of the loss above its minimum could not show."""
    run = descend(key, "gradient_descent", learning_rate=0.5, steps=30, l2_penalty=0.1)
    header, arrays = read(pack_runs([run], 0, scale="held_out"))
    rows = iris_rows() if key == "iris_logistic" else diabetes_rows(standardised=True)
    predictions = run.points @ rows.held_out_inputs.T
    expected = np.mean((predictions - rows.held_out_targets) ** 2, axis=1)
    if key == "iris_logistic":
        expected = np.mean(np.log1p(np.exp((1 - 2 * rows.held_out_targets) * predictions)), axis=1)
        assert expected.min() < run.losses.min()
    near = (header["curve"]["high"] - header["curve"]["low"]) * np.log(10) * SHARE
    assert on_axis(header["curve"], arrays["held_out0"]) == pytest.approx(expected, rel=near)
    assert on_axis(header["curve"], arrays["ordinate0"]) == pytest.approx(run.losses, rel=near)
    texts = {float(text): share for share, text in header["curve"]["ticks"]}
    assert on_axis(header["curve"], 65535 * np.array(list(texts.values()))) == pytest.approx(list(texts))
    assert facts(run)["Held-out loss"].startswith(f"{expected[0]:.3g} → {expected[-1]:.3g}"[:11])
    assert "held-out loss" in header["runs"][0]["summary"]


def test_held_out_loss_is_sent_only_where_it_is_asked_for_and_known():
    run = descend("diabetes_standardised", "gradient_descent", steps=60)
    assert "held_out0" not in read(pack_runs([run], 0))[1]
    line = descend("line_fit", "gradient_descent", steps=20)
    assert "Held-out loss" not in facts(line)
    with pytest.raises(ValueError, match="line_fit has no examples that are held out"):
        pack_runs([line], 0, scale="held_out")


def test_dial_drags_through_runs_on_the_same_axis():
    run = descend("diabetes_standardised", "gradient_descent", steps=60)
    addresses = fan_addresses(run, 500, "held_out")
    assert addresses is not None
    answer = get(addresses["whole"])
    (axis,) = read(bytes(answer.body))[0]["curves"]
    own = read(pack_runs([run], 0, scale="held_out"))[0]["curve"]
    assert [axis[name] for name in ("title", "low", "high")] == [own[name] for name in ("title", "low", "high")]
    assert get("fan?surface=bowl&rows=9&curve=held_out").status_code == 400


INPUTS, TARGETS = np.array([1.0, 2, 3, 4]), np.array([3.0, 5, 7, 9])
"""The table of `line_fit`."""


def contours_of(run: Trajectory, piece: int) -> tuple[dict, dict[str, np.ndarray]]:
    """What the browser gets for some of a run's steps."""
    query = urlsplit(f"{batches_address(run)}&piece={piece}").query.encode()
    answer = batches_route(Request({"type": "http", "query_string": query, "headers": []}))
    assert answer.status_code == 200, bytes(answer.body)
    return read(bytes(answer.body))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_contours_of_a_batch_lie_on_levels_of_its_own_loss(size: int):
    """Those of one example are straight: w s + b is the same all along them."""
    run = descend("line_fit", "gradient_descent", steps=40, batch_size=size, seed=3)
    _, arrays = contours_of(run, 1)
    places = arrays["points"].reshape(-1, 2) * SHARE * 9 + [-3, -2]  # the map's sides are 9 long
    step = relief(run.landscape, run.parameters).contour_step
    for batch, members in enumerate(run.mini_batches[16:32]):
        lines = range(*arrays["firsts"][batch : batch + 2])
        assert len(lines) >= 8
        met = []
        for line in lines:
            (w, b) = places[slice(*arrays["starts"][line : line + 2])].T
            wrong = np.outer(w, INPUTS[members]) + b[:, None] - TARGETS[members]
            heights = np.log10(1 + np.mean(wrong**2, axis=1))
            level = 2 * step * round(heights.mean() / (2 * step))
            assert heights == pytest.approx(np.full(len(w), level), abs=0.01)  # straight between the grid's points
            met.append(level)
            if size == 1:
                assert np.ptp(INPUTS[members] * w + b) < 0.05
        assert min(met) == pytest.approx(2 * step)  # down to the lowest
        numbers = arrays["levels"][lines.start : lines.stop]
        assert met == pytest.approx(2 * step * (1 + numbers))


def test_batch_losses_are_those_of_a_loop_over_the_batches():
    chosen = np.random.default_rng(5).random((20, 4)) < 0.5
    chosen[:, 2] |= ~chosen.any(axis=1)
    points = np.random.default_rng(6).uniform(-3, 6, (1100, 2))
    wrong = np.outer(points[:, 0], INPUTS) + points[:, 1:] - TARGETS
    expected = [np.mean(wrong[:, members] ** 2, axis=1) + 3 * np.abs(points[:, 0]) for members in chosen]
    np.testing.assert_allclose(batch_losses_at("line_fit", points, chosen, l1_penalty=3), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="bowl has no data"):
        batch_losses_at("bowl", points, chosen)


def test_contours_need_an_address_only_where_steps_look_at_some_examples():
    run = descend("line_fit", "adam", steps=9, batch_size=1, learning_rate=0.3, seed=7, l2_penalty=0.5)
    assert batches_address(run) == "batches?surface=line_fit&l2_penalty=0.5&seed=7&batch_size=1"  # whatever the rule
    assert read(pack_runs([run], 0))[0]["runs"][0]["batches"] == batches_address(run)
    assert batches_address(descend("line_fit", "adam", steps=9)) is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("surface=line_fit&batch_size=1", "piece takes one whole number"),
        ("surface=line_fit&batch_size=1&piece=-1", "piece takes one whole number"),
        ("surface=line_fit&batch_size=1&piece=1&piece=2", "piece takes one whole number"),
        ("surface=line_fit&batch_size=1&piece=313", "at most 5000 steps"),
        ("surface=line_fit&piece=0", "a batch_size is missing"),
        ("surface=line_fit&batch_size=9&piece=0", "batch_size = 9"),
        ("surface=bowl&batch_size=1&piece=0", "bowl has no data"),
        ("surface=line_fit&batch_size=1&piece=0&__class__=1", "__class__"),
    ],
)
def test_contours_of_what_is_no_batch_are_refused_in_a_sentence(query: str, said: str):
    answer = batches_route(Request({"type": "http", "query_string": query.encode(), "headers": []}))
    assert answer.status_code == 400 and said in bytes(answer.body).decode()

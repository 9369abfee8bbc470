"""What the stage shows of data beside a surface, against the tables as they are read a second time."""

import numpy as np
import pytest

from engine import descend
from tests.data_tables import diabetes_rows, iris_rows
from tests.test_fan_route import get
from tests.test_stage import read
from ui.outcome import facts
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

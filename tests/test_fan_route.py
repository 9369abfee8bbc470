"""The fan over HTTP: what the stage drags through is what the engine computes, and a hostile address is survived."""

import math
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response

from engine import Trajectory, descend, dial_rates
from optimizers import OPTIMIZERS
from tests.test_stage import read
from ui.stage.fan import STAYS, fan_addresses, fan_route

SHARE = 1 / 65535  # what a 16-bit share can resolve


def get(address: str) -> Response:
    """What the route answers to "fan?<query>"."""
    scope = {"type": "http", "query_string": urlsplit(address).query.encode(), "headers": []}
    return fan_route(Request(scope))


def fetched(run: Trajectory, kind: str = "whole", more: str = "") -> tuple[dict, dict[str, np.ndarray]]:
    addresses = fan_addresses(run, 500)
    assert addresses is not None
    answer = get(addresses[kind] + more)
    assert answer.status_code == 200, bytes(answer.body)
    return read(bytes(answer.body))


def rows_of(header: dict, arrays: dict[str, np.ndarray], place: int, run: Trajectory) -> np.ndarray:
    """The points of one run, put back onto the map as the form's description says."""
    begin = int((arrays["lengths"][:place].astype(int) + 1).sum())
    here = slice(begin, begin + int(arrays["lengths"][place]) + 1)
    shares = np.stack([arrays["x"][here], arrays["y"][here]], axis=1) / 65535
    low, high = np.array(run.landscape.domain, float).T
    return low + (shares * header["sides"] - header["sides"] // 2) * (high - low)


@pytest.mark.parametrize("place", [0, 33, 60, 75])
def test_fan_holds_the_run_at_each_rate_of_the_dial(place: int):
    run = descend("himmelblau", "adam", start=(0.5, -2), steps=80)
    header, arrays = fetched(run)
    rate = float(dial_rates("adam")[place])
    assert arrays["rates"][place] == pytest.approx(rate, rel=1e-6)
    alone = descend("himmelblau", "adam", start=(0.5, -2), steps=80, learning_rate=rate)
    low, high = np.array(run.landscape.domain, float).T
    shown = rows_of(header, arrays, place, run)
    assert len(shown) == alone.length + 1
    # half a step of 16 bits over nine map sides
    assert np.abs(shown - alone.points[: alone.length + 1]).max() <= 0.501 * 9 * (high - low).max() * SHARE


def test_ordinates_are_decades_above_the_minimum_on_the_deepest_axis():
    run = descend("bowl", "gradient_descent", start=(3, 4), steps=40)
    header, arrays = fetched(run)
    place = 60
    alone = descend("bowl", "gradient_descent", start=(3, 4), steps=40, learning_rate=float(arrays["rates"][place]))
    begin = int((arrays["lengths"][:place].astype(int) + 1).sum())
    axis = header["curves"][0]
    decades = axis["low"] + arrays["ordinate"][begin : begin + 41] * SHARE * (axis["high"] - axis["low"])
    assert decades == pytest.approx(np.log10(alone.losses), abs=(axis["high"] - axis["low"]) * SHARE)


def test_each_run_names_the_axis_that_it_would_have_alone():
    run = descend("bowl", "gradient_descent", start=(3, 4), steps=40)
    header, arrays = fetched(run)
    lows = [axis["low"] for axis in header["curves"]]
    assert lows == sorted(set(lows))
    for place in (0, 60, 80):
        lowest = (25 * (1 - 2 * float(dial_rates("gradient_descent")[place])) ** (2 * np.arange(41))).min()
        expected = 3 * math.floor(min(math.log10(max(lowest, 1e-300)), 0) / 3)
        # log10(72), the corner of the map, is 1.86, and an axis spans at least three decades below that
        assert lows[arrays["curve"][place]] == max(-15, min(expected, -2))


def test_events_are_those_of_gradient_descent_on_a_parabola():
    run = descend("bowl", "gradient_descent", start=(3, 0.5), steps=60)  # x is multiplied by 1 - 2 rate; map to 6
    _, arrays = fetched(run)
    for place, rate in enumerate(dial_rates("gradient_descent")):
        growth = abs(1 - 2 * rate)
        step = math.floor(math.log(2) / math.log(growth)) + 1 if growth > 1 else STAYS
        assert arrays["left"][place] == (step if step <= 60 else STAYS)
        assert arrays["lengths"][place] == 60 or growth == 0
    first = int((arrays["left"] < STAYS).argmax())
    x = (arrays["exits"].reshape(-1, 2)[first, 0] * SHARE * 9 - 4) * 12 - 6
    assert abs(x) == pytest.approx(6, abs=12 * 9 * SHARE)


def test_run_that_becomes_infinite_ends_broken_and_stays_in_the_window():
    run = descend("rosenbrock", "gradient_descent", steps=60)
    header, arrays = fetched(run)
    last = len(arrays["rates"]) - 1
    assert arrays["broken"][last] == 1 and arrays["lengths"][last] < 60
    assert header["verdicts"][arrays["verdict"][last]]["name"] == "diverged"
    assert arrays["broken"][0] == 0 and arrays["lengths"][0] == 60


def test_segment_that_leaves_the_window_keeps_its_direction():
    # One step from (3, 0.5) on the ravine goes far: it is cut on the straight line between the two iterates.
    settings = {"start": (3.0, 0.5), "steps": 3, "condition_number": 10.0}
    run = descend("ravine", "gradient_descent", **settings)
    header, arrays = fetched(run)
    place = len(arrays["rates"]) - 1
    alone = descend(
        "ravine", "gradient_descent", **settings, learning_rate=float(dial_rates("gradient_descent")[place])
    )
    shown = rows_of(header, arrays, place, run)
    way, cut = alone.points[1] - alone.points[0], shown[1] - shown[0]
    assert np.hypot(*cut) < np.hypot(*way)
    assert way[0] * cut[1] - way[1] * cut[0] == pytest.approx(0, abs=1e-3 * np.hypot(*way) * np.hypot(*cut))


def test_onward_fan_goes_on_from_the_run_as_it_is():
    changes = {10: 0.004}
    run = descend("rosenbrock", "momentum", steps=90, learning_rate=0.0007, momentum=0.8, rate_changes=changes)
    header, arrays = fetched(run, "onward", "&from=25")
    assert (header["first"], header["steps"]) == (25, 65)
    place = 30
    rate = float(dial_rates("momentum")[place])
    alone = descend(
        "rosenbrock", "momentum", steps=90, learning_rate=0.0007, momentum=0.8, rate_changes={**changes, 25: rate}
    )
    shown = rows_of(header, arrays, place, run)
    assert np.abs(shown - alone.points[25 : alone.length + 1]).max() <= 0.501 * 9 * 4 * SHARE


def test_whole_fan_has_one_address_for_all_rates():
    one, other = (
        descend("bowl", "momentum", learning_rate=rate, rate_changes=changes)
        for rate, changes in ((0.01, ()), (0.02, ((5, 0.5),)))
    )
    addresses = [fan_addresses(run, 500) for run in (one, other)]
    assert addresses[0] is not None and addresses[1] is not None
    assert addresses[0]["whole"] == addresses[1]["whole"]
    assert addresses[0]["onward"] != addresses[1]["onward"]
    assert dict(parse_qsl(urlsplit(addresses[1]["onward"]).query))["then"] == "5:0.5"


def test_optimizer_without_a_learning_rate_has_no_fan():
    key = next(key for key, method in OPTIMIZERS.items() if "learning_rate" not in method.knobs)
    assert fan_addresses(descend("bowl", key, steps=5), 500) is None
    assert get(f"fan?surface=bowl&optimizer={key}").status_code == 400


def test_six_fans_of_three_hundred_steps_are_small_enough():
    keys = ("gradient_descent", "momentum", "nesterov", "adam", "rmsprop", "lion")
    total = 0
    for key in keys:
        addresses = fan_addresses(descend("himmelblau", key, steps=500), 300)
        assert addresses is not None
        total += len(bytes(get(addresses["whole"]).body))
    assert total <= 1.5e6


@pytest.mark.parametrize(
    "query",
    [
        "surface=nowhere", "optimizer=__class__", "learning_rate=1&learning_rate=2", "steps=1e999",
        "rows=501&steps=900", "rows=-1", "rows=1e3", "rows=1&rows=2", "from=x", "from=501", "from=99999999999",
        "rows=%D9%A3", "x=nan", "<script>=1", "then=1:2:3",
    ],
)  # fmt: skip
def test_fan_refuses_what_it_does_not_know_in_a_sentence(query: str):
    answer = get(f"fan?{query}")
    assert answer.status_code == 400
    assert bytes(answer.body).decode().endswith(".")
    assert answer.headers["content-type"].startswith("text/plain")


def test_another_rate_or_start_compiles_nothing(compilations: list[str]):
    get("fan?surface=ravine&optimizer=momentum&rows=50")
    get("fan?surface=ravine&optimizer=momentum&rows=50&from=3")
    compilations.clear()
    for query in ("x=0.5", "condition_number=9&from=7&learning_rate=0.1", "momentum=0.2&steps=900"):
        assert get(f"fan?surface=ravine&optimizer=momentum&{query}").status_code == 200
    assert compilations == []


def test_limit_of_adam_at_the_start_is_that_of_its_first_divisor():
    # Its first divisor is 1 - beta1 times the gradient's size (Cohen et al. 2022): of the ravine's curvatures 1 and 9
    # by |x| and 9 |y| the larger is 1 / 0.25, and that factor cancels the one in 2 (1 + beta1) / (1 - beta1).
    run = descend("ravine", "adam", start=(3, 0.25), steps=30, condition_number=9)
    header, _ = fetched(run)
    assert header["limit"]["start"] == pytest.approx(2 * 1.9 * 0.25, rel=1e-6)
    assert header["unlimited"] == ""
    assert fetched(run, "onward", "&from=5")[0]["limit"] is None


def test_optimizer_of_which_no_limit_is_known_says_so():
    header, _ = fetched(descend("ravine", "lion", steps=30))
    assert header["limit"] is None
    assert header["unlimited"] == "No stability limit is known for Lion"

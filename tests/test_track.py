"""What is served beside the loss: the sharpness on its axis, and the explanation packed."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pytest
from starlette.requests import Request

from engine import descend
from engine.sharpness import sharpness, stability
from landscapes import LANDSCAPES
from ui.stage.track import TRACK_ROUTES, pack_explanation, pack_track, run_query


def unpacked(body: bytes):
    length = int.from_bytes(body[:4], "little")
    header, at, arrays = json.loads(body[4 : 4 + length]), 4 + length, {}
    for name, kind, size in header["arrays"]:
        arrays[name] = np.frombuffer(body, np.dtype(kind).newbyteorder("<"), size, at)
        at += -(-arrays[name].nbytes // 4) * 4
    return header, arrays


def get(path, *runs):
    """The answer to a request for these runs, by the route of that path."""
    (route,) = (route for route in TRACK_ROUTES if route.path == path)
    query = urlencode([("run", run) for run in runs]).encode()
    return route.endpoint(Request({"type": "http", "method": "GET", "headers": [], "query_string": query}))


def steep(**settings):
    return descend("ravine", "gradient_descent", start=(1, 1), condition_number=50, steps=30, **settings)


def read(ordinate, header):
    """The number that an ordinate stands for, by the labels of the axis."""
    (low, first), *_, (high, last) = [(at, float(text.replace(",", ""))) for at, text in header["ticks"]]
    return first + (ordinate / 65535 - low) * (last - first) / (high - low)


def test_track_draws_the_sharpness_and_its_limit_on_one_axis():
    header, arrays = unpacked(pack_track(steep(learning_rate=0.03)))
    np.testing.assert_allclose(read(arrays["sharpness0"], header), 50, rtol=1e-3)  # sixteen bits
    np.testing.assert_allclose(read(arrays["limits0"], header), 2 / 0.03, rtol=1e-3)
    assert header["runs"] == [{"limit": "limit 2/η", "above": False, "crossings": []}]
    assert "stays below" in header["spoken"]


def test_track_marks_the_row_from_which_a_new_rate_is_too_large():
    header, arrays = unpacked(pack_track(steep(learning_rate=0.03, rate_changes={12: 0.05, 20: 0.01})))
    assert header["runs"][0]["crossings"] == [12, 20] and not header["runs"][0]["above"]
    assert "above at 8 of 31 rows, first at step 12" in header["spoken"]
    assert arrays["limits0"][11] > arrays["sharpness0"][11] > arrays["limits0"][12]


def test_track_is_logarithmic_over_decades_and_keeps_what_is_off_the_map_from_stretching_it():
    run = descend("rosenbrock", "gradient_descent", learning_rate=0.01, steps=30)
    assert run.status == "diverged" and sharpness(run).max() > 1e20
    header, arrays = unpacked(pack_track(run))
    assert all(tick <= 1 for tick, _ in header["ticks"])
    inside = np.abs(run.points[: run.length + 1]).max(axis=1) < 1
    assert (arrays["sharpness0"][: len(inside)][inside] > 0).all()
    assert arrays["sharpness0"][run.length] == 65535  # at the very end of the axis: off it


def test_track_says_that_no_limit_is_known_and_draws_none():
    header, arrays = unpacked(pack_track(descend("himmelblau", "lion", steps=10)))
    assert header["runs"][0]["limit"] is None and list(arrays) == ["sharpness0"]
    assert "No limit of the sharpness is known for Lion" in header["note"]


def test_track_of_several_runs_has_one_axis():
    runs = steep(learning_rate=0.03), steep(learning_rate=0.01)
    header, arrays = unpacked(pack_track(*runs))
    np.testing.assert_array_equal(arrays["sharpness0"], arrays["sharpness1"])
    for place, run in enumerate(runs):
        stable = stability(run)
        assert stable is not None
        np.testing.assert_allclose(read(arrays[f"limits{place}"], header), stable.limits, rtol=1e-3)


def test_explanation_carries_the_numbers_of_its_slots():
    run = descend("himmelblau", "momentum", steps=20)
    header, arrays = unpacked(pack_explanation(run))
    slots = {name: (size, arrays[str(place)]) for place, (name, size) in enumerate(header["slots"])}
    size, values = slots["x_t"]
    np.testing.assert_array_equal(values.reshape(-1, size)[:20], run.points[1:].astype(np.float32))
    assert header["length"] == 20 and not header["diverged"]


def test_routes_answer_the_run_of_a_query():
    run = steep(learning_rate=0.03, rate_changes={5: 0.02})
    query = run_query(run)
    assert query is not None
    assert get("/track", query).body == pack_track(run)
    assert get("/explain", query).body == pack_explanation(run)
    assert get("/track", query, "").status_code == 200  # the opening run has an empty query


HOSTILE = ["a=b", "optimizer=<b>", "x=1e999", "steps=1&steps=2", "then=5", "&".join(["x=1"] * 100)]


@pytest.mark.parametrize("runs", [(), *[(text,) for text in HOSTILE], ("",) * 7])
def test_routes_refuse_what_means_nothing_in_plain_text(runs):
    for path in ("/track", "/explain"):
        answer = get(path, *runs)
        assert answer.status_code == 400 and answer.media_type == "text/plain"


def test_a_landscape_of_ones_own_has_no_address():
    own = replace(LANDSCAPES["bowl"], key="mine")
    assert run_query(descend(own, "adam", steps=1)) is None

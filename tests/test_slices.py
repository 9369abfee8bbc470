"""A slice of many dimensions on the stage: heights against SciPy, the runs' own losses, bytes by their digest."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator
from starlette.requests import Request
from starlette.responses import Response

from networks import Edge
from tests.test_stage import SHARE, SINGLE, numbers_in, read
from ui.look import PLAIN
from ui.stage.edges import pack_edges
from ui.stage.shelf import SHELF, Shelf, shelf_route
from ui.stage.slices import Projected, Slice, pack_slice

A, B = np.linspace(-2, 1, 31), np.linspace(-1, 3, 21)


def made_up(losses: np.ndarray | None = None) -> Slice:
    """A slice with another count and another span along each side, and no symmetry that would hide a mix-up."""
    if losses is None:
        losses = A[None, :] ** 2 + 0.3 * np.exp(B[:, None]) + 0.1 * A[None, :] * B[:, None]
    return Slice("Made up", ("a", "b"), A, B, losses)


def path(points: list[tuple[float, float]], losses: list[float], rows: int | None = None) -> Projected:
    return Projected(
        label="Made up", points=np.array(points), losses=np.array(losses), held_out=2 * np.array(losses),
        rows=rows or len(points), summary="A summary.", reason="",
    )  # fmt: skip


WAY = path([(0.5, 2.5), (0.123, 1.987), (-0.7, 0.05), (-1.99, -0.99)], [40.0, 4.0, 0.4, 0.04])


def get(address: str) -> Response:
    digest = address.removeprefix("shelf/")
    return shelf_route(Request({"type": "http", "headers": [], "path_params": {"digest": digest}}))


def test_surface_of_a_slice_has_the_heights_of_its_losses():
    sent, _ = read(pack_slice(made_up(), [WAY], 0, PLAIN))
    header, arrays = read(bytes(get(sent["surface"]).body))
    shown = np.log10(1 + made_up().losses)
    assert header["size"] == [31, 21] and header["domain"] == [[-2, 1], [-1, 3]]
    expected = (shown - shown.min()) / (shown.max() - shown.min())
    assert arrays["heights"].reshape(21, 31) == pytest.approx(expected, abs=SINGLE)
    assert header["minima"] == header["local_minima"] == header["saddles"] == [] and header["fit"] is None


def test_ball_stands_on_the_slice_while_the_curve_shows_the_runs_own_loss():
    header, arrays = read(pack_slice(made_up(), [WAY], 3, PLAIN, every=5))
    assert header["received"] == 3 and header["every"] == 5 and header["starts"] is False
    shown = made_up().relief.heights
    assert arrays["height0"] / 65535 == pytest.approx(
        RegularGridInterpolator((B, A), shown)(WAY.points[:, ::-1]), abs=SHARE
    )
    assert numbers_in(arrays["loss0"]) == pytest.approx(WAY.losses, rel=2**-16)
    low, high = header["curve"]["low"], header["curve"]["high"]
    assert (low, high) == pytest.approx((math.log10(0.9 * 0.04), math.log10(2 * 80)))
    for name, losses in (("ordinate0", WAY.losses), ("held_out0", 2 * WAY.losses)):
        assert arrays[name] / 65535 == pytest.approx((np.log10(losses) - low) / (high - low), abs=SHARE)


def test_path_that_leaves_the_slice_says_where_and_stays_at_its_edge():
    away = path([(0.0, 0.0), (0.5, 1.0), (1.5, 3.0)], [3.0, 2.0, 1.0])
    header, arrays = read(pack_slice(made_up(), [away], 0, PLAIN))
    assert header["runs"][0]["left"] == {"step": 2, "point": pytest.approx([1.0, 2.0])}
    assert arrays["height0"][2] / 65535 == pytest.approx(made_up().relief.heights[-1, -1], abs=SHARE)


def test_run_that_broke_off_is_told_as_diverged():
    broken = path([(0.0, 0.0), (0.5, 1.0)], [3.0, 1e30], rows=9)
    run = read(pack_slice(made_up(), [broken], 0, PLAIN))[0]["runs"][0]
    assert (run["status"], run["not_finite"], run["steps"], run["length"]) == ("diverged", 2, 8, 1)
    assert run["verdict"]["name"] == "diverged"


def test_losses_that_are_not_finite_are_drawn_at_the_top():
    losses = made_up().losses.copy()
    losses[3, 4], losses[5, 6] = np.nan, np.inf
    drawn = made_up(losses).relief
    assert drawn.heights[3, 4] == drawn.heights[5, 6] == 1 and np.isfinite(drawn.heights).all()
    nowhere = made_up(np.full((21, 31), np.nan))
    header, arrays = read(pack_slice(nowhere, [path([(0.0, 0.0)], [math.inf])], 0, PLAIN))
    assert np.isfinite(header["curve"]["low"]) and header["curve"]["low"] < header["curve"]["high"]
    assert numbers_in(arrays["loss0"])[0] > 1e38


def test_two_paths_leave_out_what_would_cover_each_other():
    _, arrays = read(pack_slice(made_up(), [WAY, WAY], 0, PLAIN))
    assert {"x0", "x1"} <= set(arrays) and not {"held_out0", "held_out1"} & set(arrays)


def found(limits: float, words: str) -> Edge:
    """A sharpness that rises from 1 to 5 and falls to 3, over twenty steps."""
    return Edge(
        numbers=np.array([0, 10, 20]), sharpness=np.array([1.0, 5.0, 3.0]), limits=np.full(3, limits),
        preconditioned=False, words=words, tex="", source="A source" if words else "", approximate="",
    )  # fmt: skip


def test_sharpness_along_a_training_is_straight_between_its_places_and_held_to_its_limit():
    track, arrays = read(pack_edges([found(4.0, "2/η")], [path([(0.0, 0.0)] * 11, [1.0] * 11)], 2))
    (one, first), (other, second) = [(float(text.replace("−", "-")), at) for at, text in track["ticks"][:2]]
    values = one + (arrays["sharpness0"] / 65535 - first) * (other - one) / (second - first)
    assert values == pytest.approx([1, 1.8, 2.6, 3.4, 4.2, 5, 4.6, 4.2, 3.8, 3.4, 3], abs=1e-3)
    limits = one + (arrays["limits0"] / 65535 - first) * (other - one) / (second - first)
    assert limits == pytest.approx(np.full(11, 4.0), abs=1e-3)
    assert track["runs"] == [{"limit": "limit 2/η", "above": False, "crossings": [4, 8]}]
    assert "Found at 3 steps" in track["note"] and "below 2/η" in track["note"]
    assert "sharpness 1 at the start and 3 at step 20; its limit there is 4." in track["spoken"]


def test_sharpness_without_a_limit_or_without_numbers_says_so():
    track, arrays = read(pack_edges([found(math.nan, "")], [path([(0.0, 0.0)] * 11, [1.0] * 11)], 2))
    assert "limits0" not in arrays and track["runs"][0]["limit"] is None and "No limit" in track["note"]
    broken = replace(found(4.0, "2/η"), sharpness=np.full(3, math.nan))
    _, arrays = read(pack_edges([broken], [path([(0.0, 0.0)] * 11, [1.0] * 11)], 2))
    assert (arrays["sharpness0"] == 0).all()  # below the axis


def test_shelf_keeps_the_last_used_and_answers_in_a_sentence_for_the_rest():
    shelf = Shelf(room=2)
    first, second = (shelf.put(body).removeprefix("shelf/") for body in (b"1", b"2"))
    assert shelf.get(first) == b"1"
    shelf.put(b"3")
    assert shelf.get(second) is None and shelf.get(first) == b"1"
    assert SHELF.put(b"4") == SHELF.put(b"4") and "immutable" in get(SHELF.put(b"4")).headers["cache-control"]
    gone = get("shelf/nothing")
    assert gone.status_code == 404 and bytes(gone.body).decode().endswith(".")

"""What the stage is sent: heights, contours, ordinates, events and words, against NumPy and closed forms."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from engine import Trajectory, descend
from landscapes import LANDSCAPES
from ui.display import curve, display, linear_ticks, nice_step, power_of_ten, relief
from ui.palette import SERIES, THEMES, Theme, oklab_to_srgb, ramp, ramp_hex, srgb_to_oklab
from ui.stage import start_in
from ui.stage.payload import leaves_map, pack_runs, summary
from ui.stage.surface import surface_address, surface_route

SHARE = 1 / 65535  # what a 16-bit share can resolve
SINGLE = 1e-6  # relative, float32


def read(body: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """The form's description, read independently of the code that writes it."""
    length = int.from_bytes(body[:4], "little")
    header, at, arrays = json.loads(body[4 : 4 + length]), 4 + length, {}
    for name, kind, size in header["arrays"]:
        arrays[name] = np.frombuffer(body, np.dtype(kind).newbyteorder("<"), size, at)
        at += math.ceil(arrays[name].nbytes / 4) * 4
    assert at == len(body)
    return header, arrays


def numbers_in(sent: np.ndarray) -> np.ndarray:
    """The numbers of which the upper three bytes were sent."""
    return np.frombuffer(np.pad(sent.reshape(-1, 3), ((0, 0), (1, 0))).tobytes(), "<f4")


def get(address: str, **headers: str) -> Response:
    """What the route answers to "surface/<key>?<query>"."""
    key, _, query = address.removeprefix("surface/").partition("?")
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "query_string": query.encode(), "headers": named, "path_params": {"key": key}}
    return surface_route(Request(scope))


def made_up(points: list[tuple[float, float]], losses: list[float], steps: int = 10) -> Trajectory:
    """A run on the bowl, [-6, 6] x [-6, 6], that goes wherever a test needs it."""
    run = descend("bowl", "gradient_descent", steps=steps)
    rows = np.full((steps + 1, 2), np.nan)
    rows[: len(points)] = points
    values = np.full(steps + 1, np.nan)
    values[: len(losses)] = losses
    return replace(run, points=rows, losses=values, start=points[0], length=len(points) - 1, at_rest=False)


def test_display_is_the_transform_that_its_title_names():
    losses = np.array([0.5, 3.0, 999.0])
    assert display(LANDSCAPES["rosenbrock"], losses) == pytest.approx(np.log10(1 + losses), rel=1e-15)
    asinh = next(entry for entry in LANDSCAPES.values() if entry.height == "asinh")
    assert display(asinh, -losses) == pytest.approx(-np.log(losses + np.sqrt(losses**2 + 1)), rel=1e-15)
    assert relief(LANDSCAPES["rosenbrock"], {}).axis.title == "log₁₀(1 + loss)"


@pytest.mark.parametrize("key", LANDSCAPES)
def test_relief_fills_the_axis_and_holds_every_minimum(key: str):
    entry = LANDSCAPES[key]
    drawn = relief(entry, {name: knob.default for name, knob in entry.parameters.items()})
    assert drawn.heights.min() >= 0
    assert drawn.heights.max() == 1
    assert 8 <= (drawn.axis.high - drawn.axis.low) / drawn.contour_step <= 20 + 1e-9
    assert len(drawn.axis.ticks) >= 2
    if entry.minimum is not None:
        assert drawn.axis.low <= float(display(entry, np.array(entry.minimum)))


def test_surface_sends_the_heights_of_the_closed_form():
    header, arrays = read(bytes(get("surface/rosenbrock").body))
    heights = arrays["heights"].reshape(header["size"][::-1])
    x, y = np.meshgrid(np.linspace(-2, 2, 201), np.linspace(-1, 3, 201))
    shown = np.log10(1 + (1 - x) ** 2 + 100 * (y - x**2) ** 2)
    assert heights == pytest.approx(shown / shown.max(), abs=SINGLE)
    assert header["minima"] == [[1, 1]]


def test_contour_lines_lie_on_their_level():
    header, arrays = read(bytes(get("surface/bowl").body))
    points = arrays["points"].reshape(-1, 2) / 65535 * 12 - 6
    levels = (points**2).sum(axis=1) / 72  # the loss as a share of its largest, 72, in the corners
    first, step = header["contours"]["first"], header["contours"]["step"]
    strays = np.abs((levels - first) / step - np.rint((levels - first) / step))
    # Between two points of the mesh a line is straight: it strays by (12 / 200)^2 / 4 at most, and by rounding.
    assert strays.max() * step <= 0.06**2 / 4 / 72 + 4 * 12 * SHARE * 12 / 72
    assert len(arrays["strong"]) == len(arrays["starts"]) - 1
    strong = levels[arrays["starts"][:-1]][arrays["strong"] == 1]
    assert ((strong * 72 / (step * 72)).round() % header["contours"]["every"] == 0).all()


def test_surface_takes_its_parameters_and_changes_address_with_them():
    entry = LANDSCAPES["ravine"]
    one, other = (surface_address(entry, {"condition_number": value}) for value in (10.0, 100.0))
    assert one != other
    answers = [get(address) for address in (one, other)]
    assert answers[0].body != answers[1].body
    assert "immutable" in answers[0].headers["cache-control"]
    again = get(one, if_none_match=answers[0].headers["etag"])
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("nowhere", 404),
        ("__class__", 404),
        ("ravine?condition_number=nan", 400),
        ("ravine?condition_number=1e9", 400),
        ("ravine?condition_number=<script>", 400),
        ("ravine?condition_number=10&condition_number=20", 400),
        ("bowl?unknown=1", 400),
    ],
)
def test_surface_refuses_what_it_does_not_know_in_a_sentence(address: str, status: int):
    answer = get(f"surface/{address}")
    assert answer.status_code == status
    assert bytes(answer.body).decode().endswith(".")
    assert answer.headers["content-type"].startswith("text/plain")


def test_runs_send_the_path_its_heights_and_its_losses():
    run = descend("rosenbrock", "adam", steps=60, learning_rate=0.05)
    header, arrays = read(pack_runs([run], 7))
    assert header["received"] == 7
    described = header["runs"][0]
    assert (described["steps"], described["length"], described["status"]) == (60, 60, "running")
    points = np.stack([numbers_in(arrays[name]) for name in ("x0", "y0")], axis=1)
    assert points == pytest.approx(run.points, rel=2**-16)
    assert numbers_in(arrays["loss0"]) == pytest.approx(run.losses, rel=2**-16)
    tallest = math.log10(1 + 2509)  # the loss at (-2, -1), the highest corner: 9 + 100 * 25
    assert arrays["height0"] * SHARE == pytest.approx(np.log10(1 + run.losses) / tallest, abs=SHARE)


def test_default_run_is_small_enough_to_send_at_each_move():
    assert len(pack_runs([descend("rosenbrock", "adam", steps=500)], 0)) < 10_000


def test_ordinates_are_decades_between_the_ticks_they_are_labelled_with():
    run = made_up([(5, 0), (4, 0), (1, 0)], [25, 10, 1e-2])
    header, arrays = read(pack_runs([run], 0))
    at = {text: share for share, text in header["curve"]["ticks"]}
    assert arrays["ordinate0"][1] * SHARE == pytest.approx(at["10"], abs=SHARE)
    assert arrays["ordinate0"][2] * SHARE == pytest.approx(at["10⁻²"], abs=SHARE)


def test_loss_axis_does_not_follow_a_run_that_diverges():
    calm, wild = made_up([(5, 0), (4, 0)], [25, 16]), made_up([(5, 0), (1e9, 0)], [25, 1e18])
    axes = [curve(run.landscape, {}, [run.losses[:2]]).axis for run in (calm, wild)]
    assert axes[0] == axes[1]
    assert axes[0].high == math.log10(72)  # the corners of the map
    assert read(pack_runs([wild], 0))[1]["ordinate0"].tolist()[1] == 65535  # off the axis, and no other value is
    assert read(pack_runs([calm], 0))[1]["ordinate0"].max() < 65535


def test_point_too_far_for_float32_keeps_its_direction():
    run = made_up([(1, 1), (3e200, -1e200)], [2, 1e300])
    _, arrays = read(pack_runs([run], 0))
    assert np.isfinite(arrays["x0"]).all() and np.isfinite(numbers_in(arrays["loss0"])).all()
    assert numbers_in(arrays["x0"])[1] / numbers_in(arrays["y0"])[1] == pytest.approx(-3, rel=2**-16)


@pytest.mark.parametrize(
    ("points", "step", "crossing"),
    [
        ([(4, 0), (8, 2)], 1, (6, 1)),
        ([(0, 0), (0, 3), (3, -9)], 2, (2.25, -6)),
        ([(0, 0), (-12, 6)], 1, (-6, 3)),
        ([(5, 5), (6, 6), (9, 9)], 2, (6, 6)),
        ([(7, 0), (1, 0)], 0, (7, 0)),
    ],
)
def test_leaves_map_finds_the_step_and_the_crossing(points: list, step: int, crossing: tuple[float, float]):
    left = leaves_map(made_up(points, [1.0] * len(points)))
    assert left is not None
    assert left["step"] == step
    assert left["point"] == pytest.approx(crossing, rel=1e-12)


def test_leaves_map_is_silent_about_a_run_that_stays_to_its_very_edge():
    assert leaves_map(made_up([(6, 6), (-6, -6)], [72, 72])) is None


def test_summary_tells_how_a_run_went():
    def told(run: Trajectory) -> str:
        return summary(run).partition(": ")[2]

    assert told(descend("bowl", "gradient_descent", learning_rate=0.25)).endswith("at a minimum.")
    assert told(descend("rosenbrock", "adam", steps=5)).endswith("still running.")
    wild = made_up([(5, 0), (7, 0), (9, 0)], [25, 49, 81])
    assert told(wild) == "loss 25 to 81; left the map at step 1; not finite at step 3."
    assert told(made_up([(7, 0), (1, 0)], [49, 1], steps=1)).startswith("loss 49 to 1; the start is outside the map")
    assert summary(wild).startswith("Gradient descent on Bowl from (5, 0), 2 of 10 steps: ")


def test_ticks_are_round_and_inside():
    assert [text for _, text in linear_ticks(-4, 4, 4)] == ["−4", "−2", "0", "2", "4"]
    assert nice_step(0.03) == pytest.approx(0.05)
    assert [power_of_ten(p) for p in (-12, 0, 1, 3)] == ["10⁻¹²", "1", "10", "10³"]


@pytest.mark.parametrize("theme", THEMES)
def test_ramp_takes_even_steps_and_only_grows_lighter(theme: Theme):
    strides = np.linalg.norm(np.diff(ramp(theme), axis=0), axis=1)
    assert strides.max() / strides.min() < 1.05  # nobody sees a twentieth of a stride, a tenth of what can be seen
    shown = srgb_to_oklab(np.array([[int(text[i : i + 2], 16) for i in (1, 3, 5)] for text in ramp_hex(theme)]) / 255)
    assert (np.diff(shown[:, 0]) > 0).all()
    assert np.abs(shown - ramp(theme)).max() < 0.004  # half a step of 8-bit colour, at its largest in the dark


def test_oklab_agrees_with_its_published_pairs():
    # Ottosson's own values for white and for the sRGB primaries, to the three decimals at which they are widely quoted.
    pairs = {(1, 1, 1): (1, 0, 0), (1, 0, 0): (0.628, 0.225, 0.126), (0, 1, 0): (0.866, -0.234, 0.179)}
    for colour, lab in (pairs | {(0, 0, 1): (0.452, -0.032, -0.312)}).items():
        assert srgb_to_oklab(np.array(colour, float)) == pytest.approx(lab, abs=6e-4)
        assert oklab_to_srgb(srgb_to_oklab(np.array(colour, float))) == pytest.approx(colour, abs=1e-6)


# What people without one kind of cone see, in linear light: Machado et al. 2009, doi:10.1109/TVCG.2009.113.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_series_are_told_apart_by_every_eye(theme: Theme, deficiency: str):
    srgb = np.array([[int(s.colours[theme][i : i + 2], 16) for i in (1, 3, 5)] for s in SERIES]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(DEFICIENCIES[deficiency]).T, 0, 1)
    lab = srgb_to_oklab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)[np.triu_indices(len(SERIES), 1)]
    assert apart.min() > 0.1  # ten times a just noticeable difference


def test_series_differ_in_dash_and_marker_as_well():
    assert len({series.dash for series in SERIES}) == len({series.marker for series in SERIES}) == len(SERIES) == 6


@pytest.mark.parametrize(
    ("sent", "start"),
    [
        ({"point": [0.1, -2], "number": 1}, (0.1, -2.0)),
        ({"point": [0.1, "2"], "number": 1}, None),
        ({"point": [0.1, math.nan], "number": 1}, None),
        ({"point": [math.inf, 0.1], "number": 1}, None),
        ({"point": [True, 2.0], "number": 1}, None),
        ({"point": [0.1], "number": 1}, None),
        ({"point": [0.1, 10**400], "number": 1}, None),
        ("<script>", None),
        (None, None),
    ],
)
def test_start_in_takes_two_finite_numbers_and_nothing_else(sent: object, start: tuple[float, float] | None):
    assert start_in(sent) == start


def test_show_stage_draws_whatever_the_browser_has_sent():
    def page() -> None:
        from engine import descend
        from ui.look import Look
        from ui.stage import show_stage

        show_stage([descend("bowl", "gradient_descent", steps=3)], on_start=print, look=Look(), on_look=print)

    app = AppTest.from_function(page).run()
    for sent in ({"start": {"point": "<script>", "number": "x"}}, {"start": 7}, {}):
        app.session_state["stage"] = sent
        assert not app.run().exception


def test_schedule_clipping_and_epochs_travel_with_the_run():
    settings = {"steps": 60, "schedule": "cosine", "final": 0.5, "clip_norm": 20, "batch_size": 1}
    run = descend("line_fit", "gradient_descent", learning_rate=0.01, **settings)
    header, arrays = read(pack_runs([run], 0))
    rates = arrays["rate0"] / 65535
    assert len(rates) == 60 and rates[[0, 30]] == pytest.approx([1, 0.75], abs=1e-4)  # half-way between 1 and 0.5
    assert arrays["clipped0"].tolist() == run.clipped.tolist() and run.clipped[0]
    assert header["runs"][0]["epoch"] == 4
    clipped = int(run.clipped.sum())
    assert "with schedule cosine, clip norm 20, batch size 1, final 0.5 on " in header["runs"][0]["summary"]
    assert f"; {clipped} steps clipped" in header["runs"][0]["summary"]


def test_plain_run_carries_no_twists():
    header, arrays = read(pack_runs([descend("line_fit", "gradient_descent", steps=20)], 0))
    assert not {"rate0", "clipped0"} & set(arrays)
    assert header["runs"][0]["epoch"] is None


def test_examples_travel_with_the_surface_that_is_fitted_to_them():
    header, arrays = read(bytes(get("surface/line_fit").body))
    assert header["fit"] == {"model": "line", "horizontal": "input", "vertical": "target", "target": "target"}
    assert arrays["fit_inputs"].tolist() == [1, 2, 3, 4] and arrays["fit_targets"].tolist() == [3, 5, 7, 9]
    header, arrays = read(bytes(get("surface/iris_logistic").body))
    assert header["fit"]["model"] == "boundary" and set(arrays["fit_targets"]) == {0, 1}
    assert len(arrays["fit_inputs"]) == 2 * len(arrays["fit_targets"]) == 2 * LANDSCAPES["iris_logistic"].examples
    header, arrays = read(bytes(get("surface/diabetes_raw").body))
    assert header["fit"]["model"] == "plane" and header["fit"]["vertical"] == "predicted"
    assert len(arrays["fit_inputs"]) == 2 * len(arrays["fit_targets"]) == 2 * 354
    header, arrays = read(bytes(get("surface/bowl").body))
    assert header["fit"] is None and "fit_inputs" not in arrays


def test_examples_of_each_step_are_lit_where_they_are_few():
    run = descend("line_fit", "gradient_descent", steps=8, batch_size=1)
    lit = read(pack_runs([run], 0))[1]["batch0"].tolist()
    assert [bits.bit_length() - 1 for bits in lit] == run.mini_batches.argmax(axis=1).tolist()
    assert sorted(lit[:4]) == sorted(lit[4:]) == [1, 2, 4, 8]
    many = descend("iris_logistic", "gradient_descent", steps=8, batch_size=1)
    assert "batch0" not in read(pack_runs([many], 0))[1]


def test_start_without_a_loss_and_an_infinite_one_are_told_apart():
    lost = replace(descend("bowl", "adam", steps=0), losses=np.array([np.nan]))
    assert np.isnan(numbers_in(read(pack_runs([lost], 0))[1]["loss0"])[0])
    beyond = replace(lost, losses=np.array([-1e300]))
    assert numbers_in(read(pack_runs([beyond], 0))[1]["loss0"])[0] == pytest.approx(
        -np.finfo(np.float32).max, rel=2**-16
    )

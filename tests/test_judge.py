"""The measures behind a verdict, on paths made by hand: on either side of each number that docs/model.md names."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine import descend, diagnose
from engine.judge import Judgement, Runs, judge
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS

BOWL = replace(LANDSCAPES["bowl"], domain=((-2, 3), (-1, 9)), start=(1, 1), pins=(((1, 1), 2),))
"""x² + y², both curvatures 2, on a map whose shorter side is 5 and whose longer one is 10."""
UNKNOWN = replace(BOWL, minima=(), minimum=None)
QUARTERS = np.repeat(np.arange(4), 10)  # of 40 rows


def judged(paths: Any, losses: Any = None, surface=BOWL, optimizer="adam", settings=None, **more: Any) -> Judgement:
    """The judgement on paths, (runs, rows, 2) or one of them; losses and gradients are the bowl's if not given."""
    points = np.asarray(paths, float).reshape(-1, *np.shape(paths)[-2:])
    count, rows = points.shape[:2]
    own = np.sum(points**2, axis=2) if losses is None else np.broadcast_to(losses, (count, rows)).astype(float)
    given = {
        "rates": np.full(count, np.nan), "lengths": np.full(count, rows - 1), "at_rest": np.zeros(count, bool),
        "random": False, "gradients": 2 * points,
    }  # fmt: skip
    return judge(Runs(surface, {}, OPTIMIZERS[optimizer], settings or {}, points=points, losses=own, **given | more))


def outwards(end, rows=40):
    """From the middle of the map straight to an end."""
    return np.linspace((0.5, 4), end, rows)


def in_quarters(*levels):
    """A loss that is constant in each quarter of 40 rows."""
    return np.array(levels)[QUARTERS]


@pytest.mark.parametrize(
    ("towards", "edge"),
    [((1, 0), (3, 4)), ((-1, 0), (-2, 4)), ((0, 1), (0.5, 9)), ((0, -1), (0.5, -1)), ((0.6, 0.8), (3, 9)),
     ((-0.6, -0.8), (-2, -1))],
)  # fmt: skip
def test_run_is_lost_ten_longer_sides_off_the_map(towards, edge):
    ever_slower = np.sqrt(np.arange(40))
    ends = [np.array(edge) + share * 10 * 10 * np.array(towards) for share in (0.99, 1.01)]
    assert judged([outwards(end) for end in ends], ever_slower).growth.is_lost.tolist() == [False, True]


def test_run_far_off_is_not_lost_when_lower_than_it_began_or_on_its_way_back():
    far = outwards((0.5, 200))
    rises, falls = np.sqrt(np.arange(40)), np.sqrt(np.arange(40)[::-1])
    back = np.concatenate([outwards((0.5, 400)), far[::-1]])[:79:2]  # its last row is the nearest of its last quarter
    back[-10:] = np.linspace((0.5, 300), (0.5, 200), 10)
    told = judged([far, far, back], [rises, falls, rises]).growth
    assert told.is_lost.tolist() == [True, False, False] and not told.climbs.any()


@pytest.mark.parametrize(
    ("levels", "surface", "climbs"),
    [
        ((1, 1, 1, 1.0011), BOWL, True),  # a thousandth of its height above the known minimum, 0
        ((1, 1, 1, 1.0009), BOWL, False),
        ((1, 1, 1, 1.0019), replace(BOWL, minimum=-1), False),
        ((1, 1, 1, 1.0021), replace(BOWL, minimum=-1), True),
        ((0.5, 1, 1, 1.0006), UNKNOWN, True),  # above the lowest that it has seen
        ((0.5, 1, 1, 1.0004), UNKNOWN, False),
        ((1, 2, 4, 6.1), BOWL, True),  # by more than the third quarter above the second
        ((1, 2, 4, 5.9), BOWL, False),
        ((9, 1, 2, 8), BOWL, False),  # ends below the start
    ],
)
def test_loss_climbs_for_good_when_each_quarter_is_higher_by_more(levels, surface, climbs):
    middle = np.tile((0.5, 4.0), (40, 1))
    growth = judged(middle, in_quarters(*levels), surface).growth
    assert growth.climbs.tolist() == [climbs] == growth.diverged.tolist()


def test_loss_does_not_climb_for_good_when_one_row_is_as_low_or_as_high_as_the_quarter_before_it():
    losses = np.tile(in_quarters(1, 2, 4, 7), (3, 1))
    losses[1, 33], losses[2, 22] = 4, 7
    assert judged(np.tile((0.5, 4.0), (3, 40, 1)), losses).growth.climbs.tolist() == [True, False, False]


def test_loss_below_the_start_climbs_for_good_when_the_swings_grow():
    swings = np.stack([0.2 * factor ** np.arange(40) * (-1.0) ** np.arange(40) for factor in (1.01, 0.99)])
    paths = np.stack([swings, np.full_like(swings, 4)], axis=2)
    assert judged(paths, in_quarters(9, 1, 2, 8)).growth.climbs.tolist() == [True, False]


@pytest.mark.parametrize(
    ("levels", "surface", "runs_away"),
    [
        ((3, 0, -1, -2.1), BOWL, True),
        ((3, 0, -1, -1.9), BOWL, False),  # slower than before
        ((2e-5, 2e-6, 6e-7, -1.1e-6), BOWL, True),  # below the known minimum by a millionth of max(1, |minimum|)
        ((2e-5, 2e-6, 6e-7, -0.9e-6), BOWL, False),
        ((5, 4 + 5e-6, 4 + 1e-6, 4 - 4.1e-6), replace(BOWL, minimum=4), True),
        ((5, 4 + 5e-6, 4 + 1e-6, 4 - 3.9e-6), replace(BOWL, minimum=4), False),
        ((9, 7, 5, 3), UNKNOWN, True),
    ],
)
def test_run_runs_away_when_it_falls_ever_faster_below_any_minimum(levels, surface, runs_away):
    assert judged(outwards((0.5, 9.5)), in_quarters(*levels), surface).growth.runs_away.tolist() == [runs_away]


def test_run_that_stays_on_the_map_or_comes_back_to_it_does_not_run_away():
    falls = in_quarters(3, 0, -1, -3)
    back = outwards((0.5, 30))[::-1][:30]
    paths = [outwards((0.5, 8.9)), np.concatenate([outwards((0.5, 30), 10), back]), outwards((0.5, 9.1))]
    assert judged(paths, falls).growth.runs_away.tolist() == [False, False, True]


@pytest.mark.parametrize("steps", [11, 12])
def test_course_of_a_run_is_judged_from_twelve_steps_on(steps):
    told = judged(np.tile((0.5, 4.0), (steps + 1, 1)), 2.0 ** np.arange(steps + 1))
    assert told.growth.diverged.tolist() == [steps == 12]
    round_and_round = np.array([(0, 3), (1, 3), (0, 4)])[np.arange(steps + 1) % 3]
    assert (judged(round_and_round, 5.0).verdicts[0] in ("circling", "wandering")) == (steps == 12)


def test_short_run_that_goes_to_and_fro_circles():
    """As gradient descent does at twice the rate that is right. In a shorter run the middle of each quarter moves."""
    for steps in range(15, 60, 4):
        told = diagnose(descend("bowl", "gradient_descent", learning_rate=1.0, steps=steps))
        assert (told.verdict, told.evidence["period"]) == ("circling", 2), steps


def motionless(told: Judgement) -> list[bool]:
    """Whether each gets somewhere, or moves less and less."""
    return [verdict not in ("circling", "wandering") for verdict in told.verdicts]


@pytest.mark.parametrize(("random", "share"), [(False, 0.95), (True, 0.8)])
def test_motion_has_not_abated_when_it_goes_as_far_as_in_the_eighth_before(random, share):
    turns = np.arange(81) * 2 * np.pi / 10
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    paths = [(0.5, 4) + circle * (share * factor) ** (np.arange(81) / 10)[:, None] for factor in (1.005, 0.995)]
    assert motionless(judged(paths, 7.0, random=random)) == [False, True]


def test_motion_gets_nowhere_while_its_middle_stays_within_a_quarter_of_its_width():
    """To and fro by 2 while it drifts by v a row: 10 v from eighth to eighth, in a box of 9 v by 2."""
    limit = np.sqrt(0.25**2 * 4 / (100 - 0.25**2 * 81))
    rows = np.arange(81)
    paths = [np.stack([-1.5 + factor * limit * rows, 4 + (-1.0) ** rows], axis=1) for factor in (0.995, 1.005)]
    assert motionless(judged(paths, 7.0)) == [False, True]


def test_motion_gets_nowhere_while_its_loss_falls_by_less_than_a_tenth_of_its_range():
    """Up and down by 1 and s lower each row: 10 s from eighth to eighth, in a range of 2 + 17 s (rows 62 to 79)."""
    limit = 0.1 * 2 / (10 - 0.1 * 17)
    rows = np.arange(81)
    path = np.stack([np.zeros(81), 4 + (-1.0) ** rows], axis=1)
    losses = [50 + (-1.0) ** rows - factor * limit * rows for factor in (0.995, 1.005)]
    assert motionless(judged([path, path], losses)) == [False, True]


def test_motion_across_less_than_a_ten_thousandth_of_the_map_is_rest():
    rows = np.arange(81)
    paths = [np.stack([np.ones(81), 4 + share * 5e-4 / 2 * (-1.0) ** rows], axis=1) for share in (1.02, 0.98)]
    assert motionless(judged(paths, 7.0)) == [False, True]


@pytest.mark.parametrize(("noise", "verdict"), [(0.0, "circling"), (0.07, "circling"), (0.13, "wandering")])
def test_motion_circles_while_what_it_did_before_foretells_it_to_a_fifth(noise, verdict):
    """Two places on rounds that are foretold differ by their noise: 4 noise² over 1 + 2 noise², to be at most 0.2²."""
    turns = np.arange(400) * 2 * np.pi / 7
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    shaken = (0.5, 4) + circle + noise * np.random.default_rng(1).standard_normal((3, 400, 2))
    assert judged(shaken, 7.0, random=True).verdicts.tolist() == [verdict] * 3


def steps_along(axis, signs, size=1.0):
    """A path of such steps along one axis, far from the bottom of the bowl."""
    path = np.zeros((len(signs) + 1, 2))
    path[1:, axis] = np.cumsum(signs) * size
    return path + (0.5, 4)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    ("signs", "overshoots"),
    [
        ("+++-+-+-+++", True),  # of the last 8 pairs 6
        ("+++-+-+----", False),  # 5
        ("+-+-+-+----", False),  # older ones do not count
        ("+-+-", True),  # 3 pairs, all of them
        ("+-+", False),
        ("+-+--", False),
        ("++++", False),
        ("0+-+-", True),  # a step along the other axis is none along this
        ("+0-0+0-", False),
    ],
)
def test_run_overshoots_when_six_of_its_last_eight_pairs_of_steps_turn_back(axis, signs, overshoots):
    path = steps_along(axis, [{"+": 1, "-": -1, "0": 0}[sign] for sign in signs])
    assert judged(path).swings.overshoot.tolist() == [overshoots]
    assert (judged(path).verdicts[0] == "overshooting") == overshoots
    assert judged(path, random=True).verdicts[0] != "overshooting"


def test_swings_of_rounding_and_those_after_the_arrival_do_not_count():
    signs = (-1.0) ** np.arange(11)
    sideways = [steps_along(1, signs, size) + steps_along(0, np.ones(11)) for size in (6e-10, 4e-10)]
    assert judged(sideways).swings.overshoot.tolist() == [True, False]  # 1e-10 of the shorter side, 5
    arrived = [steps_along(0, np.where(np.arange(11) < 3, 1, signs * size)) for size in (4e-4, 6e-4)]
    assert judged(arrived).swings.overshoot.tolist() == [False, True]  # 1e-4 of it


def straight(way):
    """From (2.5, 0) so far towards the bottom of the bowl, in 11 steps."""
    return np.linspace((2.5, 0), (2.5 - way, 0), 12)


def test_run_crawls_when_four_times_its_way_is_still_to_go():
    assert judged([straight(0.499), straight(0.501)]).verdicts.tolist() == ["crawling", "descending"]
    ways = [straight(0.624), straight(0.626)]  # half the map's shorter side where no minimum is known
    assert judged(ways, surface=UNKNOWN).verdicts.tolist() == ["crawling", "descending"]
    deeper = replace(BOWL, minima=((0, 0), (2, 2)), minimum=-5)  # higher ground is no minimum yet
    assert judged([straight(0.1)], surface=deeper).verdicts.tolist() == ["crawling"]
    nearer = replace(BOWL, local_minima=((1.5, 0),))
    assert judged([straight(0.199), straight(0.201)], surface=nearer).verdicts.tolist() == ["crawling", "descending"]


def test_run_crawls_while_its_steps_agree_to_a_mean_cosine_of_nine_tenths():
    paths = []
    for cosine in (0.905, 0.895):
        angles = np.arange(11) * np.arccos(cosine)
        steps = 1e-3 * np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.linspace(1, 2, 11)[:, None]
        paths.append((2.0, 4.0) + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)]))
    assert judged(paths).verdicts.tolist() == ["crawling", "descending"]


@pytest.mark.parametrize(
    ("optimizer", "settings", "factor"), [("gradient_descent", {}, 1), ("momentum", {"momentum": 0.75}, 4)]
)
def test_run_crawls_below_a_tenth_of_the_rate_that_is_right_for_the_sharpness(optimizer, settings, factor):
    rates = np.array([0.995, 1.005]) * 0.1 / 2 / factor
    told = judged([straight(2.0)] * 2, optimizer=optimizer, settings=settings, rates=rates)
    assert told.verdicts.tolist() == ["crawling", "descending"] and told.sharpest.tolist() == [2, 2]


def test_run_that_does_not_move_crawls_and_one_at_the_bottom_has_converged():
    path = np.tile((1.0, 1.0), (1, 1))
    assert judged(path, at_rest=np.array([True])).verdicts.tolist() == ["crawling"]
    assert judged(0 * path, at_rest=np.array([True])).verdicts.tolist() == ["converged"]


@pytest.mark.parametrize(("lowest", "verdict"), [(-0.97e-6, "converged"), (-1.03e-6, "local minimum")])
@pytest.mark.parametrize("scale", [1, 3])
def test_minimum_is_the_lowest_when_its_floor_is_within_a_millionth_of_the_known_one(lowest, verdict, scale):
    """It stands 4e-4 beside the bottom, 1.6e-7 above it: what counts is the bottom."""
    shift = 0 if scale == 1 else -scale
    surface = replace(BOWL, minima=((2, 2),), minimum=shift + scale * lowest)
    path = np.linspace((2.5, 0), (4e-4, 0), 12)
    assert judged(path, np.sum(path**2, axis=1) + shift, surface).verdicts.tolist() == [verdict]


def hessian(x, y):
    """Himmelblau's, by hand."""
    return np.array([[12 * x**2 + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y**2 + 4 * x - 26]])


def test_curvature_is_looked_at_at_the_end_and_at_eight_rows_on_the_way():
    surface = replace(LANDSCAPES["himmelblau"], minima=(), minimum=None)
    path = np.random.default_rng(2).uniform(-5, 5, (40, 2))
    path[-1] = -0.2708445907, -0.9230385565  # its top, Himmelblau 1972
    gradients = np.tile((1.0, 0.0), (1, 40, 1))
    gradients[0, -1] = 0
    told = judged(path, np.arange(40.0)[::-1], surface, gradients=gradients)
    low, high = np.linalg.eigvalsh(hessian(*path[-1]))
    np.testing.assert_allclose([told.end.low[0], told.end.high[0]], [low, high], rtol=1e-9)
    seen = [0, 6, 11, 17, 22, 28, 33, 39]  # sevenths of the way, rounded
    assert told.sharpest[0] == pytest.approx(max(np.linalg.eigvalsh(hessian(*path[row]))[1] for row in seen), rel=1e-9)
    assert told.ground.tolist() == told.verdicts.tolist() == ["saddle"]


def test_run_has_diverged_when_it_ends_early_without_rest_or_begins_without_a_finite_loss():
    path = np.where(np.arange(12)[:, None] > 5, np.nan, outwards((0.5, 5), 12))
    rest: dict[str, Any] = {"lengths": np.array([5, 5]), "at_rest": np.array([False, True])}
    told = judged([path, path], **rest)
    assert told.growth.overflows.tolist() == [True, False] and told.verdicts[0] == "diverged" != told.verdicts[1]
    assert judged([(0.5, 4)], np.inf).verdicts.tolist() == ["diverged"]


def test_run_is_on_a_plateau_when_its_last_quarter_is_no_wider_than_a_hundredth_of_the_map():
    level = replace(UNKNOWN, loss=lambda p: 0 * p[0])
    walks = [np.linspace((0, 4), (39 * share * 0.05 / 9, 4), 40) for share in (0.995, 1.005)]
    verdicts = judged(walks, 0.0, level, gradients=np.zeros((2, 40, 2))).verdicts
    assert [verdict == "plateau" for verdict in verdicts] == [True, False]


def test_evidence_of_a_bowl_is_in_closed_form():
    """Each step multiplies (5, 3) by 1 - 2 η; the map is 12 wide and high."""
    (left, right), _ = LANDSCAPES["bowl"].domain
    assert right - left == 12 and LANDSCAPES["bowl"].start == (5, 3)

    def evidence(rate, steps=300):
        told = diagnose(descend("bowl", "gradient_descent", learning_rate=rate, steps=steps))
        return {name: value for name, value in told.evidence.items() if isinstance(value, float)}

    still = {"low_curvature": 2, "high_curvature": 2, "sharpest": 2}
    settled = evidence(0.2)
    shrunk = 0.6**300 * math.hypot(5, 3)
    assert settled == pytest.approx(
        still
        | {"learning_rate": 0.2, "loss": shrunk**2, "gradient_norm": 2 * shrunk, "arrival": row_within(1.2e-3, 5, 0.6)},
        rel=1e-9,
    )
    round_trip = evidence(1.0)
    assert round_trip == pytest.approx(
        still
        | {"learning_rate": 1, "loss": 34, "gradient_norm": 2 * 34**0.5, "period": 2, "width": 2 * 34**0.5}
        | {"product": 2, "product_row": 300, "limit": 2}
    )
    slow = evidence(1e-3)
    assert slow["descended"] == pytest.approx(1 - 0.998**600) and slow["rate_factor"] == pytest.approx(500)
    blown = evidence(1.5, 600)
    assert blown["leaves_map"] == 1 and blown["grows_from"] == 0 and blown["product"] == 3
    assert blown["not_finite"] == math.ceil(math.log(np.finfo(float).max / 34, 4))


def row_within(near, first, factor):
    """The first row of a geometric series from which on it is within so much of 0."""
    return math.ceil(math.log(near / first, factor))

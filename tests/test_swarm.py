"""The swarm over HTTP: what the stage draws is what the engine computes, and a hostile address is survived."""

from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response

from engine import descend
from engine.compare import contend
from landscapes import LANDSCAPES
from tests.test_stage import read
from ui.comparison import Comparison, Contender, default_comparison, default_contender, to_query
from ui.scenario import default_scenario, run
from ui.stage.swarm import SIDES, along_route, swarm_address, swarm_along, swarm_route
from ui.starts import MANY, beginnings


def get(address: str) -> Response:
    scope = {"type": "http", "query_string": urlsplit(address).query.encode(), "headers": []}
    route = along_route if address.startswith("along") else swarm_route
    return route(Request(scope))


def comparison_of(*keys: str, **changes) -> Comparison:
    contenders = tuple(default_contender(key) for key in keys)
    return replace(default_comparison("himmelblau"), contenders=contenders, rates="own", starts="cloud", **changes)


def cloud(comparison: Comparison) -> np.ndarray:
    entry = LANDSCAPES[comparison.landscape]
    return beginnings("cloud", entry, comparison.start, comparison.spread, comparison.seed).starts


def fetched(comparison: Comparison) -> tuple[dict, dict[str, np.ndarray]]:
    answer = get(swarm_address(comparison))
    assert answer.status_code == 200, bytes(answer.body)
    return read(bytes(answer.body))


def points_of(header: dict, arrays: dict[str, np.ndarray], place: int) -> np.ndarray:
    """The points of a contender's runs, shape (rows, runs, 2), put back onto the map."""
    shape = (header["rows"][place], header["balls"][place])
    shares = np.stack([arrays[f"{axis}{place}"].reshape(shape) for axis in "xy"], axis=-1) / 65535
    low, high = np.array(LANDSCAPES["himmelblau"].domain, float).T
    return low + (shares * header["sides"] - header["sides"] // 2) * (high - low)


def test_swarm_holds_the_run_from_each_start():
    comparison = comparison_of("adam", "momentum", budget=40)
    header, arrays = fetched(comparison)
    assert (header["sides"], header["balls"], header["rows"]) == (SIDES, [MANY] * 2, [41, 41])
    for place, key in enumerate(("adam", "momentum")):
        shown = points_of(header, arrays, place)
        for one in (0, 1, 63):
            start = tuple(cloud(comparison)[one])
            alone = descend("himmelblau", key, steps=40, start=start)
            # half a step of 16 bits over nine map sides of ten
            assert np.abs(shown[:, one] - alone.points).max() <= 0.501 * SIDES * 10 / 65535


def test_runs_stand_still_where_their_budget_ends():
    comparison = comparison_of("lbfgs", "momentum", budget=12)
    header, arrays = fetched(comparison)
    shown = points_of(header, arrays, 0)
    for one in range(0, MANY, 7):
        alone = contend("himmelblau", "lbfgs", budget=12, start=tuple(cloud(comparison)[one]))
        assert np.allclose(shown[alone.length :, one], alone.points[alone.length], atol=1e-3)
    assert header["rows"][0] < header["rows"][1] == 13


def test_run_that_diverges_waits_on_the_windows_edge():
    wild = Contender("gradient_descent", {"learning_rate": 5.0})
    comparison = replace(comparison_of("adam", "adam", budget=20), contenders=(wild, default_contender("adam")))
    header, arrays = fetched(comparison)
    assert set(arrays["x0"].reshape(-1, MANY)[-1].tolist()) <= {0, 65535}


def test_swarm_of_six_is_small_enough():
    keys = ("gradient_descent", "momentum", "nesterov", "adam", "rmsprop", "lion")
    body = bytes(get(swarm_address(comparison_of(*keys, budget=500))).body)
    assert len(body) <= 1.5e6


def test_address_does_not_depend_on_how_it_is_shown():
    comparison = comparison_of("adam", "lion")
    other = replace(comparison, view="side", scale="linear", sort="loss", dial="b")
    assert swarm_address(comparison) == swarm_address(other)
    assert swarm_address(comparison) != swarm_address(replace(comparison, spread=0.2))


def test_runs_that_go_along_with_a_run_are_those_of_its_grid():
    scenario = replace(default_scenario("himmelblau", "adam"), starts="grid", steps=30)
    along = swarm_along(scenario, run(scenario))
    assert along is not None and (along.steps, along.kind) == (30, "grid")
    header, arrays = read(bytes(get(along.address).body))
    assert (header["sides"], header["balls"], header["rows"]) == (SIDES, [MANY], [31])
    shown = points_of(header, arrays, 0)
    for place, start in ((0, (-4.375, -4.375)), (10, (-1.875, -3.125)), (63, (4.375, 4.375))):
        alone = descend("himmelblau", "adam", steps=30, start=start)
        assert np.abs(shown[:, place] - alone.points).max() <= 0.501 * SIDES * 10 / 65535
    assert swarm_along(default_scenario(), run(default_scenario())) is None


def test_workers_go_along_with_their_run_where_nothing_else_does():
    twists = {"workers": 3.0, "local_steps": 5.0, "noise": 20.0}
    scenario = replace(default_scenario("himmelblau", "momentum"), steps=40, twists=twists)
    along = swarm_along(scenario, run(scenario))
    assert along is not None and (along.steps, along.kind) == (40, "workers")
    header, arrays = read(bytes(get(along.address).body))
    assert (header["balls"], header["rows"]) == ([3], [41])
    alone = descend("himmelblau", "momentum", steps=40, workers=3, local_steps=5, noise=20.0)
    assert alone.worker_points is not None
    shown = points_of(header, arrays, 0)
    assert np.abs(shown - alone.worker_points).max() <= 0.501 * SIDES * 10 / 65535
    middle = np.abs(shown.mean(axis=1) - alone.points).max()
    assert middle <= 0.501 * SIDES * 10 / 65535 < np.ptp(shown, axis=1).max()  # around the averaged one, and apart
    many = replace(scenario, starts="seeds")
    along = swarm_along(many, run(many))
    assert along is not None and along.kind == "seeds"


def test_workers_of_the_contenders_that_have_some_go_along():
    comparison = replace(
        comparison_of("adam", "polyak_sgd", budget=40), starts="one", twists={"workers": 4.0, "delay": 3.0}
    )
    header, arrays = fetched(comparison)
    assert header["balls"] == [4, 4]
    assert header["rows"][0] == 11  # each of four workers pays for its own gradient
    shown = points_of(header, arrays, 0)
    alone = contend("himmelblau", "adam", budget=40, workers=4, delay=3)
    assert alone.worker_points is not None and alone.steps == 10
    assert np.abs(shown - alone.worker_points).max() <= 0.501 * SIDES * 10 / 65535


def test_contenders_have_the_twists_and_seeds_of_their_comparison():
    comparison = comparison_of("adam", "polyak_sgd", budget=30, twists={"noise": 3.0, "schedule": "cosine"}, seed=4)
    header, arrays = fetched(replace(comparison, starts="seeds"))
    for place, (key, schedule) in enumerate((("adam", "cosine"), ("polyak_sgd", None))):
        alone = contend("himmelblau", key, budget=30, noise=3.0, seed=6, schedule=schedule)
        shown = points_of(header, arrays, place)[: alone.length + 1, 2]
        assert np.abs(shown - alone.points).max() <= 0.501 * SIDES * 10 / 65535


@pytest.mark.parametrize(
    "query",
    [
        "swarm?surface=nowhere", "swarm?a=__class__", "swarm?budget=501", "swarm?budget=1&budget=2", "swarm?<script>=1",
        "swarm?x=nan", "swarm?g=adam", "swarm?", "swarm?starts=seeds", "along?", "along?starts=many",
        "along?then=5:0.1", "along?starts=grid&starts=cloud", "along?starts=seeds", "along?starts=grid&then=5:0.1",
        "along?starts=cloud&spread=11",
    ],
)  # fmt: skip
def test_swarm_refuses_what_it_does_not_know_in_a_sentence(query):
    answer = get(query)
    assert answer.status_code == 400 and bytes(answer.body).decode().endswith(".")
    assert answer.headers["content-type"].startswith("text/plain")


def test_other_starts_and_settings_compile_nothing(compilations):
    get(f"swarm?{urlencode(to_query(comparison_of('momentum', 'adam')))}")
    compilations.clear()
    for changes in ({"start": (1.0, 2.0)}, {"budget": 77}, {"spread": 0.3}, {"seed": 5}):
        assert get(swarm_address(comparison_of("momentum", "adam", **changes))).status_code == 200
    assert compilations == []

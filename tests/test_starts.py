"""Many starts and seeds: where they are, what they are called, and what came of the runs from them, in words."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine import descend, diagnose
from engine.batch import BATCH_STEPS
from engine.twists import TWISTS, Twists, checked_twists
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from tests.test_explore import address, choose, opened, set_number, shown, unfolded
from ui.numbers import number
from ui.outcome import told_together
from ui.scenario import Scenario, default_scenario, runs_along, to_query
from ui.starts import MANY, beginnings, offered, read_starts, told
from ui.twists import has_chance

RAVINE = LANDSCAPES["ravine"]


def scenario_of(starts: str, landscape: str = "himmelblau", optimizer: str = "momentum", **changes) -> Scenario:
    return replace(default_scenario(landscape, optimizer), starts=starts, **changes)


def test_grid_has_the_middle_of_each_of_64_equal_fields_of_the_map():
    (left, right), (bottom, top) = RAVINE.domain
    starts, _ = beginnings("grid", RAVINE, (9.0, 9.0), 0.1, 3)
    fields = np.floor((starts - (left, bottom)) / ((right - left) / 8, (top - bottom) / 8)).astype(int)
    assert {tuple(field) for field in fields.tolist()} == {(i, j) for i in range(8) for j in range(8)}
    middles = np.array([left, bottom]) + (fields + 0.5) * ((right - left) / 8, (top - bottom) / 8)
    np.testing.assert_allclose(starts, middles, atol=1e-12)


def test_cloud_is_the_same_for_a_seed_and_as_wide_as_it_says():
    starts, _ = beginnings("cloud", RAVINE, (0.25, -0.5), 0.1, 0)
    (left, right), (bottom, top) = RAVINE.domain
    assert starts.shape == (MANY, 2) and starts[0].tolist() == [0.25, -0.5]
    assert np.array_equal(starts, beginnings("cloud", RAVINE, (0.25, -0.5), 0.1, 0).starts)
    assert not np.array_equal(starts[1:], beginnings("cloud", RAVINE, (0.25, -0.5), 0.1, 1).starts[1:])
    away = (starts[1:] - (0.25, -0.5)) / (right - left, top - bottom)
    assert np.abs(away.mean(axis=0)).max() < 0.1 * 4 / np.sqrt(MANY)  # four standard errors
    assert away.std(axis=0) == pytest.approx(0.1, rel=0.4)


def test_cloud_about_the_furthest_start_stays_where_runs_may_start():
    starts, _ = beginnings("cloud", LANDSCAPES["schwefel"], (1e100, -1e100), 10.0, 0)
    assert np.abs(starts).max() <= 1e100


@pytest.mark.parametrize("kind", ["grid", "cloud", "seeds"])
@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_every_run_has_a_seed_of_its_own_that_a_run_may_have(kind, seed):
    seeds = beginnings(kind, RAVINE, (0.0, 0.0), 0.1, seed).seeds.tolist()
    assert seeds[0] == seed and len(set(seeds)) == MANY
    assert all(0 <= one < 2**31 for one in seeds)


def test_first_run_of_seeds_and_of_a_cloud_is_the_one_run_and_others_are_runs_with_their_own_seeds():
    for kind in ("cloud", "seeds"):
        batch = runs_along(scenario_of(kind, twists={"noise": 5.0}, seed=11, steps=60, spread=0.01))
        assert batch is not None
        for place, seed in ((0, 11), (5, 16)):
            x, y = batch.starts[place]
            alone = descend("himmelblau", "momentum", start=(x, y), noise=5.0, seed=seed, steps=60)
            np.testing.assert_allclose(batch.points[place], alone.points, rtol=1e-9, atol=1e-9)
        assert len(np.unique(batch.points[:, -1], axis=0)) == MANY


def test_schedule_of_a_longer_run_is_not_squeezed_into_the_steps_that_are_followed():
    batch = runs_along(scenario_of("cloud", steps=2000, twists={"schedule": "cosine"}))
    alone = descend("himmelblau", "momentum", steps=2000, schedule="cosine")
    assert batch is not None and batch.steps == BATCH_STEPS
    np.testing.assert_allclose(batch.points[0], alone.points[: BATCH_STEPS + 1], rtol=1e-9, atol=1e-9)


def test_nothing_goes_along_with_one_start_nor_with_a_run_whose_rate_changes():
    assert runs_along(scenario_of("one")) is None
    assert runs_along(scenario_of("grid", rate_changes=((10, 0.1),))) is None


def test_seeds_are_offered_just_where_they_change_something():
    data = LANDSCAPES["line_fit"]
    for name in (*TWISTS, "batch_size"):
        twists = checked_twists(OPTIMIZERS["momentum"], data, {name: 1.0}, 10)
        assert has_chance({name: 1.0}) == twists.random == ("seeds" in offered(has_chance({name: 1.0})))
    assert not has_chance({}) and not Twists().random


@pytest.mark.parametrize(
    ("word", "random", "kind", "said"),
    [
        ("grid", False, "grid", ""),
        ("seeds", True, "seeds", ""),
        ("seeds", False, "one", "starts = 'seeds' needs noise, a temperature or mini-batches"),
        ("<b>", True, "one", "starts = '<b>' is not known here; there are one, grid, cloud, seeds"),
        ("", False, "one", "starts = '' is not known here; there are one, grid, cloud"),
    ],
)
def test_word_of_an_address_names_a_kind_or_is_answered_with_a_sentence(word, random, kind, said):
    ignored: list[str] = []
    assert read_starts(word, random, ignored) == kind
    assert len(ignored) == bool(said) and all(sentence.startswith(said) for sentence in ignored)


WORDS = {
    "converged": "converged", "diverged": "diverged", "descending": "still descending", "saddle": "at a saddle",
    "local minimum": "in a local minimum", "crawling": "crawling",
    "overshooting": "overshooting",
}  # fmt: skip


@pytest.mark.parametrize(
    ("landscape", "optimizer", "rate"),
    [("six_hump_camel", "gradient_descent", 0.02), ("beale", "gradient_descent", 0.002)],
)
def test_words_count_the_verdicts_of_single_runs_and_give_the_middle_of_their_losses(landscape, optimizer, rate):
    scenario = scenario_of("grid", landscape, optimizer, settings={"learning_rate": rate}, steps=150)
    batch = runs_along(scenario)
    assert batch is not None
    alone = [
        descend(landscape, optimizer, start=tuple(start), steps=150, learning_rate=rate)
        for start in beginnings("grid", LANDSCAPES[landscape], (0.0, 0.0), 0.1, 0).starts.tolist()
    ]
    told_of = [diagnose(run).verdict for run in alone]
    sentence = told_together(batch, told("grid"), 150)
    assert sentence.startswith("Of 64 runs from a grid of starts, ")
    counts = Counter(told_of)
    assert len(counts) > 1, "a case that shows one verdict alone proves little"
    for verdict, count in counts.items():
        verb = "" if verdict in ("converged", "diverged") else "is " if count == 1 else "are "
        assert f" {count} {verb}{WORDS[verdict]}" in sentence, (verdict, count, sentence)
    losses = sorted(
        np.inf if verdict == "diverged" else run.losses[run.length] for run, verdict in zip(alone, told_of, strict=True)
    )
    assert f"median {number(losses[31])}, the middle half from {number(losses[15])} to {number(losses[47])}" in sentence
    assert ("a run that diverged counts as ∞" in sentence) == ("diverged" in counts)


def test_words_of_runs_that_all_end_alike_and_of_longer_ones_than_are_followed():
    batch = runs_along(scenario_of("cloud", "bowl", "gradient_descent", settings={"learning_rate": 0.4}, steps=900))
    assert batch is not None
    assert told_together(batch, told("cloud"), 900).startswith(
        "Of 64 runs from a cloud of starts, followed for 500 of 900 steps, all converged. The loss at the end: median "
    )


def test_address_of_many_starts_is_short():
    assert to_query(scenario_of("grid")) == {"surface": "himmelblau", "starts": "grid"}
    assert to_query(scenario_of("cloud", spread=0.2)) == {"surface": "himmelblau", "starts": "cloud", "spread": "0.2"}


def test_other_starts_of_any_kind_compile_nothing(compilations):
    runs_along(scenario_of("grid", twists={"noise": 1.0}))
    compilations.clear()
    noisy = scenario_of("seeds", twists={"noise": 2.0})
    for other in (noisy, replace(noisy, starts="cloud", spread=0.3), replace(noisy, starts="grid", steps=77, seed=4)):
        assert runs_along(other) is not None
    assert compilations == []


def test_page_offers_the_starts_and_says_what_came_of_them():
    page = unfolded(opened({"surface": "himmelblau", "optimizer": "gradient_descent"}))
    box = page.selectbox(key="starts")
    assert (box.value, box.options) == ("one", ["One start", "A grid", "A cloud"])
    assert "Of 64 runs" not in shown(page) and "spread" not in {field.key for field in page.number_input}
    choose(page, "starts", "grid")
    assert "Of 64 runs from a grid of starts, all converged. The loss at the end: median" in shown(page)
    choose(page, "starts", "cloud")
    set_number(page, "spread", 0.2)
    assert address(page)["starts"] == "cloud" and address(page)["spread"] == "0.2"
    assert "Of 64 runs from a cloud of starts, all converged" in shown(page)


def test_seeds_go_when_chance_goes_and_a_change_of_the_rate_on_the_way_is_said_to_be_alone():
    page = unfolded(opened({"surface": "himmelblau", "noise": "3", "starts": "seeds", "then": "20:0.001"}))
    assert page.selectbox(key="starts").value == "seeds"
    assert "No other runs go along: the learning rate changes on the way" in shown(page)
    unfolded(page, "twists")
    set_number(page, "twists.noise", 0)
    assert (page.selectbox(key="starts").value, page.session_state["scenario"].starts) == ("one", "one")
    assert "starts" not in address(page) and "No other runs" not in shown(page)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"workers": "3", "noise": "2"},
            "The small balls are the 3 workers: where each would have gone alone with its own gradient; the run goes "
            "on with the mean of them all.",
        ),
        (
            {"workers": "2", "local_steps": "20"},
            "The small balls are the 2 workers: each goes its own way until all meet at their mean, every 20 steps. "
            "Without noise or mini-batches nothing tells them apart.",
        ),
        ({"delay": "2"}, ""),
        ({"workers": "3", "noise": "2", "starts": "cloud"}, "Of 64 runs from a cloud of starts, "),
    ],
)
def test_page_says_what_the_small_balls_are(query, said):
    text = shown(opened({"surface": "himmelblau", "steps": "60", **query}))
    assert said in text and ("The small balls" in text) == said.startswith("The small balls")

"""The Scenario and its address: everything comes back, and nothing in an address can break the page."""

import itertools
import math
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest

from engine import descend
from knobs import Knob
from landscapes import LANDSCAPES, Landscape
from optimizers import OPTIMIZERS
from optimizers.base import Optimizer
from optimizers.schedules import SCHEDULES
from ui.scenario import OPENING, Scenario, default_scenario, from_query, run, scenario_of, to_query
from ui.starts import SPREAD, TITLES, offered
from ui.twists import WORDS, fitting, has_chance, team_knobs, twist_knobs

RESERVED = {"surface", "formula", "optimizer", "x", "y", "steps", "seed", "then", "starts", "spread"}
PAIRS = list(itertools.product(LANDSCAPES, OPTIMIZERS))
HOSTILE = (
    "", " ", "nan", "-inf", "Infinity", "1e999", "-1e999", "1" * 5000, "0x10", "1_000", "١٢", "1e", "--1", "1,2",
    "None", "true", "<script>alert(1)</script>", "'; DROP TABLE runs; --", "${7*7}", "{{7*7}}", "../../etc/passwd",
    "\x00", "\udc80", "\u202e", ":red[x]", "$\\frac{1}{0}$", "[x](javascript:alert(1))", "🏔" * 300, "__class__",
    "rosenbrock\n", "ROSENBROCK", "1e-400", "1e308", "-0", ".5", "5.", "+1", "1:2", "5:0.1,5:0.2", "1:2," * 9, ":",
    "1:2:3", "7:0.25,3:0.5",
)  # fmt: skip


def random_number(knob: Knob, random: np.random.Generator) -> float:
    low, high = knob.limits
    kind = random.integers(5)
    if kind == 0:
        number = knob.default
    elif kind == 1:
        number = random.choice([low, high])
    elif kind == 2 and knob.low > 0:
        number = math.exp(random.uniform(math.log(knob.low), math.log(knob.high)))
    else:
        number = random.uniform(knob.low, knob.high)
    return float(min(max(round(number), math.ceil(low)), math.floor(high)) if knob.integer else number)


def random_scenario(landscape: str, optimizer: str, random: np.random.Generator) -> Scenario:
    def numbers(knobs):
        return {name: random_number(knob, random) for name, knob in knobs.items()}

    steps = int(random.integers(0, 5001))
    twists = random_twists(LANDSCAPES[landscape], OPTIMIZERS[optimizer], steps, random)
    return replace(
        default_scenario(landscape, optimizer),
        parameters=numbers(LANDSCAPES[landscape].parameters),
        settings=numbers(OPTIMIZERS[optimizer].knobs),
        start=(float(random.normal() * 10.0 ** random.integers(-300, 100)), float(random.integers(-3, 4))),
        steps=steps,
        seed=int(random.integers(0, 2**31)),
        rate_changes=random_changes(OPTIMIZERS[optimizer].knobs.get("learning_rate"), random),
        twists=twists,
        starts=str(random.choice(list(offered(has_chance(twists))))),
        spread=random_number(SPREAD, random),
    )


def random_twists(landscape: Landscape, optimizer: Optimizer, steps: int, random: np.random.Generator):
    """Half of those that the run may have, with random numbers, in the form in which a scenario holds them."""
    schedule = str(random.choice(list(SCHEDULES))) if "learning_rate" in optimizer.knobs else "constant"
    knobs = twist_knobs(landscape, optimizer, schedule)
    either = str(random.choice(["local_steps", "delay"]))
    knobs |= team_knobs([optimizer], {"workers": 2.0, either: 1.0})
    asked = {name: random_number(knob, random) for name, knob in knobs.items() if random.integers(2)}
    twists, refused = fitting(landscape, optimizer, {"schedule": schedule, **asked}, steps)
    assert not [sentence for sentence in refused.values() if "temperature" not in sentence]
    return twists


def random_changes(knob: Knob | None, random: np.random.Generator) -> tuple[tuple[int, float], ...]:
    if knob is None:
        return ()
    steps = sorted({int(step) for step in random.integers(0, 5001, random.integers(0, 9))})
    return tuple((step, random_number(knob, random)) for step in steps)


def through_the_address(scenario: Scenario) -> tuple[Scenario, tuple[str, ...]]:
    return from_query(parse_qs(urlencode(to_query(scenario)), keep_blank_values=True))


def test_scenario_comes_back_from_its_address_exactly():
    random = np.random.default_rng(0)
    pairs = list(itertools.islice(itertools.cycle(random.permutation(PAIRS).tolist()), 2000))
    assert {key for pair in pairs for key in pair} == {*LANDSCAPES, *OPTIMIZERS}
    for landscape, optimizer in pairs:
        scenario = random_scenario(landscape, optimizer, random)
        assert through_the_address(scenario) == (scenario, ())


@pytest.mark.parametrize(("landscape", "optimizer"), [(key, OPENING[1]) for key in LANDSCAPES])
def test_default_scenario_of_a_landscape_names_only_the_landscape(landscape, optimizer):
    expected = {} if landscape == OPENING[0] else {"surface": landscape}
    assert to_query(default_scenario(landscape, optimizer)) == expected


def test_opening_scenario_has_an_empty_address():
    assert to_query(default_scenario(*OPENING)) == {}
    assert from_query({}) == (default_scenario(*OPENING), ())


def test_address_is_short_and_readable():
    scenario = replace(
        default_scenario("ravine", "adam"),
        parameters={"condition_number": 50.0},
        settings={"learning_rate": 0.1 + 0.2, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8},
        start=(1e22, -0.25),
        steps=20,
    )
    expected = {
        "surface": "ravine", "condition_number": "50", "learning_rate": "0.30000000000000004", "beta1": "0.5",
        "x": "1e22", "y": "-0.25", "steps": "20",
    }  # fmt: skip
    if OPENING[1] != "adam":
        expected["optimizer"] = "adam"
    assert to_query(scenario) == expected


def test_names_in_the_address_never_clash():
    parameters = {name for entry in LANDSCAPES.values() for name in entry.parameters}
    knobs = {name for entry in OPTIMIZERS.values() for name in entry.knobs}
    assert not parameters & knobs
    assert not (parameters | knobs) & RESERVED
    assert (parameters | knobs | RESERVED) & WORDS == {"weight_decay"}  # an optimizer's own knob is what it means there


def test_twists_of_an_address_are_those_of_the_run():
    query = {
        "surface": "himmelblau", "optimizer": "nesterov", "schedule": "cosine", "final": "0.25", "clip_norm": "20",
        "noise": "3", "noise_decay": "0.5", "l2": "0.01", "steps": "80", "seed": "7",
    }  # fmt: skip
    scenario, ignored = from_query(query)
    assert not ignored and to_query(scenario) == query
    expected = descend(
        "himmelblau", "nesterov", schedule="cosine", final=0.25, clip_norm=20, noise=3, noise_decay=0.5, l2=0.01,
        steps=80, seed=7,
    )  # fmt: skip
    t = run(scenario)
    np.testing.assert_array_equal(t.points, expected.points)
    assert t.learning_rates[40] / t.learning_rates[0] == pytest.approx(0.625, rel=1e-12)  # half-way down the cosine
    assert scenario_of(t) == scenario


def test_twists_that_do_not_fit_are_named_and_the_others_stay():
    query = {
        "optimizer": "adamw", "weight_decay": "0.5", "schedule": "cosine", "period": "9", "batch_size": "2",
        "noise": "loud", "clip_value": "2",
    }  # fmt: skip
    scenario, ignored = from_query(query)
    assert scenario.twists == {"schedule": "cosine", "clip_value": 2.0}
    assert scenario.settings["weight_decay"] == 0.5  # AdamW's own
    assert sorted(sentence.split()[0].strip("'") for sentence in ignored) == ["batch_size", "noise", "period"]


def test_schedule_for_another_number_of_steps_has_no_address():
    assert scenario_of(descend("bowl", "adam", steps=50, schedule="cosine", schedule_steps=100)) is None
    assert scenario_of(descend("bowl", "adam", steps=50, schedule="cosine")) is not None


def test_hostile_address_never_raises_and_leaves_a_scenario_that_runs():
    random = np.random.default_rng(1)
    names = [
        *RESERVED, "learning_rate", "condition_number", "__init__", "<b>", "", "landscape", "f", "a" * 3000,
        *{name for entry in OPTIMIZERS.values() for name in entry.knobs}, *WORDS,
    ]  # fmt: skip
    values = [*HOSTILE, *LANDSCAPES, *OPTIMIZERS, *SCHEDULES, *TITLES]
    seen = set()

    def any_of(options):
        return options[random.integers(len(options))]

    for _ in range(2000):
        query = {
            any_of(names): [any_of(values) for _ in range(any_of([0, 1, 1, 1, 1, 1, 2, 50]))]
            for _ in range(random.integers(1, 8))
        }
        scenario, ignored = from_query(query)
        assert through_the_address(scenario) == (scenario, ())
        assert all(len(sentence) < 350 and sentence.isprintable() for sentence in ignored), ignored  # as on Compare
        assert len(ignored) <= len(query)
        seen.add((scenario.landscape, scenario.optimizer))
    assert len(seen) > 3
    assert run(scenario).steps == scenario.steps


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1e999", "text", "<script>", "", "1" * 5000, "1e7", "0x1"])
def test_bad_learning_rate_is_named_and_stays_at_its_default(text):
    scenario, (sentence,) = from_query({"optimizer": "adam", "learning_rate": text, "steps": "7"})
    assert scenario == replace(default_scenario(optimizer="adam"), steps=7)
    assert sentence.startswith("learning_rate = ")
    assert text[:40] in sentence or repr(float(text)) in sentence
    assert "a number from 0 to 1e+06" in sentence


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"surface": "everest"}, "surface = 'everest'"),
        ({"optimizer": "<script>alert(1)</script>"}, "optimizer = '<script>alert(1)</script>'"),
        ({"speed": "3"}, "'speed' is not a setting"),
        ({"seed": ["1", "2", "3"]}, "'seed' is given 3 times"),
        ({"surface": ["bowl", "bowl"]}, "'surface' is given 2 times"),
        ({"steps": "10.5"}, "steps = 10.5"),
        ({"steps": "5001"}, "steps = 5001"),
        ({"seed": "-1"}, "seed = -1"),
        ({"x": "1e101"}, "x = 1e+101"),
        ({"y": "\u202e1"}, r"y = '\u202e1'"),
        (
            {"condition_number": "5"},
            "Momentum (heavy ball) on Rosenbrock; there are surface, formula, optimizer, learning_rate, momentum",
        ),
        ({"x" * 500: "1"}, "'" + "x" * 40 + "…'"),
        ({"starts": "<b>many</b>"}, "starts = '<b>many</b>' is not known here; there are one, grid, cloud"),
        ({"starts": "seeds"}, "starts = 'seeds' needs noise, a temperature or mini-batches"),
        ({"spread": "11"}, "spread = 11.0 is not allowed: a number from 0 to 10"),
        ({"then": "soon"}, "then = 'soon' is not allowed: up to 8 parts such as 120:0.03"),
        ({"then": "1:0.1," * 8 + "9:0.1"}, "up to 8 parts"),
        ({"then": "1:2,5001:2"}, "the step of a rate change = 5001.0 is not allowed: a whole number"),
        ({"then": "1.5:2"}, "the step of a rate change = 1.5 is not allowed: a whole number"),
        ({"then": "1:nan"}, "learning_rate = 'nan' is not allowed"),
        ({"then": "1:2,1:3"}, "once at a step"),
    ],
)
def test_ignored_part_of_an_address_is_named_and_changes_nothing(query, named):
    scenario, (sentence,) = from_query(query)
    assert named in sentence
    assert scenario == default_scenario()


def test_good_parts_survive_beside_bad_ones():
    scenario, ignored = from_query({"surface": "bowl", "x": "2.5", "y": "north", "steps": "30", "colour": "red"})
    assert scenario == replace(default_scenario("bowl"), start=(2.5, 3.0), steps=30)
    assert len(ignored) == 2


def test_rate_changes_come_from_the_address_in_the_order_of_their_steps():
    scenario, ignored = from_query({"then": "300:.01,120:3e-2"})
    assert scenario.rate_changes == ((120, 0.03), (300, 0.01)) and ignored == ()
    assert to_query(scenario) == {"then": "120:0.03,300:0.01"}
    rates = run(scenario).learning_rates
    base = scenario.settings["learning_rate"]
    assert rates.tolist() == [base] * 120 + [0.03] * 180 + [0.01] * 200


def test_rate_changes_of_an_optimizer_without_a_rate_are_named():
    scenario, (sentence,) = from_query({"optimizer": "lbfgs", "then": "3:0.1"})
    assert scenario == default_scenario(optimizer="lbfgs") and "lbfgs has no learning rate" in sentence

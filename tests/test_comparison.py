"""The Comparison and its address: everything comes back, and nothing in an address can break the page."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest

from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from optimizers.schedules import SCHEDULES
from tests.test_scenario import HOSTILE, random_number, random_twists
from ui.comparison import (
    CHOICES,
    CONTENDERS,
    LETTERS,
    RATE,
    TOLERANCE,
    Comparison,
    Contender,
    default_comparison,
    default_contender,
    fitted,
    from_query,
    labels,
    to_query,
    twists_of,
)
from ui.starts import SPREAD
from ui.twists import WORDS


def random_comparison(random: np.random.Generator) -> Comparison:
    landscape = str(random.choice(list(LANDSCAPES)))
    keys = [str(key) for key in random.choice(list(OPTIMIZERS), random.integers(2, 7))]
    if random.integers(4) == 0:
        keys = list(CONTENDERS)

    def numbers(knobs):
        return {name: random_number(knob, random) for name, knob in knobs.items()}

    def contender(key):
        return Contender(key, numbers(OPTIMIZERS[key].knobs)) if random.integers(2) else default_contender(key)

    some = OPTIMIZERS[str(random.choice(keys))]
    comparison, _ = fitted(
        replace(
            default_comparison(landscape),
            parameters=numbers(LANDSCAPES[landscape].parameters),
            contenders=tuple(contender(key) for key in keys),
            start=(float(random.normal() * 10.0 ** random.integers(-300, 100)), float(random.integers(-3, 4))),
            budget=int(random.integers(1, 501)),
            seed=int(random.integers(0, 2**31)),
            rate=random_number(RATE, random),
            tolerance=random_number(TOLERANCE, random),
            spread=random_number(SPREAD, random),
            twists=random_twists(LANDSCAPES[landscape], some, 500, random),
            **{name: str(random.choice(words)) for name, words in CHOICES.items()},
        )
    )
    return comparison


def through_the_address(comparison: Comparison) -> tuple[Comparison, tuple[str, ...]]:
    return from_query(parse_qs(urlencode(to_query(comparison)), keep_blank_values=True))


def test_comparison_comes_back_from_its_address_exactly():
    random = np.random.default_rng(0)
    for _ in range(2000):
        comparison = random_comparison(random)
        assert through_the_address(comparison) == (comparison, ())


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_default_comparison_of_a_surface_names_only_the_surface(landscape):
    assert to_query(default_comparison(landscape)) == ({} if landscape == "rosenbrock" else {"surface": landscape})


def test_address_is_short_and_readable():
    momentum = default_contender("momentum")
    comparison = replace(
        default_comparison("ravine"),
        contenders=(momentum, replace(momentum, settings={**momentum.settings, "momentum": 0.99})),
        view="side",
        budget=100,
    )
    address = urlencode(to_query(comparison))
    assert address == "surface=ravine&budget=100&view=side&a=momentum&b=momentum&b.momentum=0.99"


def test_settings_of_the_opening_contenders_need_no_letters():
    comparison, ignored = from_query({"c.beta1": "0.5", "rates": "own"})
    assert not ignored and [c.optimizer for c in comparison.contenders] == list(CONTENDERS)
    assert comparison.contenders[2].settings["beta1"] == 0.5


def test_names_in_the_address_never_clash():
    names = {"surface", "formula", "x", "y", "budget", "seed", "rate", "tolerance", "spread", *CHOICES, *LETTERS}
    parameters = {name for entry in LANDSCAPES.values() for name in entry.parameters}
    assert not parameters & names and not (parameters | names) & WORDS and not any("." in name for name in parameters)


def test_hostile_address_never_raises_and_leaves_a_comparison_that_comes_back():
    random = np.random.default_rng(1)
    names = [
        "surface", "x", "y", "budget", "seed", "rate", "tolerance", "spread", *CHOICES, *LETTERS, "g", "a.", ".a",
        "a.b", "a.learning_rate", "f.beta1", "b.__class__", "a.a.a", "ab.momentum", "", "<b>", "learning_rate",
        "a" * 3000, "condition_number", *WORDS,
    ]  # fmt: skip
    values = [
        *HOSTILE,
        *LANDSCAPES,
        *OPTIMIZERS,
        *[word for words in CHOICES.values() for word in words],
        "0.5",
        "7",
        *SCHEDULES,
    ]
    kinds = set()

    def any_of(options):
        return options[random.integers(len(options))]

    for _ in range(2000):
        query = {
            any_of(names): [any_of(values) for _ in range(any_of([0, 1, 1, 1, 1, 1, 2, 50]))]
            for _ in range(random.integers(1, 10))
        }
        comparison, ignored = from_query(query)
        assert 2 <= len(comparison.contenders) <= 6
        assert through_the_address(comparison) == (comparison, ())
        assert all(len(sentence) < 350 and sentence.isprintable() for sentence in ignored), ignored
        assert len(ignored) <= len(query) + 1
        kinds.add((comparison.landscape, len(comparison.contenders)))
    assert len(kinds) > 5


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"surface": "everest"}, "surface = 'everest'"),
        ({"b": "<script>alert(1)</script>"}, "b = '<script>alert(1)</script>' is no optimizer"),
        ({"speed": "3"}, "'speed' means nothing on this page"),
        ({"g": "adam"}, "'g' means nothing"),
        ({"seed": ["1", "2", "3"]}, "'seed' is given 3 times"),
        ({"budget": "501"}, "budget = 501"),
        ({"budget": "0"}, "a whole number from 1 to 500"),
        ({"tolerance": "0"}, "tolerance = 0"),
        ({"rates": "worst"}, "rates = 'worst' is not known here; there are best, own, same"),
        ({"view": ""}, "view = ''"),
        ({"sort": "__class__"}, "sort = '__class__'"),
        ({"c.beta1": "1.5"}, "beta1 = 1.5"),
        ({"a.beta1": "0.5"}, "'a.beta1' is not a setting of a, Gradient descent"),
        ({"d.beta1": "0.5"}, "'d.beta1' is not a setting of a contender d"),
        ({"y": "\u202e1"}, r"y = '\u202e1'"),
        ({"x" * 500: "1"}, "'" + "x" * 40 + "…'"),
    ],
)
def test_ignored_part_of_an_address_is_named_and_changes_nothing(query, named):
    comparison, (sentence,) = from_query(query)
    assert named in sentence
    assert comparison == default_comparison()


def test_single_contender_gets_the_baseline_beside_it():
    comparison, (sentence,) = from_query({"d": "lion"})
    assert [c.optimizer for c in comparison.contenders] == ["lion", "gradient_descent"]
    assert "Gradient descent is added" in sentence


@pytest.mark.parametrize(
    ("contenders", "expected"),
    [
        ([("adam", {}), ("momentum", {})], ["Adam", "Momentum (heavy ball)"]),
        (
            [("momentum", {}), ("momentum", {"momentum": 0.99})],
            ["Momentum (heavy ball), β = 0.9", "Momentum (heavy ball), β = 0.99"],
        ),
        (
            [("adam", {"learning_rate": 0.1}), ("adam", {"beta1": 0.5})],
            ["Adam, β₁ = 0.9", "Adam, β₁ = 0.5"],
        ),
        ([("adam", {"learning_rate": 0.1}), ("adam", {})], ["Adam, η = 0.1", "Adam, η = 0.05"]),
        ([("lion", {}), ("lion", {}), ("adam", {})], ["Lion", "Lion (2)", "Adam"]),
    ],
)
def test_labels_name_what_differs(contenders, expected):
    made = [Contender(key, {**default_contender(key).settings, **more}) for key, more in contenders]
    assert labels(tuple(made)) == expected


def test_twists_are_those_of_every_contender_that_takes_them():
    query = {
        "surface": "line_fit", "a": "adam", "b": "lbfgs", "c": "adamw", "schedule": "cosine", "final": "0.2",
        "weight_decay": "0.3", "batch_size": "2", "starts": "seeds",
    }  # fmt: skip
    comparison, ignored = from_query(query)
    assert ignored == () and comparison.starts == "seeds"
    assert to_query(comparison) == query
    shared = {"schedule": "cosine", "final": 0.2, "batch_size": 2.0}
    taken = [twists_of(comparison, contender)[0] for contender in comparison.contenders]
    assert taken == [shared | {"weight_decay": 0.3}, {"batch_size": 2.0}, shared]
    left = [set(twists_of(comparison, contender)[1]) for contender in comparison.contenders]
    assert left == [set(), {"schedule", "final", "weight_decay"}, {"weight_decay"}]


def test_twist_that_no_contender_takes_is_named_and_one_that_some_take_is_not():
    query = {"a": "lbfgs", "b": "polyak_sgd", "schedule": "cosine", "batch_size": "2", "noise": "-1", "l2": "0.5"}
    comparison, ignored = from_query(query)
    assert comparison.twists == {"l2": 0.5}
    named = sorted(sentence.split()[0] for sentence in ignored)
    assert named == ["batch_size", "noise", "schedule"]
    some, ignored = from_query(query | {"b": "adam", "noise": "1", "batch_size": ""})
    assert some.twists == {"schedule": "cosine", "noise": 1.0, "l2": 0.5}
    assert [sentence.split()[0] for sentence in ignored] == ["batch_size"]


def test_cloud_of_older_links_is_still_one():
    comparison, ignored = from_query({"starts": "many", "spread": "0.2"})
    assert (comparison.starts, comparison.spread, ignored) == ("cloud", 0.2, ())

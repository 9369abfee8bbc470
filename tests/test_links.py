"""Links of earlier releases open what they opened then; new ones come back whole, and hostile ones break nothing.

`data/links.json` holds, for each release, links and what they must open as. A release adds its own and takes none away.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest

from landscapes import LANDSCAPES
from networks import TASKS, TRAINERS, find_task
from optimizers import OPTIMIZERS
from tests.test_scenario import HOSTILE, random_number, random_scenario, random_twists
from ui import comparison, reference, scenario
from ui.lessons import LESSONS, progress
from ui.restraint import NAMES
from ui.training import scenario as network

LINKS = json.loads((Path(__file__).parent / "data" / "links.json").read_text())
CASES = [(release, link) for release, links in LINKS.items() for link in links]
PAGES: dict[str, Any] = {"explore": scenario, "compare": comparison}
OTHERS: dict[str, Any] = {"networks": network, "lessons": progress, "reference": reference}


def as_json(value: Any) -> Any:
    """What a field holds, in the words of JSON: of a contender the key of its optimizer."""
    if isinstance(value, comparison.Contender):
        return value.optimizer
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return dict(value) if hasattr(value, "items") else value


@pytest.mark.parametrize(("release", "link"), CASES, ids=[f"{release}-{link['query'][:40]}" for release, link in CASES])
def test_link_of_a_release_opens_what_it_opened_then(release, link):
    page = PAGES[link["page"]]
    opened, ignored = page.from_query(parse_qs(link["query"], keep_blank_values=True))
    assert ignored == ()
    assert {name: as_json(getattr(opened, name)) for name in link["shows"]} == link["shows"]
    assert page.from_query(parse_qs(urlencode(page.to_query(opened)), keep_blank_values=True)) == (opened, ())


def test_every_release_has_links_to_both_pages():
    assert "0.1.0" in LINKS
    for links in LINKS.values():
        assert {link["page"] for link in links} == set(PAGES)


def test_two_thousand_random_scenarios_come_back_from_their_addresses():
    random, wrong = np.random.default_rng(2026), []
    surfaces, methods = list(LANDSCAPES), list(OPTIMIZERS)
    for _ in range(2000):
        made = random_scenario(str(random.choice(surfaces)), str(random.choice(methods)), random)
        address = urlencode(scenario.to_query(made))
        if scenario.from_query(parse_qs(address, keep_blank_values=True)) != (made, ()):
            wrong.append(address)
    assert wrong == []


def random_network(random: np.random.Generator) -> network.NetworkScenario:
    def one_of(options):
        return str(random.choice(list(options)))

    def side() -> network.Side:
        made = network.default_side(one_of(TRAINERS))
        knobs = OPTIMIZERS[made.optimizer].knobs
        own = {name: random_number(knob, random) for name, knob in knobs.items()}
        numbers: dict[str, Any] = {
            name: int(random_number(knob, random)) for name, knob in network.SIDE_NUMBERS.items()
        }
        words: dict[str, Any] = {name: one_of(options) for name, options in network.SIDE_CHOICES.items()}
        return network.Side(made.optimizer, own if random.integers(2) else made.settings, **numbers, **words)

    task, sides = one_of(TASKS), tuple(side() for _ in range(random.integers(1, 3)))
    steps = int(random_number(network.STEPS, random))
    subject: Any = find_task(task)
    twists = random_twists(subject, OPTIMIZERS[sides[0].optimizer], steps, random)
    chosen: dict[str, Any] = {name: one_of(words) for name, words in network.CHOICES.items()}
    made, _ = network.fitted(network.NetworkScenario(
        task, sides, steps, int(random.integers(2**31)), extent=random_number(network.EXTENT, random), twists=twists,
        **chosen,
    ))  # fmt: skip
    return made


def random_progress(random: np.random.Generator) -> progress.Progress:
    key = str(random.choice(list(LESSONS)))
    made = progress.Progress(
        key,
        scene=int(random.integers(len(LESSONS[key].scenes))),
        done=tuple(one for one in LESSONS if random.integers(2)),
    )
    return progress.answered(made, int(random.integers(len(LESSONS[key].choices)))) if random.integers(2) else made


def random_reference(random: np.random.Generator) -> reference.Reference:
    kind = str(random.choice(["surfaces", "optimizers"]))
    letters = "abc xyz 059 &=?#%+;/\\\"'<>é∂🏔\u202e\t"
    words = "".join(letters[place] for place in random.integers(len(letters), size=random.integers(61)))
    return reference.Reference(kind, str(random.choice(["", *reference.chapters(kind)])), words)  # pyright: ignore[reportArgumentType]


RANDOM = {"networks": random_network, "lessons": random_progress, "reference": random_reference}


@pytest.mark.parametrize("page", list(OTHERS))
def test_two_thousand_random_states_of_the_other_pages_come_back_from_their_addresses(page):
    random, module, wrong = np.random.default_rng(2027), OTHERS[page], []
    for _ in range(2000):
        made = RANDOM[page](random)
        address = urlencode(module.to_query(made))
        if module.from_query(parse_qs(address, keep_blank_values=True)) != (made, ()):
            wrong.append(address)
    assert wrong == []


@pytest.mark.parametrize("page", [*PAGES, *OTHERS])
def test_two_thousand_hostile_addresses_break_nothing_and_are_named(page):
    """Names that mean something with values that do not, and the other way round; what means nothing is said."""
    random, module = np.random.default_rng(7), (PAGES | OTHERS)[page]
    names = [
        "surface", "optimizer", "formula", "x", "y", "steps", "seed", "then", "starts", "spread", "learning_rate",
        "schedule", "noise", "precision", "workers", "batch_size", "a", "b.learning_rate", "rates", "budget",
        "task", "b", "b.width", "layers", "activation", "plane", "extent", "lesson", "answer", "scene", "done",
        "list", "chapter", "find", *NAMES, *HOSTILE,
    ]  # fmt: skip
    for _ in range(2000):
        chosen = random.choice(len(names), int(random.integers(1, 6)), replace=False)
        query = {
            names[place]: [HOSTILE[random.integers(len(HOSTILE))]] * int(random.integers(1, 3)) for place in chosen
        }
        opened, ignored = module.from_query(query)
        assert module.from_query(module.to_query(opened)) == (opened, ())  # what is left is a whole state
        assert all(isinstance(sentence, str) and sentence.isprintable() for sentence in ignored), query
        unknown = [name for name in query if name in HOSTILE]
        for name in unknown:
            assert any(repr(name[:20])[1:-1][:10] in sentence for sentence in ignored), (name, ignored)

"""The Networks page: a training under way, the examples, precisions, and what can be taken away."""

import csv
import io
import json
import re
import runpy
from dataclasses import replace
from urllib.parse import unquote

import jax
import numpy as np
import pytest

from networks import Edge, cross_entropy, edge, find_task, network_for, train
from ui.training.examples import EXAMPLES, Example
from ui.training.files import COLUMNS, Taken, csv_text, json_text, script
from ui.training.live import live_pictures
from ui.training.scenario import from_query, to_query
from ui.training.sharpness import edges
from ui.training.trainings import Live, Trainings, settings_of
from ui.training.work import Shown, pictures

SMALL = {"task": "moons", "layers": "1", "width": "3", "steps": "20", "optimizer": "gradient_descent"}
NETWORK = network_for(find_task("moons"), (3,), "tanh", "xavier")
LINK = "http://localhost:8501/networks?task=moons"


def silent(share, doing, so_far=None):
    pass


@pytest.fixture(scope="module")
def taken() -> Taken:
    scenario, _ = from_query(SMALL | {"b": "gradient_descent", "b.learning_rate": "0.05", "seed": "3"})
    trainings = Trainings()
    along = edges(scenario, trainings, silent)
    return Taken(
        Shown(scenario, pictures(scenario, trainings, silent)), [each for group in along for each in group], LINK
    )


@pytest.fixture(scope="module")
def trained():
    return [train("moons", NETWORK, "gradient_descent", steps=20, seed=3, learning_rate=rate) for rate in (0.3, 0.05)]


def test_table_holds_every_row_of_every_run_with_its_settings_and_link(taken: Taken, trained):
    heading = [line for line in csv_text(taken).splitlines() if line.startswith("#")]
    assert heading[1] == f"# {LINK}" and '"learning_rate": 0.05' in heading[3] and '"seed": 3' in heading[3]
    rows = list(csv.DictReader(line for line in io.StringIO(csv_text(taken)) if not line.startswith("#")))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 2 * 21
    for made, label in zip(trained, ("η = 0.3", "η = 0.05"), strict=True):
        own = [row for row in rows if row["run"].endswith(label)]
        assert [int(row["step"]) for row in own] == list(range(21))
        columns = {
            "train_loss": made.train_losses, "test_loss": made.test_losses,
            "train_accuracy": made.train_accuracies, "test_accuracy": made.test_accuracies,
        }  # fmt: skip
        for name, wanted in columns.items():
            np.testing.assert_allclose([float(row[name]) for row in own], wanted, rtol=1e-12)
        found = edge(made)
        np.testing.assert_allclose([float(row["sharpness"]) for row in own], found.sharpness, rtol=1e-5)
        assert {float(row["limit"]) for row in own} == set(found.limits)


def test_what_is_not_known_is_empty_in_the_table_and_null_in_json(taken: Taken):
    without = replace(taken, edges=[])
    told = json.loads(json_text(without))
    assert told["link"] == LINK and [run["settings"]["learning_rate"] for run in told["runs"]] == [0.3, 0.05]
    assert told["runs"][0]["sharpness"] == [None] * 21 and told["runs"][0]["step"] == list(range(21))
    assert all(row.endswith(",,") for row in csv_text(without).splitlines()[-42:])


def test_files_are_named_after_what_they_hold(taken: Taken):
    assert taken.stem == "downhill-moons-gradient_descent-gradient_descent"
    assert taken.title == "Gradient descent, η = 0.3, Gradient descent, η = 0.05 on Two moons"


def test_script_makes_the_same_trainings(taken: Taken, trained, tmp_path, capsys):
    file = tmp_path / "again.py"
    file.write_text(script(taken))
    again = runpy.run_path(str(file))["trainings"]
    for made, wanted in zip(again, trained, strict=True):
        np.testing.assert_array_equal(made.train_losses, wanted.train_losses)
    assert "training loss" in capsys.readouterr().out and LINK in file.read_text()


def test_script_says_every_setting(taken: Taken):
    added = {"batch_size": "50", "schedule": "cosine", "clip_norm": "0.5", "l2": "0.01", "precision": "float64"}
    scenario, ignored = from_query(SMALL | added)
    assert ignored == ()
    text = script(replace(taken, shown=Shown(scenario, taken.shown.pictures)))
    for said in ("schedule='cosine'", "clip_norm=0.5", "batch_size=50,", "l2=0.01", "precision='float64'"):
        assert text.count(said) == 2


@pytest.mark.parametrize("precision", ["float64", "bfloat16", "float16"])
def test_precision_stands_in_the_address_and_is_trained_in(precision: str):
    scenario, ignored = from_query(SMALL | {"precision": precision})
    assert ignored == () and to_query(scenario) == SMALL | {"precision": precision}
    assert settings_of(scenario, scenario.sides[0])["precision"] == precision
    assert to_query(from_query(SMALL | {"precision": "float32"})[0]) == SMALL


def test_plane_of_a_narrow_training_is_not_rounded():
    scenario, _ = from_query(SMALL | {"precision": "bfloat16", "plane": "random"})
    (picture,) = pictures(scenario, Trainings(), silent)
    made = train("moons", NETWORK, "gradient_descent", steps=20, learning_rate=0.3, precision="bfloat16")
    end, task = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), made.end), find_task("moons")
    middle = len(picture.plane.a) // 2
    wanted = float(cross_entropy(NETWORK)(end, task.inputs, task.labels))
    assert picture.plane.losses[middle, middle] == pytest.approx(wanted, rel=1e-5)
    assert len(np.unique(picture.plane.losses)) > 2000  # in bfloat16 there would be about a hundred


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.key)
def test_examples_mean_what_they_say(example: Example):
    scenario, ignored = from_query(example.query)
    assert ignored == () and to_query(scenario) == example.query == to_query(example.scenario)


def test_sharpness_is_seen_point_by_point_while_it_trains(trained):
    seen: list[Live] = []
    scenario, _ = from_query(SMALL | {"seed": "3"})
    trainings = Trainings()
    ((found,),) = edges(scenario, trainings, lambda share, doing, so_far=None: so_far and seen.append(so_far))
    wanted = edge(trained[0])
    np.testing.assert_allclose(found.sharpness, wanted.sharpness, rtol=1e-5)
    for place, live in enumerate(seen):
        assert live.edge is not None and list(live.edge.numbers) == list(wanted.numbers[: place + 1])
        np.testing.assert_allclose(live.losses, trained[0].losses[: place + 1], rtol=1e-12)
    assert len(seen) == 20
    seen.clear()
    edges(scenario, trainings, lambda share, doing, so_far=None: so_far and seen.append(so_far))
    assert [len(live.numbers) for live in seen] == list(range(1, 22))  # of a training that is there


def drawn(live: Live) -> list[tuple[str, str]]:
    """What each picture is called, and its drawing."""
    images = re.findall(r'<img alt="([^"]*)" src="data:image/svg\+xml,([^"]*)">', live_pictures(live, "light"))
    return [(name, unquote(data)) for name, data in images]


def test_pictures_on_the_way_say_and_draw_the_limit_where_it_is_near():
    def live(limit: float) -> Live:
        found = Edge(np.array([0, 10]), np.array([2.0, 5.0]), np.array([limit, limit]), False, "2/η", "", "", "")
        return Live("Adam", 100, (9, 19), (0.7, 0.35), found)

    (loss, curve), (near, with_limit) = drawn(live(10))
    assert loss == "loss 0.35 at step 19 of 100" and near == "sharpness 5, limit 2/η = 10"
    assert "stroke-dasharray" in with_limit and "stroke-dasharray" not in curve
    heights = [float(first) for first in re.findall(r'd="M[\d.]+ ([\d.]+)L', with_limit)]
    assert heights[0] < heights[1]  # the limit is above
    _, (far, without) = drawn(live(1000))
    assert "limit 2/η = " in far and "stroke-dasharray" not in without


def test_pictures_on_the_way_survive_what_is_not_finite():
    unknown = Edge(np.array([0]), np.array([np.nan]), np.array([np.nan]), False, "", "", "", "")
    ((name, _),) = drawn(Live("Adam", 100, (1,), (float("inf"),), unknown))
    assert name.startswith("loss")

"""Tables, files and their names, and the page that plays by itself, without a browser."""

import base64
import csv
import hashlib
import io
import json
import re
import zipfile

import numpy as np
import pytest

from engine import Trajectory, descend, landscape_from_formula
from ui.export import Subject
from ui.export.page import Shown, modules, page_html
from ui.export.tables import COLUMNS, csv_text, json_text, settings
from ui.export.zipped import zipped_scripts
from ui.look import Look
from ui.stage import WEB
from ui.stage.surface import packed_surface

LINK = "http://example.org/downhill/?surface=bowl&steps=4"


@pytest.fixture(scope="module")
def halving() -> Trajectory:
    """On x² + y² with this rate the point halves with each step."""
    return descend("bowl", "gradient_descent", start=(4, 3), steps=4, learning_rate=0.25, rate_changes={3: 0.5})


@pytest.fixture(scope="module")
def diverging() -> Trajectory:
    return descend("bowl", "gradient_descent", start=(5, 0), steps=500, learning_rate=1e6)


@pytest.fixture(scope="module")
def both(halving, diverging) -> Subject:
    return Subject([halving, diverging], ['"Half, of it"', "Away\nfrom here"], LINK)


def test_csv_holds_every_number_in_full(both, halving, diverging):
    text = csv_text(both)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments[1] == f"# {LINK}" and len(comments) == 4
    assert json.loads(comments[2].partition(": ")[2])["rate_changes"] == [[3, 0.5]]
    table = list(csv.DictReader(io.StringIO(text.split("\n", 4)[4])))
    assert tuple(table[0]) == COLUMNS
    first = [row for row in table if row["run"] == '"Half, of it"']
    assert [(float(row["x"]), float(row["y"])) for row in first] == [(4, 3), (2, 1.5), (1, 0.75), (0.5, 0.375), (0, 0)]
    assert [float(row["loss"]) for row in first[:2]] == [25, 6.25]
    assert [row["learning_rate"] for row in first] == ["0.25", "0.25", "0.25", "0.5", ""]
    assert [row["evaluations"] for row in first] == ["0", "1", "2", "3", "4"]
    second = [row for row in table if row["run"] == "Away\nfrom here"]
    assert len(second) == diverging.length + 1 < 500
    assert [float(row["loss"]) for row in second] == diverging.losses[: diverging.length + 1].tolist()


def test_json_runs_again_from_its_own_settings(both):
    found = json.loads(json_text(both))
    assert found["link"] == LINK and [run["name"] for run in found["runs"]] == list(both.names)
    for told, run in zip(found["runs"], both.runs, strict=True):
        own = dict(told["settings"])
        own["rate_changes"] = [tuple(change) for change in own.get("rate_changes", [])]
        again = descend(own.pop("landscape"), own.pop("optimizer"), **own)
        assert told["points"] == again.points[: run.length + 1].tolist()
        assert told["status"] == run.status
    assert found["runs"][1]["verdict"] == "diverged"


def test_settings_tell_twists_and_formulas():
    typed = landscape_from_formula("x**2 + 2*y**2")
    told = settings(descend(typed, "adam", steps=3, schedule="cosine", noise=0.25, seed=4))
    assert told["landscape"] == "x**2 + 2*y**2"
    assert (told["schedule"], told["schedule_steps"], told["noise"], told["seed"]) == ("cosine", 3, 0.25, 4)


def test_files_are_named_by_their_scenario(halving, diverging):
    assert Subject([halving], ["A"], LINK).stem == "downhill-bowl-gradient_descent"
    assert Subject([halving] * 4, list("abcd"), LINK).stem == "downhill-bowl-4-optimizers"
    typed = descend(landscape_from_formula("x**2 + y**2"), "adam", steps=1)
    assert Subject([typed], ["A"], LINK).stem == "downhill-formula-adam"


def test_zip_holds_a_script_of_each_run_and_is_the_same_each_time(halving):
    runs = [(halving, "Gradient descent, η = 0.25"), (halving, "../../etc")]
    made = zipped_scripts(runs, LINK, lambda run, link: f"{run.optimizer.key} {link}")
    assert made == zipped_scripts(runs, LINK, lambda run, link: f"{run.optimizer.key} {link}")
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.namelist() == ["1_gradient_descent_0_25.py", "2_etc.py"]
    assert archive.read("2_etc.py").decode() == f"gradient_descent {LINK}"


def test_page_holds_all_that_its_stage_asks_for(halving):
    text = page_html(
        Subject([halving], ["</script><b>one</b>"], 'http://a/?x="><script>'), Shown(look=Look(None, True))
    )
    held = json.loads(re.findall(r'id="held">(.*?)</script>', text, re.DOTALL)[0])
    assert set(held) >= {"runs", "surface", "track", "explain", "stage.css"}
    assert base64.b64decode(held["surface"]) == packed_surface(halving.landscape, {}).body
    (script,) = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in text and "default-src 'none'" in text
    assert "<b>one" not in text and '"><script>' not in text
    assert not re.findall(r'(?:src|href)="(?!http://a/)', text)  # nothing is fetched but by the link
    assert len(text) < 1_000_000


def test_modules_of_the_page_are_those_of_the_stage():
    text = modules()
    names = re.findall(r"^const \$(\w+) = await", text, re.MULTILINE)
    assert names[-1] == "stage" and len(names) == len(set(names)) > 30
    known: set[str] = set()
    for name, body in re.findall(r"^const \$(\w+) = await(.*?)^\}\)\(\);", text, re.MULTILINE | re.DOTALL):
        assert set(re.findall(r"^const .* = \$(\w+);$", body, re.MULTILINE)) <= known  # each after what it uses
        known.add(name)
    assert "\nimport " not in text and "\nexport " not in text and "</script" not in text
    sheets = re.findall(r'"(\w+\.css)"', (WEB / "stage.js").read_text())
    assert sheets and np.all([f'"{sheet}"' in text for sheet in sheets])

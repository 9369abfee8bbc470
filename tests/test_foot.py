"""The foot of the page, the version and the list of the keys."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.test_explore import opened, shown
from ui.foot import citation, version

ROOT = Path(__file__).parent.parent
WEB = ROOT / "ui" / "stage" / "web"

WRITTEN = {
    " ": "Space", "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "-": "−", "l": "L", "f": "F",
    "PageUp": "Page Up", "PageDown": "Page Down", "Escape": "Esc",
}  # fmt: skip
"""How the list writes the keys that a browser calls otherwise."""


def test_version_is_that_of_the_project_wherever_it_stands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version() == project
    assert f"version = {{{project}}}" in citation()
    assert re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.M)[1] == project  # pyright: ignore


def test_every_page_tells_its_version_and_how_to_cite_it():
    page = opened()
    assert f"Downhill {version()}" in shown(page)
    assert citation() in {code.value for code in page.code}


def listed(*titles: str) -> set[str]:
    """The keys in these parts of the list that the page shows."""
    text = (WEB / "keys.js").read_text()
    parts = re.findall(r'^  \["([^"]+)", \[\n(.*?)^  \]\],$', text, re.M | re.S)
    found = {
        title: set(re.findall(r'"([^"]+)"', " ".join(re.findall(r"\[\[(.*?)\], ", part)))) for title, part in parts
    }
    return set().union(*(found[title] for title in titles))


def handled(file: str, record: str) -> set[str]:
    """The keys of a record of actions in a module of the stage, as the list writes them."""
    body = re.search(rf"const {record} = {{(.*?)^    }};", (WEB / file).read_text(), re.M | re.S)
    assert body is not None
    names = {quoted or bare for quoted, bare in re.findall(r'^      (?:"([^"]+)"|(\w+)): \(\) =>', body[1], re.M)}
    assert names
    return {WRITTEN.get(str(name), str(name)) for name in names} - {"="}  # the same key as +


@pytest.mark.parametrize(
    ("file", "record", "title", "beside"),
    [
        ("stage.js", "actions", "The run", {"1", "2", "3", "4", "5", "F", "Esc"}),
        ("dial.js", "moves", "Learning-rate dial", {"Shift+←", "Shift+→"}),
        ("plane_view.js", "moves", "Plane", set()),
        ("surface_view.js", "moves", "3-D surface", set()),
    ],
)
def test_list_of_keys_holds_every_key_that_is_handled_and_no_other(file, record, title, beside):
    assert listed(title) == handled(file, record) | beside


def test_list_of_keys_holds_those_of_the_demonstration():
    text = (WEB / "demonstration.js").read_text()
    keys = set(re.findall(r'key [!=]== "(\w+)"', text))
    assert {WRITTEN.get(key, key) for key in keys} == {"F", "Esc"}

"""What the README says is what happens: its tables, its example and the numbers under it."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
catalogue = runpy.run_path(str(ROOT / "docs" / "catalogue.py"))


@pytest.mark.parametrize("name", ["README.md", "docs/catalogue.md", "docs/model.md"])
def test_catalogue_tables_are_those_of_the_registries(name):
    text = (ROOT / name).read_text()
    assert catalogue["MARKED"].search(text)
    assert catalogue["filled"](text) == text, "run: python docs/catalogue.py"


def test_readme_example_prints_what_the_readme_says():
    match = re.search(r"```python\n(from engine.*?)```\n+```text\n(.*?)```", README, re.S)
    assert match
    example, printed = match.groups()
    command = [sys.executable, "-W", "error", "-c", example]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout == printed


def test_readme_commands_are_targets_of_the_makefile():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"^make (\w+)", README, re.M)) == {"run", "test"} <= set(targets)

"""The example notebook runs from top to bottom, by a Python of its own."""

import json
import subprocess
import sys
from pathlib import Path

NOTEBOOK = Path(__file__).parent.parent / "docs" / "example.ipynb"


def test_example_notebook_runs_from_top_to_bottom(tmp_path):
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 8
    assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")  # none that may grow old
    # A notebook shows what stands last in a cell: here what is shown has to be a figure.
    shown = [line for source in code if (line := source.splitlines()[-1]).endswith("figure") or "_figure(" in line]
    text = "\n\n".join(code) + "".join(f"\nassert type({line}).__name__ == 'Figure'" for line in shown)
    script = tmp_path / "notebook.py"
    script.write_text(text)
    made = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=NOTEBOOK.parent, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert len(shown) == 4
    assert "0.021 diverged" in made.stdout and "Momentum (heavy ball): rate" in made.stdout
    assert "streamlit" not in made.stderr

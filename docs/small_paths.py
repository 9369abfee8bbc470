"""Records the optimizers' paths for the Reference page: `python docs/small_paths.py` writes ui/small_path.json."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from optimizers import OPTIMIZERS  # noqa: E402
from ui.small_path import RECORDED, record, written  # noqa: E402

if __name__ == "__main__":
    RECORDED.write_text(written({key: record(method) for key, method in OPTIMIZERS.items()}))

"""What every test shares: compiled programs kept between runs, and a counter of compilations."""

from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

from engine.warm_up import keep_compiled_programs

keep_compiled_programs(Path(__file__).parent.parent / ".cache" / "jax")

_compilations: list[str] = []


def _note(event: str, duration_secs: float, **details: str | int) -> None:
    if event == "/jax/core/compile/backend_compile_duration":
        _compilations.append(str(details))


jax.monitoring.register_event_duration_secs_listener(_note)


@pytest.fixture
def compilations() -> Iterator[list[str]]:
    """The programs that XLA was asked for since the test cleared it; loading one from the cache counts too."""
    _compilations.clear()
    yield _compilations
    _compilations.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files of browser tests over the others: two browsers at once wait for one another's graphics."""
    files = dict.fromkeys(item.path for item in items)
    groups = [path for path in files if path.parent.name == "browser"], [p for p in files if p.parent.name != "browser"]
    place = {path: (number + 0.5) / len(group) for group in groups for number, path in enumerate(group)}
    items.sort(key=lambda item: place[item.path])

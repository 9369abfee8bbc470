"""What every test shares: compiled programs kept between runs, and a counter of compilations."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import jax
import pytest

from engine.warm_up import keep_compiled_programs
from tests.browser.served import starting

keep_compiled_programs(Path(__file__).parent.parent / ".cache" / "jax")

BROWSER = Path(__file__).parent / "browser"

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


_serving = ExitStack()
_served: list[str] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Hand the address of one server to all workers: what it has compiled for one it need not compile for another."""
    asked = [Path(str(one).partition("::")[0]).resolve() for one in node.config.args]
    if not _served and any(BROWSER.is_relative_to(one) or one.is_relative_to(BROWSER) for one in asked):
        _served.append(_serving.enter_context(starting(ahead=False))[0])
    if _served:
        node.workerinput["address"] = _served[0]


def pytest_unconfigure() -> None:
    _serving.close()

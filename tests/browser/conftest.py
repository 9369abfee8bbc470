"""What every browser test shares: the served app, a Chromium, and pages that must not complain."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.browser.served import chromium, served

TIMEOUT = 120_000  # milliseconds: software WebGL on a busy machine, and a first page whose programs are being traced
expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the real app is served."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium. Where there is none, a developer's tests are skipped; on CI (CI=true) that is a failure."""
    with sync_playwright() as playwright:
        try:
            browser = chromium(playwright)
        except Error:
            if os.environ.get("CI", "").lower() == "true":
                raise
            pytest.skip("there is no Chromium here: make browser installs one")
        yield browser
        browser.close()


PROBES = ("/compare/_stcore/health", "/compare/_stcore/host-config")
"""Where Streamlit itself looks first for its server when a page other than the first is opened by its address."""


class Console:
    """What the console of a page says, without what Streamlit's own probing leaves there: nothing, when all is well."""

    def __init__(self) -> None:
        """Begin with an empty list."""
        self.said: list[str] = []

    def listen(self, page: Page) -> Page:
        page.set_default_timeout(TIMEOUT)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.location["url"].endswith(PROBES):
            self.said.append(message.text)


OPTIONS = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "no-preference"}


@pytest.fixture
def console() -> Iterator[Console]:
    """The console of the pages that a test opens; the test fails when anything is left in it."""
    console = Console()
    yield console
    assert console.said == []


@pytest.fixture
def open_page(browser: Browser, console: Console) -> Iterator[Callable[..., Page]]:
    """Opens a page with the options of Playwright's `new_page`."""
    pages: list[Page] = []

    def open_page(**options: Any) -> Page:
        pages.append(console.listen(browser.new_page(**{**OPTIONS, **options})))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    """One page for all tests of a module that leave it as they found it; loading the app takes seconds."""
    console = Console()
    page = console.listen(browser.new_page(**OPTIONS))
    yield page
    page.close()
    assert console.said == []

"""What every browser test shares: the served app, a Chromium, and pages that must not complain."""

import os
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.served import await_answer, chromium, served

TIMEOUT = 120_000  # milliseconds: software WebGL on a busy machine, and a first page whose programs are being traced
expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the real app is served, once for all workers; what no test asks for it does not compile."""
    if shared := getattr(request.config, "workerinput", {}).get("address"):
        await_answer(shared)
        yield shared
        return
    with served(ahead=False) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium. Where there is none, a developer's tests are skipped; on CI (CI=true) that is a failure."""
    with sync_playwright() as playwright:
        try:
            browser = chromium(playwright, "--disable-gpu-compositing")  # half of the work, where all GL is software
        except Error:
            if os.environ.get("CI", "").lower() == "true":
                raise
            pytest.skip("there is no Chromium here: make browser installs one")
        yield browser
        browser.close()


PROBES = tuple(
    f"/{page}/_stcore/{asked}"
    for page in ("compare", "lessons", "networks", "reference")
    for asked in ("health", "host-config")
)
"""Where Streamlit itself looks first for its server when a page other than the first is opened by its address."""


READING = "GPU stall due to ReadPixels"
"""What Chromium says where it puts the page together without GL, and so has to read what GL has drawn."""


class Console:
    """What the console of a page says but for PROBES and READING: nothing, when all is well."""

    def __init__(self) -> None:
        """Begin with an empty list."""
        self.said: list[str] = []

    def listen(self, page: Page) -> Page:
        page.set_default_timeout(TIMEOUT)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        ours = not message.location["url"].endswith(PROBES) and READING not in message.text
        if message.type in ("error", "warning") and ours:
            self.said.append(message.text)


NOTHING_KEPT = """for (const key of Object.keys(localStorage)) {
  if (key.startsWith("downhill.")) localStorage.removeItem(key);
}"""
"""Run before a page: it opens as at a first visit, whatever an earlier page has left in the same browser."""

WIDE: ViewportSize = {"width": 1280, "height": 800}


def prepared(
    page: Page,
    viewport: ViewportSize = WIDE,
    color_scheme: Literal["light", "dark"] = "light",
    reduced_motion: Literal["no-preference", "reduce"] = "reduce",
) -> Page:
    """A blank page with these of the options of Playwright's `new_page`.

    Unless told otherwise it opens at rest on the end of a run: where WebGL is software, playing takes a whole machine.
    """
    page.set_viewport_size(viewport)
    page.add_init_script(NOTHING_KEPT)
    page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
    return page


def rest(page: Page) -> None:
    """Wait until no run of the page is under way."""
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")


def turn_to(page: Page, query: str) -> None:
    """Show what another query of the address asks for, on a page that is open: as going back does, without a load.

    It has to ask for other runs, or another way to show them: that they are drawn is what is waited for.
    """
    rest(page)
    stage = page.locator(".stage")
    drawn = stage.get_attribute("data-runs")
    if page.evaluate(GO_THERE, query):
        expect(stage).not_to_have_attribute("data-runs", drawn or "")
        rest(page)


GO_THERE = """(query) => {
  const [there, here] = [query, location.search].map((text) => new URLSearchParams(text));
  there.sort();
  here.sort();
  if (there.toString() === here.toString()) return false;
  history.pushState({}, "", location.pathname + query);
  return dispatchEvent(new PopStateEvent("popstate"));
}"""


@pytest.fixture(scope="module")
def window(browser: Browser) -> BrowserContext:
    """Where a module's pages are opened one after another: what one has loaded and compiled the next finds there.

    Chromium draws only the last page opened in it, as it does with tabs.
    """
    return browser.new_context()


@pytest.fixture
def console() -> Iterator[Console]:
    """The console of the pages that a test opens; the test fails when anything is left in it."""
    console = Console()
    yield console
    assert console.said == []


@pytest.fixture
def open_page(browser: Browser, window: BrowserContext, console: Console) -> Iterator[Callable[..., Page]]:
    """Opens a page with the options of `prepared`, and `has_touch`."""
    opened: list[Page] = []

    def open_page(*, has_touch: bool = False, **options: Any) -> Page:
        page = browser.new_page(has_touch=True) if has_touch else window.new_page()
        opened.append(prepared(console.listen(page), **options))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    """One page for all tests of a module that leave it as they found it; loading the app takes seconds."""
    console = Console()
    page = prepared(console.listen(browser.new_page()))
    yield page
    page.close()
    assert console.said == []

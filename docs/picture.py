"""Makes docs/downhill.png, the picture in the README, from the app itself: `python docs/picture.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser.served import chromium, served  # noqa: E402

STEP = 40

if __name__ == "__main__":
    with served() as address, sync_playwright() as playwright:
        browser = chromium(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 792}, reduced_motion="reduce")
        page.goto(address)
        page.locator(".stage[data-runs]").wait_for()
        page.locator(".stage button.first").click()
        for _ in range(STEP):
            page.locator(".stage button.forward").click()
        page.locator(f".stage[data-step='{STEP}']").wait_for()
        page.locator(".dial .verdicts li").first.wait_for()
        page.evaluate("document.fonts.ready")
        page.screenshot(path=ROOT / "docs" / "downhill.png")
        browser.close()

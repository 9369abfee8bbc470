"""The dial: what its fans cost, and the script time and frames a second while it is dragged, beside playing.

The fans of six contenders, 121 learning rates and 300 steps each, are computed here and measured as they are sent; then
the app is opened in a headless Chromium and the dial dragged to and fro. Run by `make bench`. Ratios count: where GL is
software, absolute frame rates are far below those of a graphics card.
"""

import statistics
import time

from playwright.sync_api import Page, sync_playwright

from benchmarks.page import ROOT, frames, opened, per_frame, rate, ready
from engine import dial_rates, fan
from engine.presets import findings
from tests.browser.served import chromium, served
from ui.stage.fan import pack_fan

CONTENDERS = ("gradient_descent", "momentum", "nesterov", "adam", "rmsprop", "lion")
LANDSCAPE, STEPS, ROUNDS = "rosenbrock", 300, 9
QUERIES = ("", "?surface=ravine&optimizer=gradient_descent&learning_rate=0.015")

SWEEP = """async ([left, width, y, seconds]) => {
  const root = [...document.querySelectorAll("*")].map((e) => e.shadowRoot?.querySelector(".stage")).find(Boolean);
  const track = root.querySelector(".dial .track");
  const say = (name, x) => track.dispatchEvent(new PointerEvent(name, {
    pointerId: 1, isPrimary: true, button: 0, buttons: 1, clientX: x, clientY: y, bubbles: true, composed: true,
  }));
  track.setPointerCapture = () => {};
  track.hasPointerCapture = () => true;
  const begin = performance.now();
  say("pointerdown", left);
  let share = 0;
  while (performance.now() - begin < 1000 * seconds) {
    share = (performance.now() - begin) / 3000;
    say("pointermove", left + width * (0.5 - 0.5 * Math.cos(share * 6.28)));
    await new Promise((done) => setTimeout(done, 8));
  }
}"""
"""Moves the pointer over the track as fast as a hand, 125 events a second, and does not let go."""


def measure_fans() -> None:
    """Print how long the fans take to compute and to judge, and how many bytes they are."""
    computed, judged, sizes = [], [], []
    for number in range(ROUNDS + 1):
        begin = time.perf_counter()
        batches = [fan(LANDSCAPE, key, rates=dial_rates(key), steps=STEPS) for key in CONTENDERS]
        middle = time.perf_counter()
        for batch in batches:
            findings(batch)
        if number:  # the first compiles
            computed.append(1000 * (middle - begin))
            judged.append(1000 * (time.perf_counter() - middle))
        sizes = [len(pack_fan(batch)) for batch in batches]
    print(f"fans of {len(CONTENDERS)} contenders, 121 rates, {STEPS} steps")
    print(
        f"  computed {statistics.median(computed):6.1f} ms   verdicts and presets {statistics.median(judged):6.1f} ms"
    )
    print(f"  bytes    {sum(sizes) / 1e6:6.2f} MB, the largest {max(sizes) / 1e6:.2f} MB")


def drag(page: Page, seconds: float) -> None:
    """Drag the dial to and fro for some seconds, and hold it."""
    box = page.locator(".dial .track").bounding_box()
    assert box is not None
    page.evaluate("window.frames_.length = 0")
    page.evaluate(SWEEP, [box["x"] + 14, box["width"] - 28, box["y"] + box["height"] / 2, seconds])


def measure_drag(address: str, query: str) -> None:
    """Print script time a frame and frames a second while dragging, at the end of the run, and while playing."""
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        with opened(browser, f"{address}/{query}") as (page, _):
            sent: list[int] = []
            page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(len(data))))
            page.reload()
            ready(page)
            page.locator(".dial .verdicts li").first.wait_for()
            page.locator(".stage button.loop").click()
            playing, dragging, scripts, messages = [], [], [], 0
            for _ in range(3):
                page.locator(".stage button.last").click()
                page.locator(".stage button.play").click()
                playing.append(rate(frames(page)))
                page.locator(".stage button.last").click()
                page.wait_for_timeout(500)
                sent.clear()
                drag(page, 4)
                messages += len(sent)
                watched = page.evaluate("window.frames_")
                dragging.append(rate(watched))
                scripts += per_frame(watched)
                page.locator(".dial .track").dispatch_event("pointerup")
        browser.close()
    median, p95 = statistics.median(scripts), statistics.quantiles(scripts, n=20)[-1]
    print(f"dragging {query or '(the opening run)'}")
    print(f"  script a frame: median {median:.2f} ms  p95 {p95:.2f} ms")
    print(f"  frames a second: {statistics.median(dragging):.1f}, playing {statistics.median(playing):.1f}")
    print(f"  dragging / playing {statistics.median(dragging) / statistics.median(playing):.2f}")
    print(f"  websocket messages while it was held: {messages}")


def main() -> None:
    """Measure both."""
    measure_fans()
    with served(ROOT / "app.py") as address:
        for query in QUERIES:
            measure_drag(address, query)


if __name__ == "__main__":
    main()

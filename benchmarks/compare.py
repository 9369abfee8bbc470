"""The Compare page in a real browser: six contenders side by side, from a control to the picture, and script a frame.

Run by `make bench`. What is moved is the learning rate that all contenders share, by the dial, whose paths are there
already; and the start, so that Python computes all six. Beside it the time that Python alone takes for the same.
"""

import statistics
import time
from dataclasses import replace

from playwright.sync_api import sync_playwright

from benchmarks.page import CONTROLS, MOVES, PLAYING_MS, ROUNDS, SETTLED, frames, move, opened, per_frame
from tests.browser.served import chromium, served
from ui.comparison import Comparison, default_comparison, default_contender
from ui.race import race
from ui.stage.payload import pack_runs

SIX = ("gradient_descent", "momentum", "nesterov", "adam", "rmsprop", "lbfgs")


def six(rates: str = "same", **changes: float) -> Comparison:
    """Six contenders on Himmelblau's function."""
    contenders = tuple(default_contender(key) for key in SIX)
    return replace(default_comparison("himmelblau"), contenders=contenders, rates=rates, **changes)


def measure_python() -> None:
    """Print how long all six take in Python, with the rates given and with each tuned over its dial."""
    race(six(rate=0.01)), race(six("best"))
    for name, made in (
        ("same for all", [six(rate=0.01 + i / 1e4) for i in range(1, 21)]),
        ("each at its best", [six("best", start=(-0.5 + i / 1e3, -1.2)) for i in range(1, 21)]),
    ):
        times = []
        for comparison in made:
            begin = time.perf_counter()
            raced = race(comparison)
            size = len(pack_runs(raced.runs, 0, labels=raced.names))
            times.append((time.perf_counter() - begin) * 1e3)
        print(f"python  {name:17} median {statistics.median(times):6.1f} ms  {size / 1e3:.1f} kB over the websocket")


def measure_page() -> None:
    """Print how long a step of the dial takes to be drawn, and the script time of a frame while all six play."""
    query = "&".join(f"{letter}={key}" for letter, key in zip("abcdef", SIX, strict=True))
    with served() as address, sync_playwright() as playwright:
        browser = chromium(playwright)
        page_address = f"{address}/compare?surface=himmelblau&rates=same&rate=0.01&view=side&{query}"
        for kind, more in (("one start", ""), ("64 starts", "&starts=many")):
            with opened(browser, page_address + more) as (page, received):
                page.locator(".stage[data-runs]").wait_for(timeout=180_000)  # a fresh start compiles first
                page.locator(".stage button.loop").click()
                scripts = [part for _ in range(ROUNDS) for part in per_frame(frames(page))]
                p95 = statistics.quantiles(scripts, n=20)[-1]
                print(
                    f"playing six, {kind}: script a frame median {statistics.median(scripts):.2f} ms  p95 {p95:.2f} ms"
                    f"  ({len(scripts)} frames in {ROUNDS * PLAYING_MS / 1000:.0f} s)"
                )
                page.locator(".stage button.last").click()
                page.locator(".dial .verdicts li").first.wait_for()
                page.get_by_text("More settings").click()
                page.locator(CONTROLS["start"][0]).first.wait_for()
                for name in ("dial", "start"):
                    times, sizes = [], []
                    for number in range(MOVES + 1):
                        received.clear()
                        elapsed = move(page, name)
                        page.wait_for_timeout(SETTLED)
                        if number:  # the first is for warming up
                            times.append(elapsed)
                            sizes.append(sum(received))
                    p95 = statistics.quantiles(times, n=20)[-1]
                    print(
                        f"control to drawn, {kind}, {name}: median {statistics.median(times):.0f} ms  p95 {p95:.0f} ms"
                        f"  {statistics.median(sizes) / 1e3:.1f} kB a move"
                    )
        browser.close()


if __name__ == "__main__":
    measure_python()
    measure_page()

"""The page in a real browser: from a control to the drawn picture, bytes a move, script time and frames a second.

Three pages in one headless Chromium, in turn: Downhill; the same run drawn by `st.plotly_chart` with frames
(plotly_page.py); and a page that merely repaints three canvases of the stage's sizes, the ceiling of this browser.
Run by `make bench`. Ratios count: where GL is software, absolute numbers are many times those of a graphics card.
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.served import chromium, served

ROOT = Path(__file__).parent.parent
SIZE = {"width": 1280, "height": 800}
MOVES, ROUNDS, PLAYING_MS = 25, 4, 4000

WATCH_FRAMES = """
  window.frames_ = [];
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => request((time) => {
    const begin = performance.now();
    callback(time);
    window.frames_.push([begin, performance.now() - begin]);
  });
"""
"""Times the script of every animation frame; installed before the page's own scripts."""

REPAINT = """<body style="margin:0"><script>
  const sizes = %s;
  const canvases = sizes.map(([width, height]) => {
    const canvas = document.body.appendChild(document.createElement("canvas"));
    Object.assign(canvas, {width, height});
    return canvas.getContext("2d");
  });
  let number = 0;
  (function paint() {
    number++;
    for (const context of canvases) {
      context.fillStyle = number %% 2 ? "#123" : "#321";
      context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    }
    requestAnimationFrame(paint);
  })();
</script></body>"""


def frames(page: Page) -> list[tuple[float, float]]:
    """(begin, script milliseconds) of the animation frames of the next seconds."""
    page.evaluate("window.frames_.length = 0")
    page.wait_for_timeout(PLAYING_MS)
    return page.evaluate("window.frames_")


def rate(watched: list[tuple[float, float]]) -> float:
    """Frames a second. Callbacks that begin within a millisecond of one another belong to one frame."""
    begins = [begin for begin, _ in watched]
    distinct = 1 + sum(b - a > 1 for a, b in zip(begins, begins[1:], strict=False))
    return 1000 * (distinct - 1) / (begins[-1] - begins[0])


STAGE = """[...document.querySelectorAll("*")].map((e) => e.shadowRoot?.querySelector(".stage")).find(Boolean)"""

FRAME_AFTER = """(resolve) => {
  const drawn = new MutationObserver(() => {
    drawn.disconnect();
    requestAnimationFrame(() => resolve(performance.now()));
  });
  const stage = %s;
  drawn.observe(%s, {attributes: true, attributeFilter: ["%s"]});
}"""

DRAWN = {
    # The dial's thumb moves in the same task as the path out of the fan is drawn.
    "dial": FRAME_AFTER % (STAGE, 'stage.querySelector(".dial .thumb")', "style"),
    # The stage counts the payloads it has drawn in data-runs; the count changes in the same task as the drawing.
    "setting": FRAME_AFTER % (STAGE, "stage", "data-runs"),
    # Streamlit puts a new plot in the place of the old one, in several tasks: the last change before a second of quiet.
    "plotly": """(resolve) => {
      let last, quiet;
      const changed = new MutationObserver(() => {
        requestAnimationFrame(() => (last = performance.now()));
        clearTimeout(quiet);
        quiet = setTimeout(() => (changed.disconnect(), resolve(last)), 1000);
      });
      changed.observe(document.querySelector(".stMain"), {subtree: true, childList: true});
    }""",
}


CONTROLS = {
    "dial": ("[role=slider].track", "ArrowLeft"),
    "setting": (".st-key-optimizer_fields input", "ArrowDown"),  # the first is the momentum
    "start": (".st-key-compare-x input", "ArrowUp"),
    "plotly": ("role=slider", "ArrowLeft"),
}
"""Where a key is pressed, and which one."""

SETTLED = 900  # milliseconds after a move until the page is quiet: the dial sends its rate 400 after the last key


def move(page: Page, name: str) -> float:
    """Milliseconds from a key on a control to the frame after the new run is drawn."""
    control, key = CONTROLS[name]
    page.locator(control).first.focus()
    page.evaluate(f"""() => {{
      window.drawn_ = new Promise({DRAWN.get(name, DRAWN["setting"])});
      addEventListener("keydown", () => (window.pressed_ = performance.now()), {{capture: true, once: true}});
    }}""")
    page.keyboard.press(key)
    return page.evaluate("window.drawn_.then((drawn) => drawn - window.pressed_)")


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[tuple[Page, list[int]]]:
    """A page with its frames watched, and the sizes of what its websocket receives."""
    page = browser.new_page(viewport=SIZE)
    page.add_init_script(WATCH_FRAMES)
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    page.goto(address)
    yield page, received
    page.close()


def per_frame(watched: list[tuple[float, float]]) -> list[float]:
    """Script milliseconds of each frame, its callbacks added up."""
    sums: list[float] = []
    last = float("-inf")
    for begin, duration in watched:
        if begin - last > 1:
            sums.append(0.0)
        sums[-1] += duration
        last = begin + duration
    return sums


def measure_moves(browser: Browser, addresses: dict[str, str]) -> None:
    """Print how long a key on a control takes to be drawn, and its bytes: the dial, another one, Plotly's."""
    with ExitStack() as stack:
        downhill, plotly = (stack.enter_context(opened(browser, addresses[name])) for name in ("downhill", "plotly"))
        pages = {"dial": downhill, "setting": downhill, "plotly": plotly}
        stage = downhill[0]
        ready(stage)
        stage.locator(".dial .verdicts li").first.wait_for()
        stage.locator(".stage button.last").click()
        stage.get_by_text("More settings").click()
        stage.locator(CONTROLS["setting"][0]).first.wait_for()
        plotly[0].wait_for_selector(".js-plotly-plot .gl-container canvas")
        times: dict[str, list[float]] = {name: [] for name in pages}
        sizes: dict[str, list[int]] = {name: [] for name in pages}
        for number in range(MOVES + 1):
            for name, (page, received) in pages.items():
                page.bring_to_front()
                received.clear()
                elapsed = move(page, name)
                page.wait_for_timeout(SETTLED)
                if number:  # the first is for warming up
                    times[name].append(elapsed)
                    sizes[name].append(sum(received))
    for name, values in times.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        print(
            f"control to drawn  {name:10} median {statistics.median(values):7.0f} ms  p95 {p95:7.0f} ms"
            f"  {statistics.median(sizes[name]) / 1000:8.1f} kB a move"
        )


def measure_frames(browser: Browser, addresses: dict[str, str]) -> None:
    """Print script time a frame and frames a second while playing, beside the page that only repaints."""
    with opened(browser, addresses["downhill"]) as (stage, _), opened(browser, "about:blank") as (blank, _):
        ready(stage)  # it opens playing
        stage.locator(".stage button.loop").click()
        canvases = stage.locator(".stage canvas").evaluate_all("(all) => all.map((c) => [c.width, c.height])")
        views = stage.locator(".stage .frame").evaluate_all("(all) => all.map((f) => [f.clientWidth, f.clientHeight])")
        print(f"  stage: {len(canvases)} canvases in views of {views}")
        blank.set_content(REPAINT % views)
        rates: dict[str, list[float]] = {"downhill": [], "repaint": []}
        scripts: list[float] = []
        for _ in range(ROUNDS):
            stage.bring_to_front()
            watched = frames(stage)
            rates["downhill"].append(rate(watched))
            scripts += per_frame(watched)
            blank.bring_to_front()
            rates["repaint"].append(rate(frames(blank)))
    p95 = statistics.quantiles(scripts, n=20)[-1]
    medians = {name: statistics.median(values) for name, values in rates.items()}
    print(f"playing  script a frame: median {statistics.median(scripts):.2f} ms  p95 {p95:.2f} ms")
    print(f"playing  frames a second: downhill {medians['downhill']:.1f}  repaint {medians['repaint']:.1f}")
    print(f"  downhill / repaint {medians['downhill'] / medians['repaint']:.2f}")


def ready(page: Page) -> None:
    """Wait until the stage has drawn a run."""
    page.locator(".stage[data-runs]").wait_for()


def main() -> None:
    """Serve the pages and measure both."""
    with ExitStack() as stack:
        servers = {"downhill": "app.py", "plotly": "benchmarks/plotly_page.py"}
        addresses = {name: stack.enter_context(served(ROOT / script)) for name, script in servers.items()}
        playwright = stack.enter_context(sync_playwright())
        browser = chromium(playwright)
        measure_frames(browser, addresses)
        measure_moves(browser, addresses)
        browser.close()


if __name__ == "__main__":
    main()

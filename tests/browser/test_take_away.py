"""What is taken away, opened: pictures show what the page shows, the video moves, the page in one file plays alone."""

import base64
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console, prepared

QUERY = "surface=himmelblau&optimizer=nesterov&learning_rate=0.004&steps=400"
STEM = "downhill-himmelblau-nesterov"
STEPS = 400

MASTERS = {0x18538067, 0x1F43B675, 0xA0, 0x1254C367, 0x7373, 0x67C8, 0x1654AE6B, 0xAE}
"""What holds other elements: segment, cluster, group of blocks, tags, tag, simple tag, tracks, track."""

BLOCKS, CODEC, TAG_NAME, TAG_TEXT = (0xA3, 0xA1), 0x86, 0x45A3, 0x4487

DECODED = """async (blocks) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const canvas = new OffscreenCanvas(1, 1);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const found = { changed: [], size: null };
  let before = null;
  const decoder = new VideoDecoder({
    output: (frame) => {
      Object.assign(canvas, { width: frame.displayWidth, height: frame.displayHeight });
      found.size = [canvas.width, canvas.height];
      pen.drawImage(frame, 0, 0);
      frame.close();
      const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
      let changed = 0;
      for (let i = 0; before && i < data.length; i += 4) changed += Math.abs(data[i] - before[i]) > 48;
      found.changed.push(changed);
      before = data;
    },
    error: (error) => { throw error; },
  });
  decoder.configure({ codec: "vp8" });
  blocks.map(bytes).forEach((data, i) => decoder.decode(
    new EncodedVideoChunk({ type: data[0] & 1 ? "delta" : "key", timestamp: i, data })));
  await decoder.flush();
  return found;
}"""
"""Every picture of a video, decoded by the browser: how many pixels are others than in the one before, and the size."""

PLAYED = """async (text) => {
  const video = document.createElement("video");
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const ready = new Promise((done, fail) => { video.onloadeddata = done; video.onerror = () => fail(video.error); });
  video.src = URL.createObjectURL(new Blob([bytes], { type: "video/webm" }));
  await ready;
  const sought = new Promise((done) => { video.onseeked = done; });
  video.currentTime = 1e6;
  await sought;
  return video.currentTime;
}"""
"""The seconds of a video, for a browser that goes to its end."""


@pytest.fixture(scope="module")
def explore(browser: Browser, address: str) -> Iterator[Page]:
    """Explore at the end of a run, with all that can be taken away unfolded."""
    console = Console()
    page = prepared(console.listen(browser.new_page()))
    page.goto(f"{address}/?{QUERY}")
    expect(page.locator(".stage")).to_have_attribute("data-state", "ended")
    page.get_by_text("Share and take away", exact=True).click()
    expect(page.get_by_role("button", name="Picture (PNG)")).to_be_visible()
    yield page
    page.close()
    assert console.said == []


def taken(page: Page, press: Callable[[], None]) -> tuple[str, bytes]:
    """The name and the bytes of the file that is saved when something is pressed."""
    with page.expect_download() as saved:
        press()
    return saved.value.suggested_filename, Path(saved.value.path()).read_bytes()


def picture(page: Page, view: str) -> tuple[str, Image.Image]:
    page.get_by_label("Which views").select_option(view)
    name, data = taken(page, page.get_by_role("button", name="Picture (PNG)").click)
    return name, Image.open(io.BytesIO(data))


def grey(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), float)


@pytest.mark.parametrize("view", ["surface", "plane", "curve"])
def test_picture_shows_the_view_as_it_is_at_twice_its_size(explore: Page, view: str):
    frame = explore.locator(f".stage [data-view={view}]")
    frame.scroll_into_view_if_needed()
    seen = grey(frame.screenshot())
    name, kept = picture(explore, view)
    assert name == f"{STEM}-{view}.png"
    tall, wide = seen.shape
    assert kept.width == 2 * (wide + 24) and kept.height > 2 * tall  # 12 pixels on either side, words above and below
    small = np.asarray(kept.convert("L").resize((kept.width // 2, kept.height // 2), Image.Resampling.BOX), float)
    strip = small[:, 12 : 12 + wide]
    apart = [np.abs(strip[top : top + tall] - seen).mean() for top in range(len(strip) - tall + 1)]
    assert min(apart) < 5 and np.ptp(seen) > 100
    assert kept.text["Comment"] == explore.url and kept.text["Software"] == "Downhill"  # pyright: ignore[reportAttributeAccessIssue]


def test_picture_of_all_views_is_as_wide_as_they_stand(explore: Page):
    name, kept = picture(explore, "all")
    assert name == f"{STEM}.png"
    boxes = [explore.locator(f".stage [data-view={view}]").bounding_box() for view in ("surface", "plane", "curve")]
    right, left = max(b["x"] + b["width"] for b in boxes if b), min(b["x"] for b in boxes if b)
    assert abs(kept.width - 2 * (right - left + 24)) <= 2
    assert parse_qs(urlsplit(kept.text["Comment"]).query) == parse_qs(QUERY)  # pyright: ignore[reportAttributeAccessIssue]


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every element of a WebM that holds no others: its name and what is in it (RFC 8794)."""
    at = 0
    while at < len(data):
        wide = 9 - data[at].bit_length()
        name, at = int.from_bytes(data[at : at + wide], "big"), at + wide
        wide = 9 - data[at].bit_length()
        size, at = int.from_bytes(data[at : at + wide], "big") & ~(1 << 7 * wide), at + wide
        if name not in MASTERS:
            yield name, data[at : at + size]
            at += size
    assert at == len(data)


def test_video_has_a_picture_for_each_moment_and_every_one_moves(explore: Page):
    explore.get_by_label("Which views").select_option("plane")
    explore.get_by_label("Speed, in steps a second").select_option("500")
    name, data = taken(explore, explore.get_by_role("button", name="Video (WebM)").click)
    assert name == f"{STEM}.webm"
    told = explore.locator(".share .told")
    expect(told).to_contain_text("The video is kept")

    parts = list(elements(data))
    assert [held for part, held in parts if part == CODEC] == [b"V_VP8"]
    blocks = [base64.b64encode(held[4:]).decode() for part, held in parts if part in BLOCKS]
    found = explore.evaluate(DECODED, blocks)
    assert len(found["changed"]) == len(blocks)
    moving = [place for place, changed in enumerate(found["changed"]) if changed]
    assert len(moving) >= 24, found  # 32 are shown at least, of which the recorder may lose one now and then
    assert moving == list(range(moving[0], moving[0] + len(moving))), found  # then the end stands still
    assert explore.evaluate(PLAYED, base64.b64encode(data).decode()) > 1
    words = [held.decode() for part, held in parts if part in (TAG_NAME, TAG_TEXT)]
    assert dict(zip(words[::2], words[1::2], strict=True)) == {
        "TITLE": "Nesterov momentum on Himmelblau", "URL": explore.url,
    }  # fmt: skip
    expect(explore.locator(".stage")).to_have_attribute("data-state", "ended")  # as it was


@pytest.fixture(scope="module")
def alone(explore: Page, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page in one file, opened from the disk by a browser that has no network."""
    name, data = taken(explore, explore.get_by_role("button", name="Page that plays offline (HTML)").click)
    assert name == f"{STEM}.html"
    path = tmp_path_factory.mktemp("kept") / name
    path.write_bytes(data)
    console, asked = Console(), []
    context = browser.new_context(offline=True, reduced_motion="no-preference", viewport={"width": 1280, "height": 800})
    page = console.listen(context.new_page())
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    context.close()
    assert console.said == []


def test_page_in_one_file_plays_without_a_network_and_its_keys_work(alone: Page):
    stage = alone.locator(".stage")
    expect(stage).to_have_attribute("data-state", "playing")  # by itself
    expect(stage).to_have_attribute("data-step", re.compile(r"^[1-9]\d$"))
    views = {name: alone.locator(f"[data-view={name}]") for name in ("surface", "plane", "curve")}
    alone.keyboard.press("Space")  # nothing was clicked, nothing has the focus
    expect(stage).to_have_attribute("data-state", "paused")
    seen = {}
    for key, step in (("Home", 0), ("End", STEPS), (",", STEPS - 1)):
        alone.keyboard.press(key)
        expect(stage).to_have_attribute("data-step", str(step))
        alone.wait_for_function("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        seen[key] = {name: grey(view.screenshot()) for name, view in views.items()}
    for name in views:
        first, last = seen["Home"][name], seen["End"][name]
        assert np.ptp(first) > 100, name  # it is not blank
        assert (np.abs(first - last) > 40).sum() > 60, name  # where the ball was, and where it is
    alone.keyboard.press("l")
    expect(alone.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    link = alone.locator("footer").get_by_role("link")
    assert parse_qs(urlsplit(link.get_attribute("href") or "").query) == parse_qs(QUERY)
    expect(alone).to_have_title("Nesterov momentum on Himmelblau")

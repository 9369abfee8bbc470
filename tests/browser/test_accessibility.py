"""Every page against WCAG 2.2 A and AA, by axe-core, in both themes; and what axe cannot decide, decided."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.served import ROOT

PAGES = re.findall(r'PAGES / "(\w+)\.py"', (ROOT / "ui" / "main.py").read_text())

SHORT = {
    "reference": "reference?chapter=saddles",
    "networks": "networks?task=moons&layers=1&width=3&steps=20",
    "lessons": "lessons?lesson=turned&answer=a",
}
"""What is held against the rules: of the Reference a part, since the rest is more of the same and every formula takes
its time; the Networks page after a training; a lesson that was answered wrongly.
"""

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations", "incomplete"],
}

COLOURS = {**RULES, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules of RULES that look at colours: nothing else is different in the other theme."""

NOT_OURS = {
    ".katex-display": "a formula wider than its column scrolls; the markup of KaTeX takes no tabindex, and Chrome and "
    "Firefox let the keyboard reach whatever scrolls",
}
"""A part of the selector of what Streamlit itself draws and no setting can change -> why it violates a rule."""

RATIOS = """(targets) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => value * a + under[i] * (1 - a));
  const light = (colour) => colour.slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, i) => sum + [0.2126, 0.7152, 0.0722][i] * value, 0);
  const above = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  return targets.map((path) => {
    const node = [path].flat(2).reduce((root, selector) => (root.shadowRoot ?? root).querySelector(selector), document);
    if (!node) return null;
    const style = getComputedStyle(node);
    let opacity = 1;
    const grounds = [];
    for (let at = node; at; at = above(at)) {
      const here = getComputedStyle(at);
      grounds.unshift(rgba(here.backgroundColor));
      opacity *= Number(here.opacity);
    }
    const ground = grounds.reduce((under, colour) => over(colour, under), [255, 255, 255]);
    const [r, g, b, a] = rgba(node instanceof SVGElement ? style.fill : style.color);
    const pair = [over([r, g, b, a * opacity], ground), ground].map(light).sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    return { ratio: (pair[0] + 0.05) / (pair[1] + 0.05), least: large ? 3 : 4.5, text: node.textContent };
  });
}"""
"""The contrast of the text of nodes, named as axe names them, with what lies behind them in the tree of elements."""


class Checked:
    """A page that is held against the rules in both themes."""

    def __init__(self, page: Page) -> None:
        """Take an open page."""
        self.page, self.found = page, []

    def check(self, state: str, part: str | None = None) -> None:
        """Hold what is shown now, or a part of it, against the rules."""
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)
            dark = "(dark) => (getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark') === dark"
            self.page.wait_for_function(dark, arg=theme == "dark")
            self.rest()
            rules = RULES if theme == "light" else COLOURS
            result = Axe().run(self.page, context=part, options=rules).response
            for rule in result["violations"]:
                self.found += [
                    (state, theme, rule["id"], str(node["target"]), node["html"][:200]) for node in rule["nodes"]
                ]
            undecided = [rule for rule in result["incomplete"] if rule["id"] == "color-contrast"]
            targets = [node["target"] for rule in undecided for node in rule["nodes"]]
            for target, told in zip(targets, self.page.evaluate(RATIOS, targets), strict=True):
                if told is None or told["ratio"] < told["least"]:
                    self.found.append((state, theme, "contrast by hand", str(target), str(told)))

    def rest(self) -> None:
        """Wait until no run of the page is under way and nothing fades any more."""
        expect(self.page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
        self.page.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')")

    def violations(self) -> list[str]:
        """A line for each; those that are not ours left out."""
        return ["  ".join(one) for one in self.found if not any(part in one[3] for part in NOT_OURS)]


@pytest.fixture
def visited(open_page: Callable[..., Page], address: str) -> Iterator[Callable[[str], Checked]]:
    def visited(path: str) -> Checked:
        page = open_page()
        page.goto(address + path)
        expect(page.locator(".st-key-foot")).to_be_visible()
        checked = Checked(page)
        checked.rest()
        return checked

    yield visited


def test_explore_has_no_violation_whatever_is_open(visited):
    explore = visited("/?formula=x**2%2By**2&nonsense=1&noise=0.1&starts=cloud&explain=step")
    page: Page = explore.page
    expect(page.locator(".explained")).to_have_attribute("data-row", re.compile(r"\d+"))
    for title in ("More settings", "Schedule, noise, precision", "Share and take away", "Numbers and charts"):
        page.get_by_text(title, exact=True).click()
        explore.rest()
    field = page.get_by_label("f(x, y) =")
    field.fill("x**")
    field.press("Enter")
    expect(page.locator(".refused")).to_be_visible()
    explore.check("all open, and a formula refused")
    page.locator("body").press("?")
    explore.check("keys", ".st-key-foot")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="About").click()
    expect(page.get_by_text("@software")).to_be_visible()
    explore.check("about", "[data-testid=stPopoverBody]")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Demonstration")).click()
    expect(page.locator(".headline")).to_be_visible()
    explore.check("demonstration", ".st-key-stage")
    assert explore.violations() == []


def test_compare_has_no_violation_with_everything_open(visited):
    compare = visited("/compare?rates=own&starts=cloud&explain=step")
    for title in ("More settings", "Schedule, noise, precision", "Share and take away"):
        compare.page.get_by_text(title, exact=True).click()
        compare.rest()
    compare.check("all open")
    assert compare.violations() == []


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("explore", "compare")])
def test_page_has_no_violation(visited, name):
    page = visited(f"/{SHORT[name]}")
    if name != "reference":
        expect(page.page.locator(".stage")).to_have_attribute("data-state", "ended")
    page.check("there")
    assert page.violations() == []

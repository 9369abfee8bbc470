"""The Compare page in a real browser: the same runs in both views, one clock, one camera, one start; table and link."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import turn_to

FIRST = 150_000  # milliseconds
PHONE = {"width": 390, "height": 844}


class Visit:
    """The page, open, with what the tests ask of it."""

    def __init__(self, page: Page, address: str, query: str = "") -> None:
        self.page, self.address = page, address
        self.go(query)

    def go(self, query: str) -> None:
        self.page.goto(f"{self.address}/compare{query}")
        # Whoever comes first after a start waits until what is raced has been compiled.
        expect(self.stage).to_have_attribute("data-runs", re.compile(r"\d+"), timeout=FIRST)
        expect(self.page.locator("tbody tr").first).to_be_visible()
        expect(self.page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")

    def turn_to(self, query: str) -> None:
        turn_to(self.page, query)
        expect(self.page.locator("tbody tr").first).to_be_visible()

    @property
    def stage(self):
        return self.page.locator(".stage")

    @property
    def panels(self):
        return self.page.locator(".stage .panel")

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)

    def runs(self) -> list[tuple[str, str]]:
        """Name and loss of each run at the cursor, wherever its line in the legend stands."""
        lines = self.page.locator(".stage .run").all()
        return [(line.locator(".name").inner_text(), line.locator(".loss").inner_text()) for line in lines]

    @property
    def summary_line(self):
        return self.page.locator(".stage .summary")

    def summary(self) -> str:
        return self.summary_line.inner_text()

    def show(self, view: str) -> None:
        self.page.get_by_role("radio", name=view).click()
        self.page.wait_for_url(re.compile("view=side" if view == "Side by side" else r"compare(?!.*view=)"))
        expect(self.page.locator(".stage .views.side")).to_have_count(1 if view == "Side by side" else 0)

    def of_all(self, view: str, attribute: str) -> list[str | None]:
        return [frame.get_attribute(attribute) for frame in self.page.locator(f".stage [data-view={view}]").all()]

    def rows(self) -> list[str]:
        return [row.inner_text().strip() for row in self.page.locator("tbody th").all()]


@pytest.fixture(scope="module")
def opened(shared_page: Page, address: str) -> Visit:
    """The page as it opens."""
    return Visit(shared_page, address)


@pytest.fixture
def visit(opened: Visit) -> Callable[..., Visit]:
    """Turns the page of all tests to an address, at the end of its runs."""

    def visit(query: str = "") -> Visit:
        opened.turn_to(query)
        opened.page.get_by_role("button", name="To the end").click()
        return opened

    return visit


THREE = ["Gradient descent", "Momentum (heavy ball)", "Adam"]


def test_race_and_side_by_side_show_the_same_runs(visit):
    here = visit()
    assert [name for name, _ in here.runs()] == THREE
    expect(here.panels).to_have_count(1)
    raced, told = here.runs(), here.summary()
    assert len({loss for _, loss in raced}) == 3
    here.show("Side by side")
    expect(here.panels).to_have_count(3)
    assert here.runs() == raced and here.summary() == told
    heads = here.page.locator(".stage .panel .head .name").all_inner_texts()
    assert heads == THREE  # each above its own picture
    here.page.get_by_role("button", name="To the start").click()
    losses = here.page.locator(".stage .run .loss")
    expect(losses).to_have_text(["loss 24.2"] * 3)  # one clock
    here.show("Race")
    expect(here.panels).to_have_count(1)
    expect(losses).to_have_text(["loss 24.2"] * 3)  # which the change of the view leaves alone


def test_small_stages_have_one_camera_one_window_and_one_start(visit):
    here = visit("?view=side")
    surfaces, planes = (here.page.locator(f".stage [data-view={view}]") for view in ("surface", "plane"))
    (before,) = set(here.of_all("surface", "data-camera"))
    surfaces.nth(1).press("ArrowLeft")
    expect(surfaces.nth(1)).not_to_have_attribute("data-camera", before or "")
    expect(surfaces.nth(2)).not_to_have_attribute("data-camera", before or "")
    assert len(set(here.of_all("surface", "data-camera"))) == 1
    (whole,) = set(here.of_all("plane", "data-window"))
    planes.nth(2).press("+")
    expect(planes.nth(0)).not_to_have_attribute("data-window", whole or "")
    assert len(set(here.of_all("plane", "data-window"))) == 1
    planes.nth(0).press("0")
    expect(planes.nth(2)).to_have_attribute("data-window", whole or "")
    planes.nth(1).press("ArrowLeft")
    planes.nth(1).press("Enter")
    here.page.wait_for_url(re.compile("x="))
    assert float(here.query["x"][0]) != -1.2
    start = f"from ({here.query['x'][0][:4]}".replace("-", "−")
    expect(here.page.locator(".stage .summary")).to_contain_text(start)
    assert here.summary().count(start) == 3


def test_contenders_come_and_go_and_twins_are_told_apart(visit):
    here = visit("?a=momentum&b=momentum&b.momentum=0.99")
    names = ["Momentum (heavy ball), β = 0.9", "Momentum (heavy ball), β = 0.99"]
    assert [name for name, _ in here.runs()] == names
    expect(here.page.get_by_role("button", name=re.compile("Remove contender"))).to_have_count(0)  # two are the fewest
    for count in range(3, 7):
        here.page.get_by_role("button", name="Add a contender").click()
        expect(here.page.locator("tbody tr")).to_have_count(count)
    expect(here.page.get_by_role("button", name="Add a contender")).to_have_count(0)
    expect(here.page.locator(".stage .run")).to_have_count(6)
    here.page.get_by_role("button", name="Remove contender 2").click()
    expect(here.page.locator("tbody tr")).to_have_count(5)
    assert names[1] not in here.rows() and "b.momentum" not in here.query


def test_table_sorts_by_mouse_and_keyboard_and_the_address_keeps_it(visit):
    here = visit("?a=gradient_descent&b=momentum&c=lbfgs&surface=himmelblau&rates=own")
    assert here.rows() == ["Gradient descent", "Momentum (heavy ball)", "L-BFGS"]
    here.page.get_by_role("button", name="Steps to tolerance").click()
    here.page.wait_for_url(re.compile("sort=steps"))
    expect(here.page.locator("tbody th").first).to_contain_text("L-BFGS")
    expect(here.page.locator("th[aria-sort=ascending]")).to_contain_text("Steps to tolerance")
    order = here.rows()
    head = here.page.get_by_role("button", name="Contender", exact=True)
    head.focus()
    head.press("Enter")
    expect(here.page.locator("tbody th").first).to_contain_text("Gradient descent")
    expect(head).to_be_focused()
    here.go("?a=gradient_descent&b=momentum&c=lbfgs&surface=himmelblau&rates=own&sort=steps")
    assert here.rows() == order


def test_ignored_parts_of_an_address_are_named(visit):
    here = visit("?a=__class__&budget=1e9&view=<script>")
    notice = here.page.locator(".st-key-notice")
    for part in ("a = '__class__'", "budget = 1000000000.0", "view = '<script>'"):
        expect(notice).to_contain_text(part)
    assert [name for name, _ in here.runs()] == THREE


def test_divergent_contender_leaves_the_others_pictures_as_they_are(open_page, address):
    here = Visit(open_page(), address, "?surface=himmelblau&rates=own&view=side&c=adam&a=momentum&b=adam")
    frames = [here.panels.nth(0).locator(f"[data-view={view}]") for view in ("plane", "surface")]
    pictures = [frame.screenshot() for frame in frames]
    here.go("?surface=himmelblau&rates=own&view=side&a=momentum&b=adam&c=gradient_descent&c.learning_rate=9")
    assert "diverged" in here.page.locator("tbody tr").nth(2).inner_text()
    assert [frame.screenshot() for frame in frames] == pictures
    expect(here.panels.nth(2).locator(".status")).to_contain_text("diverged")


def test_many_starts_run_along_and_give_medians(visit):
    here = visit("?surface=himmelblau")
    here.page.get_by_role("radio", name="A grid").click()
    expect(here.stage).to_have_attribute("data-swarm", "3")
    expect(here.page.locator("tbody tr").first).to_contain_text("of 64 arrive")
    expect(here.page.locator("caption")).to_contain_text("medians over all starts")
    here.page.get_by_role("radio", name="One start").click()
    expect(here.stage).to_have_attribute("data-swarm", "")
    here.page.get_by_text("Schedule,").click()  # what else is done: for all contenders alike
    noise = here.page.get_by_role("spinbutton", name="Noise", exact=True)
    noise.fill("2")
    noise.press("Enter")
    expect(here.summary_line).to_contain_text(re.compile("Momentum.* with noise 2 on .* Adam with noise 2 on"))
    here.page.get_by_role("radio", name="64 seeds").click()
    expect(here.page.locator("caption")).to_contain_text("medians over all seeds")
    expect(here.page.locator(".stMarkdown", has_text="Added to every rule: noise 2.")).to_be_visible()
    assert here.query == {"surface": ["himmelblau"], "noise": ["2"], "starts": ["seeds"]}


def test_dial_turns_the_rate_of_all(visit):
    here = visit("?surface=ravine&rates=same&rate=0.001")
    rate = here.page.locator(".stage .dial .rate")
    rate.fill("0.004")
    rate.press("Enter")
    here.page.wait_for_url(re.compile("rate=0.004"))
    expect(here.page.locator("tbody td", has_text=re.compile(r"^0\.004$"))).to_have_count(3)


def test_keyboard_alone_reaches_everything(visit):
    here = visit("?view=side&rates=own")
    here.page.locator("body").press("Tab")
    reached: list[str] = []
    for _ in range(120):
        name = here.page.evaluate("""() => {
          let at = document.activeElement;
          while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          const label = at.getAttribute("aria-label") ?? at.labels?.[0]?.innerText ?? at.innerText ?? "";
          return `${at.localName} ${at.dataset?.view ?? ""} ${label}`;
        }""")
        reached.append(name)
        here.page.keyboard.press("Tab")
    wanted = (
        "Surface", "Race", "Learning rates", "Contender 1", "Contender 3", "Settings of contender 2",
        "Remove contender 3", "Learning rate", "Add a contender",
        "More settings", "Reset everything", "3-D surface", "Plane", "Play", "Step", "Speed", "Logarithmic",
        "One start", "Contender", "Final loss", "Overshoots", "Table of the contenders", "converged|descending",
    )  # fmt: skip
    missing = [name for name in wanted if not any(re.search(name, one) for one in reached)]
    assert not missing, reached
    assert sum("surface" in one.split(" ")[1] for one in reached) in (3, 6)  # every small stage, in one round or two


def test_phone_shows_everything_without_scrolling_sideways(open_page, address):
    here = Visit(open_page(viewport=PHONE), address)
    for view in ("race", "side"):
        if view == "side":
            here.turn_to("?view=side")
            expect(here.panels).to_have_count(3)
            tops = [box["y"] for panel in here.panels.all() if (box := panel.bounding_box())]
            assert tops == sorted(tops) and len(set(tops)) == 3
        assert here.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        boxes = [box for panel in here.page.locator(".stage .frame").all() if (box := panel.bounding_box())]
        assert all(0 <= box["x"] and box["x"] + box["width"] <= PHONE["width"] and box["height"] > 90 for box in boxes)
    for scheme in ("dark", "light"):
        here.page.emulate_media(color_scheme=scheme)
        expect(here.stage).to_have_class(re.compile(r"\bdark\b") if scheme == "dark" else re.compile("^(?!.*dark)"))
        background = here.stage.evaluate("(e) => getComputedStyle(e).getPropertyValue('--st-background-color')")
        assert (background.lower() in ("#ffffff", "#fff")) == (scheme == "light")


def test_settings_open_and_change_their_contender(visit):
    here = visit("?rates=own")
    here.page.get_by_role("button", name="Settings of contender 2").click()
    field = here.page.get_by_role("spinbutton", name="Momentum")
    field.fill("0.5")
    field.press("Enter")
    here.page.wait_for_url(re.compile(r"b\.momentum=0\.5"))
    expect(field).to_be_visible()  # it stays open for the next


def test_link_comes_back_and_going_back_works(opened: Visit):
    here = opened
    link = "?surface=ravine&budget=50&rates=same&rate=0.01&view=side&scale=linear&a=adam&b=lion&b.beta1=0.5&sort=path"
    here.go(link)
    told = here.summary()
    assert told.count("Ravine") == 2 and "50 steps" in told
    assert parse_qs(link[1:]) == here.query
    expect(here.page.get_by_role("radio", name="Linear")).to_be_checked()
    expect(here.page.get_by_role("radio", name="Side by side")).to_be_checked()
    here.page.reload()
    expect(here.stage).to_have_attribute("data-runs", re.compile(r"\d+"))
    assert here.summary() == told and parse_qs(link[1:]) == here.query
    here.page.get_by_role("link", name="Explore").click()
    expect(here.summary_line).to_contain_text("on Rosenbrock")
    here.page.get_by_role("link", name="Compare").click()
    here.page.wait_for_url(re.compile("/compare.*sort=path"))  # as it was left, and in the address
    expect(here.summary_line).to_have_text(told)
    assert parse_qs(link[1:]) == here.query
    here.page.go_back()
    expect(here.summary_line).to_contain_text("on Rosenbrock")
    assert urlsplit(here.page.url)[2:4] == ("/", "")

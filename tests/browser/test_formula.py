"""A formula of one's own in a real browser: typed and drawn, refused with a mark, sent as a link, by keyboard alone."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WIDE
from tests.browser.test_explore import PHONE, Visit
from ui.own_formula import EXAMPLE

BOWL = "x**2 + 3*y**2"
QUERY = "?formula=x**2%20%2B%203*y**2"


@pytest.fixture(scope="module")
def opened(shared_page: Page, address: str) -> Visit:
    """The page of all tests, as it opens."""
    here = Visit(shared_page, address)
    here.go()
    return here


@pytest.fixture
def here(opened: Visit) -> Visit:
    """The page with a formula in its address, at the end of the run."""
    opened.turn_to(QUERY)
    return opened


def field(page: Page):
    return page.get_by_role("textbox", name="f(x, y) =")


def plane(page: Page) -> bytes:
    """The picture of the plane; a run at its end stands still."""
    return page.locator(".stage [data-view=plane]").screenshot()


def formula_of(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("formula", [])


def test_formula_is_typed_and_drawn_and_its_link_shows_the_same(opened: Visit):
    here, page = opened, opened.page
    with here.one_run():
        page.get_by_role("combobox", name=re.compile("Surface")).fill("own")  # the list is long: typing shortens it
        page.get_by_role("option", name="Your own formula").click()
    expect(field(page)).to_have_value(EXAMPLE)
    before = plane(page)
    with here.one_run():
        field(page).fill(BOWL)
        field(page).press("Enter")
    expect(here.summary).to_contain_text(f"on {BOWL} from")
    expect(page.get_by_text("★ Minimum, loss 0: (0, 0)")).to_be_visible()
    assert plane(page) != before and formula_of(page) == [BOWL]
    told = here.summary.inner_text()
    here.go(page.url.removeprefix(here.address))
    expect(here.summary).to_have_text(told)
    expect(field(page)).to_have_value(BOWL)


def test_refused_formula_shows_the_character_and_the_picture_stays(here: Visit):
    page = here.page
    picture, told = plane(page), here.summary.inner_text()
    field(page).fill("x**2 + 3*z")
    field(page).press("Enter")
    refused = page.get_by_role("alert").filter(has_text="'z' is not known")
    expect(refused).to_be_visible()
    line, mark = refused.locator("pre").inner_text().split("\n")
    assert line[mark.index("^")] == "z" and refused.locator("pre").evaluate("e => getComputedStyle(e).fontFamily") != ""
    widths = refused.locator("pre").evaluate(
        """e => [...'x*^'].map(c => { const s = document.createElement('span'); s.textContent = c; e.append(s);
           const w = s.getBoundingClientRect().width; s.remove(); return w; })"""
    )
    assert max(widths) - min(widths) < 0.01  # else the mark would stand under another character
    expect(page.get_by_text("It may hold numbers, x, y, pi, e")).to_be_visible()
    expect(field(page)).to_have_value("x**2 + 3*z")
    assert (plane(page), here.summary.inner_text(), formula_of(page)) == (picture, told, [BOWL])
    with here.one_run():
        field(page).fill("x**2 + 4*y**2")
        field(page).press("Enter")
    expect(refused).to_have_count(0)


def test_hostile_formula_is_shown_as_text(here: Visit):
    page = here.page
    for text in ("<img src=x onerror=window.broken=1>", "'<script>window.broken=1</script>'", "$$x$$ **b** :red[c]"):
        field(page).fill(text)
        field(page).press("Enter")
        expect(page.locator(".refused pre")).to_contain_text(text[:12])
    assert page.evaluate("window.broken") is None
    assert page.locator(".refused :is(script, img, strong)").count() == 0


def test_formula_takes_the_keyboard_alone(open_page, address):
    here = Visit(open_page(), address)
    page = here.go()
    box = page.get_by_role("combobox", name=re.compile("Surface"))
    box.focus()
    with here.one_run():
        page.keyboard.type("your own")
        page.keyboard.press("Enter")
    expect(field(page)).to_have_value(EXAMPLE)
    box.focus()
    page.keyboard.press("Tab")
    expect(field(page)).to_be_focused()
    with here.one_run():
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(BOWL)
        page.keyboard.press("Enter")
    expect(here.summary).to_contain_text(f"on {BOWL} from")
    assert formula_of(page) == [BOWL]


def test_phone_holds_the_field_and_a_refusal(here: Visit):
    page = here.page
    page.set_viewport_size(PHONE)
    field(page).fill("x + " * 50 + "z")
    field(page).press("Enter")
    refused = page.locator(".refused")
    expect(refused).to_contain_text("'z' is not known, at character 201")
    wide = "[...document.querySelectorAll('.stMain, .stMainBlockContainer')].map(e => e.scrollWidth - e.clientWidth)"
    assert page.evaluate(wide) == [0, 0]
    for part in (field(page), refused, refused.locator("pre")):
        box = part.bounding_box()
        assert box and 0 <= box["x"] and box["x"] + box["width"] <= PHONE["width"]
    assert refused.locator("pre").evaluate("e => e.scrollWidth <= e.clientWidth")  # the mark is in sight
    page.set_viewport_size(WIDE)


def test_compare_takes_a_formula(opened: Visit):
    here, page = opened, opened.page
    page.goto(f"{here.address}/compare{QUERY}&rates=same&budget=60")
    expect(here.stage).to_have_attribute("data-runs", re.compile(r"\d+"))
    expect(field(page)).to_have_value(BOWL)
    expect(page.get_by_text(f"All start at the same point of {BOWL}")).to_be_visible()
    with here.one_run():
        field(page).fill("x**2 + 2*y**2")
        field(page).press("Enter")
    expect(page.get_by_text("All start at the same point of x**2 + 2*y**2")).to_be_visible()
    assert formula_of(page) == ["x**2 + 2*y**2"]

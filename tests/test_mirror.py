"""A page that is come back to: as it was left, unless its address says otherwise."""

from streamlit.testing.v1 import AppTest

from tests.test_explore import address, checked, choose, opened, shown


def gone_to(page: AppTest, name: str, **query: str) -> AppTest:
    """To a page by a link: the pages' own have no settings in them."""
    page.query_params.clear()
    page.query_params.update(query)
    page.switch_page(f"app_pages/{name}.py")
    return checked(page.run())


def test_both_pages_are_as_they_were_left_and_the_browser_is_told_their_addresses():
    page = gone_to(opened({"surface": "bowl"}), "compare")
    assert page.session_state["comparison"].landscape == "rosenbrock" and "replaceState" not in shown(page)
    choose(page, "compare.landscape", "himmelblau")
    gone_to(page, "explore")
    assert page.session_state["scenario"].landscape == "bowl"
    assert '"?surface=bowl"' in shown(page) and 'URL("./",' in shown(page)
    assert address(page) == {}  # what Python wrote would be a step in the browser's history
    gone_to(page, "compare")
    assert page.session_state["comparison"].landscape == "himmelblau"
    assert '"?surface=himmelblau"' in shown(page) and 'URL("./compare",' in shown(page)


def test_address_with_settings_is_what_is_shown():
    page = gone_to(gone_to(opened({"surface": "bowl"}), "compare"), "explore", surface="matyas")
    assert page.session_state["scenario"].landscape == "matyas"
    assert "replaceState" not in shown(page)


def test_going_back_on_the_same_page_to_its_clean_address_opens_it_anew():
    page = opened({"surface": "bowl"})
    page.query_params.clear()
    checked(page.run())
    assert page.session_state["scenario"].landscape == "rosenbrock"


def test_formula_is_no_markup_in_the_script_that_sets_the_address():
    page = opened({"formula": "where(x < y, x**2, y**2) + 1"})
    gone_to(gone_to(page, "compare"), "explore")
    script = shown(page).split("<script>")[1].split("</script>")[0]
    assert "?formula=where%28x+%3C+y" in script and "x < y" not in script


def test_next_move_after_coming_back_keeps_the_rest():
    page = gone_to(gone_to(opened({"surface": "bowl", "x": "2.5"}), "compare"), "explore")
    choose(page, "optimizer", "adam")
    assert address(page) == {"surface": "bowl", "x": "2.5", "optimizer": "adam"}

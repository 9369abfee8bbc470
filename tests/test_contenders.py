"""The Compare page without a browser: what is the same for all contenders, and what is said of it."""

from urllib.parse import urlencode

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_explore import MAIN, address, checked, choose, press, set_number, unfolded
from ui.comparison import from_query, labels
from ui.contenders import fairness
from ui.race import race


def compared(**query: str) -> AppTest:
    page = AppTest.from_file(MAIN, default_timeout=60)
    page.query_params.update(query)
    page.switch_page("app_pages/compare.py")
    return checked(page.run())


def said(**query: str) -> str:
    comparison, ignored = from_query(query)
    assert ignored == ()
    return fairness(comparison, labels(comparison.contenders), race(comparison).found)


TWISTED = {"schedule": "cosine", "weight_decay": "0.02", "noise": "3"}


def test_sentence_says_what_is_added_and_who_goes_without():
    sentence = said(surface="himmelblau", a="adam", b="adamw", c="lbfgs", budget="40", rates="own", **TWISTED)
    assert "Added to every rule: schedule cosine, weight decay 0.02, noise 3." in sentence
    assert "AdamW keeps its own weight decay." in sentence
    assert "L-BFGS goes without schedule and weight decay, which would mean nothing for it." in sentence
    assert "Adam goes without" not in sentence and "Adam keeps" not in sentence and "mini-batch" not in sentence


def test_sentence_says_what_a_mini_batch_costs_and_that_the_seed_had_a_part():
    sentence = said(
        surface="line_fit", a="momentum", b="momentum", budget="40", rates="own", batch_size="2", workers="2"
    )
    assert "Each worker pays for its own gradient." in sentence
    assert "counts as one evaluation, though it looks at 2 of 4 examples only." in sentence
    sentence = said(surface="line_fit", a="momentum", b="momentum", budget="40", batch_size="2")
    assert "found on this surface and from this start and with this seed" in sentence


def test_sentence_says_nothing_of_what_is_not_added():
    assert "Added" not in said(surface="bowl", a="momentum", b="adam", budget="40", rates="own")


@pytest.mark.parametrize("twists", [{"clip_norm": "0.5"}, {"schedule": "one_cycle"}])
def test_best_rates_are_found_for_the_twisted_runs(twists):
    query = {"surface": "bowl", "a": "gradient_descent", "b": "momentum", "budget": "60"}
    plain, twisted = (race(from_query(one)[0]) for one in (query, query | twists))
    for before, after in zip(plain.found, twisted.found, strict=True):
        assert before is not None and after is not None and after.rate > before.rate  # shorter steps ask for more
    assert twisted.runs[0].twists != plain.runs[0].twists


def test_fields_show_change_and_let_go_of_the_twists():
    page = unfolded(compared(surface="himmelblau", a="momentum", b="lbfgs", **TWISTED), "compare.twists")
    assert page.selectbox(key="compare.schedule").value == "cosine"
    assert page.number_input(key="compare.twists.noise").value == 3
    set_number(page, "compare.twists.clip_norm", 2.5)
    assert address(page)["clip_norm"] == "2.5" and address(page)["noise"] == "3"
    choose(page, "contender0", "backtracking_line_search")  # now nobody takes a schedule or a decay
    assert "schedule" not in address(page) and "weight_decay" not in address(page)
    assert {field.key for field in page.number_input if ".twists." in str(field.key)} == {
        f"compare.twists.{name}" for name in ("clip_norm", "clip_value", "l2", "noise", "noise_decay", "workers")
    }
    press(page, "compare.reset")
    assert address(page) == {}


def test_seeds_of_all_contenders_go_when_chance_goes():
    page = unfolded(compared(surface="himmelblau", noise="3", starts="seeds", budget="30"), "compare.twists")
    assert page.session_state["comparison"].starts == "seeds"
    assert page.number_input(key="compare.seed").value == 0
    set_number(page, "compare.twists.noise", 0)
    assert page.session_state["comparison"].starts == "one"
    assert urlencode(address(page)) == "surface=himmelblau&budget=30"

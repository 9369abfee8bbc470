"""The Explore page without a browser: controls, address, notices and texts, through Streamlit's AppTest."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from ui import controls
from ui.scenario import OPENING, default_scenario, run, to_query

MAIN = str(Path(__file__).parent.parent / "ui" / "main.py")


def opened(query: Mapping[str, str | list[str]] | None = None) -> AppTest:
    page = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in (query or {}).items():
        page.query_params[name] = value
    return checked(page.run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error
    return page


def choose(page: AppTest, what: str, key: str) -> AppTest:
    return checked(page.selectbox(key=what).set_value(key).run())


def set_number(page: AppTest, key: str, value: float) -> AppTest:
    return checked(page.number_input(key=key).set_value(value).run())


def press(page: AppTest, key: str) -> AppTest:
    return checked(page.button(key=key).click().run())


def unfolded(page: AppTest, key: str = "more") -> AppTest:
    page.session_state[key] = True
    return checked(page.run())


def shown(page: AppTest) -> str:
    """Everything that the page says in HTML and Markdown."""
    return "\n".join([element.proto.body for element in page.get("html")] + [text.value for text in page.markdown])


def address(page: AppTest) -> dict[str, str | list[str]]:
    return dict(page.query_params)


def test_page_opens_on_the_opening_run_with_a_clean_address():
    page = opened()
    assert (page.selectbox(key="surface").value, page.selectbox(key="optimizer").value) == OPENING
    assert page.session_state["scenario"] == default_scenario()
    assert address(page) == {}
    assert not page.number_input  # the learning rate has its dial in the stage; the rest is folded away


def test_opening_run_overshoots_and_arrives():
    trajectory = run(default_scenario())
    assert trajectory.points[:, 0].max() > 1.1  # past the minimum at x = 1
    assert trajectory.status == "converged"


def test_every_surface_can_be_chosen_and_takes_its_own_start_and_has_a_field_for_each_parameter():
    page = unfolded(opened())
    for key, surface in LANDSCAPES.items():
        choose(page, "surface", key)
        assert page.session_state["scenario"].start == surface.start
        assert surface.source.split(",")[0].split()[0] in shown(page)
        assert address(page).get("surface", OPENING[0]) == key
        assert {f"{key}.{name}" for name in surface.parameters} <= {field.key for field in page.number_input}
        starts = [page.number_input(key=name).label for name in ("x", "y")]
        assert starts == {"line_fit": ["Start w", "Start b"], "ravine": ["Start x", "Start y"]}.get(key, starts)


def test_every_optimizer_can_be_chosen_and_keeps_surface_start_and_steps():
    page = unfolded(opened({"surface": "bowl", "x": "-3.25", "steps": "12"}))
    for key, method in OPTIMIZERS.items():
        choose(page, "optimizer", key)
        scenario = page.session_state["scenario"]
        assert (scenario.landscape, scenario.start, scenario.steps) == ("bowl", (-3.25, 3.0), 12)
        fields = {field.key for field in page.number_input}
        assert fields == {f"{key}.{name}" for name in method.knobs} - {f"{key}.learning_rate"} | {
            "x",
            "y",
            "steps",
            "seed",
        }


def dial_that_sends(monkeypatch: pytest.MonkeyPatch, rate: float, first: int | None) -> None:
    """Put a button in the stage's place that sends this rate, as the dial does when it is released."""

    def show_stage(runs, *, on_rate, **_):
        st.button("Release", key="stage", on_click=on_rate, args=(rate, first))

    monkeypatch.setattr("ui.stage.show_stage", show_stage)


def test_rate_of_the_dial_is_taken_exactly(monkeypatch):
    dial_that_sends(monkeypatch, 0.0012345678901234567, None)
    page = press(opened({"optimizer": "gradient_descent", "then": "20:0.5"}), "stage")
    assert page.session_state["scenario"].settings["learning_rate"] == 0.0012345678901234567
    assert address(page) == {"optimizer": "gradient_descent", "learning_rate": "0.0012345678901234567"}


def test_rate_beyond_the_sweep_is_taken_too(monkeypatch):
    dial_that_sends(monkeypatch, 1234.5, None)
    page = press(opened({"optimizer": "adam"}), "stage")
    assert OPTIMIZERS["adam"].knobs["learning_rate"].high < 1234.5
    assert page.session_state["scenario"].settings["learning_rate"] == 1234.5


def test_rate_from_a_step_on_keeps_the_past_and_drops_what_came_later(monkeypatch):
    dial_that_sends(monkeypatch, 0.25, 20)
    page = press(opened({"optimizer": "gradient_descent", "then": "10:0.125,30:0.5"}), "stage")
    assert address(page) == {"optimizer": "gradient_descent", "then": "10:0.125,20:0.25"}


def test_rate_that_no_run_may_have_is_left_alone(monkeypatch):
    dial_that_sends(monkeypatch, -1.0, None)
    page = press(opened({"optimizer": "gradient_descent"}), "stage")
    assert page.session_state["scenario"] == default_scenario(optimizer="gradient_descent")


def test_optimizer_and_surface_remember_their_numbers():
    page = unfolded(opened({"surface": "ravine", "optimizer": "adam"}))
    set_number(page, "adam.beta1", 0.5)
    set_number(page, "ravine.condition_number", 7.5)
    choose(page, "optimizer", "gradient_descent")
    choose(page, "surface", "bowl")
    assert set(address(page)) == {"surface", "optimizer"}
    choose(page, "optimizer", "adam")
    choose(page, "surface", "ravine")
    assert page.session_state["scenario"].settings["beta1"] == 0.5
    assert page.session_state["scenario"].parameters == {"condition_number": 7.5}
    assert page.number_input(key="adam.beta1").value == 0.5


def test_reset_brings_everything_back_to_the_opening():
    page = unfolded(opened({"surface": "ravine", "optimizer": "adam", "beta1": "0.5", "x": "0.25", "seed": "9"}))
    press(page, "reset")
    assert page.session_state["scenario"] == default_scenario()
    assert address(page) == {}
    assert page.number_input(key="x").value == default_scenario().start[0]
    choose(page, "optimizer", "adam")
    assert page.session_state["scenario"] == default_scenario(optimizer="adam")


def test_reset_start_touches_nothing_else():
    page = unfolded(opened({"surface": "bowl", "x": "1.5", "y": "-2.5", "steps": "40"}))
    press(page, "reset_start")
    assert address(page) == {"surface": "bowl", "steps": "40"}


def stage_that_sets(monkeypatch: pytest.MonkeyPatch, point: tuple[float, float]) -> None:
    """Put a button in the stage's place that sets this start, as a click into the stage does."""

    def show_stage(runs, *, on_start, **_):
        assert len(runs) == 1
        st.button("Start here", key="stage", on_click=on_start, args=(point,))

    monkeypatch.setattr("ui.stage.show_stage", show_stage)


def test_start_set_in_the_stage_is_taken_exactly(monkeypatch):
    point = (0.1 + 0.2, -1 / 3)
    stage_that_sets(monkeypatch, point)
    page = press(unfolded(opened({"surface": "bowl"})), "stage")
    assert page.session_state["scenario"].start == point
    assert address(page) == {"surface": "bowl", "x": repr(point[0]), "y": repr(point[1])}
    assert (page.number_input(key="x").value, page.number_input(key="y").value) == point


def test_start_set_in_the_stage_that_no_run_may_have_is_left_alone(monkeypatch):
    stage_that_sets(monkeypatch, (1e200, 0.0))
    page = press(opened({"surface": "bowl"}), "stage")
    assert page.session_state["scenario"] == default_scenario("bowl")


def test_address_comes_back_in_a_new_session():
    page = unfolded(opened({"surface": "ravine", "optimizer": "rmsprop"}))
    set_number(page, "ravine.condition_number", 33.3)
    set_number(page, "rmsprop.decay", 0.875)
    set_number(page, "x", -1.0625)
    set_number(page, "steps", 77)
    set_number(page, "seed", 5)
    again = opened(address(page))
    assert again.session_state["scenario"] == page.session_state["scenario"]
    assert to_query(again.session_state["scenario"]) == address(page)


def test_address_that_changes_from_outside_is_read_and_not_rewritten():
    page = opened({"surface": "bowl"})
    page.query_params.clear()
    page.query_params.update({"surface": "himmelblau", "steps": "many"})
    checked(page.run())
    assert page.selectbox(key="surface").value == "himmelblau"
    assert address(page) == {"surface": "himmelblau", "steps": "many"}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"surface": "everest"}, "'everest'"),
        ({"optimizer": "<script>alert(1)</script>"}, "'<script>alert(1)</script>'"),
        ({"learning_rate": "nan"}, "learning_rate = 'nan'"),
        ({"learning_rate": "-1e9"}, "learning_rate = -1000000000.0"),
        ({"steps": "inf"}, "steps = 'inf'"),
        ({"seed": "x" * 5000}, "seed = '" + "x" * 40 + "…'"),
        ({"x": ["1", "2"]}, "'x' is given 2 times"),
        ({":red[boom]": "1"}, "':red[boom]' is not a setting"),
    ],
)
def test_bad_part_of_the_address_is_named_as_plain_text(query, named):
    page = opened(query)
    assert page.session_state["scenario"] == default_scenario()
    (notice,) = page.text
    assert named in notice.value
    assert "boom" not in shown(page) and "alert" not in shown(page)


def test_notice_is_dismissed_once_and_for_all():
    page = press(opened({"steps": "many"}), "dismiss")
    assert not page.text
    choose(page, "surface", "bowl")
    assert not page.text


def test_notice_lists_a_few_and_counts_the_rest():
    (notice,) = opened({f"unknown{n}": "1" for n in range(40)}).text
    assert "'unknown5'" in notice.value and "'unknown6'" not in notice.value
    assert "34 more" in notice.value


def test_diverging_run_is_told_calmly_and_in_rounded_numbers():
    page = opened({"surface": "rosenbrock", "optimizer": "gradient_descent", "learning_rate": "1"})
    trajectory = run(page.session_state["scenario"])
    assert trajectory.status == "diverged"
    assert "Diverged" in shown(page)
    assert "It leaves the map for good at step 1." in shown(page)
    assert f"At step {trajectory.length + 1} the numbers are no longer finite" in shown(page)


def test_start_outside_the_map_is_told():
    assert "The start (900, 3) is outside the map" in shown(opened({"surface": "bowl", "x": "900"}))


def test_start_where_the_loss_is_not_finite_is_told():
    page = opened({"surface": "rosenbrock", "x": "1e100"})
    assert "The loss is not a finite number at the start" in shown(page)


def test_charts_are_drawn_only_when_opened():
    page = opened()
    assert not page.get("plotly_chart")
    unfolded(page, "charts")
    assert len(page.get("plotly_chart")) == 3
    choose(page, "surface", "saddle")  # no minimum, so no distance to one
    assert len(page.get("plotly_chart")) == 2


def test_surface_and_optimizer_are_explained():
    page = opened({"surface": "himmelblau", "optimizer": "adam"})
    for entry in (LANDSCAPES["himmelblau"], OPTIMIZERS["adam"]):
        assert entry.tex in shown(page)


@pytest.mark.parametrize(
    ("name", "text"),
    [("weight_decay", "Weight decay"), ("beta1", "Beta 1"), ("learning_rate", "Learning rate")],
)
def test_label_is_readable(name, text):
    assert controls.label(name) == text


def query(page: AppTest, name: str) -> str | None:
    """What the address says of a name."""
    value = address(page).get(name)
    return value[0] if isinstance(value, list) else value


def test_twists_go_into_the_run_and_the_address_and_leave_where_they_do_not_fit():
    page = unfolded(opened({"surface": "himmelblau", "optimizer": "nesterov", "steps": "50"}), "twists")
    choose(page, "schedule", "cosine")
    set_number(page, "twists.final", 0.25)
    set_number(page, "twists.clip_norm", 3)
    assert [query(page, name) for name in ("schedule", "final", "clip_norm")] == ["cosine", "0.25", "3"]
    t = run(page.session_state["scenario"])
    assert t.clipped[0] and t.learning_rates[25] / t.learning_rates[0] == pytest.approx(0.625)
    choose(page, "schedule", "polynomial")  # whose knobs are its own
    assert [query(page, name) for name in ("schedule", "final", "clip_norm")] == ["polynomial", None, "3"]
    choose(page, "optimizer", "lbfgs")  # finds its rate itself
    assert [query(page, name) for name in ("schedule", "clip_norm")] == [None, "3"]
    assert "schedule" not in {choice.key for choice in page.selectbox}
    page.number_input(key="twists.clip_norm").set_value(None).run()
    assert query(page, "clip_norm") is None and not page.session_state["scenario"].twists


def test_batch_size_is_offered_where_there_is_data():
    page = unfolded(opened({"surface": "bowl"}), "twists")
    assert "twists.batch_size" not in {field.key for field in page.number_input}
    carries = next(key for key, entry in LANDSCAPES.items() if entry.examples > 1)
    choose(page, "surface", carries)
    set_number(page, "twists.batch_size", 1)
    assert run(page.session_state["scenario"]).twists.batch_size == 1
    choose(page, "surface", "bowl")
    assert query(page, "batch_size") is None

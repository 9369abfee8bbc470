"""The Networks page without a browser: its address, its states, and what it says of a plane and of what that hides."""

import re
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from networks import cross_entropy, train
from networks.network import network_for
from networks.tasks import find_task
from optimizers import OPTIMIZERS
from tests.test_explore import MAIN, address, checked, choose, press, set_number, shown, unfolded
from ui.jobs import Jobs
from ui.look import PLAIN
from ui.stage.slices import pack_slice
from ui.training import queue as networks_queue
from ui.training.controls import mirror
from ui.training.queue import JOBS, key_of
from ui.training.scenario import (
    NetworkScenario,
    default_scenario,
    default_side,
    from_query,
    rival_of,
    to_query,
)
from ui.training.trainings import Trainings
from ui.training.work import labels, pictures

SMALL = {"task": "moons", "layers": "1", "width": "3", "steps": "20"}
"""A training that costs next to nothing; the tests share its programs."""


def opened(**query: str) -> AppTest:
    """The page once the work is done that it opens with."""
    page = AppTest.from_file(MAIN, default_timeout=60)
    page.query_params.update(query)
    page.switch_page("app_pages/networks.py")
    return settled(page)


def settled(page: AppTest) -> AppTest:
    """The page after what it asks for is done."""
    checked(page.run())
    asked = page.session_state["networks.asked"]
    if asked is not None:
        assert JOBS.settled(key_of(asked), 60)
    return checked(page.run())


def state(page: AppTest) -> NetworkScenario:
    return page.session_state[mirror.name]


def test_address_and_scenario_say_the_same():
    first = replace(default_side("momentum"), layers=3, width=7, activation="relu", initialisation="he")
    first = replace(first, settings={**first.settings, "momentum": 0.5})
    full = NetworkScenario(
        "digits", (first, replace(rival_of(first), width=9)), steps=77, seed=5, plane="runs", normalise="layer",
        extent=2.5, curve="sharpness", twists={"schedule": "cosine", "batch_size": 32, "clip_norm": 0.5},
    )  # fmt: skip
    read, ignored = from_query(to_query(full))
    assert ignored == () and read.twists == full.twists and to_query(read) == to_query(full)
    assert replace(read, twists={}) == replace(full, twists={})
    assert to_query(default_scenario()) == {} and from_query({}) == (default_scenario(), ())


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"width": "0"}, "width = 0"),
        ({"width": "1e9"}, "width"),
        ({"layers": "-1"}, "layers = -1"),
        ({"layers": "1.5"}, "layers = 1.5"),
        ({"task": "<script>alert(1)</script>"}, "task = '<script>"),
        ({"optimizer": "newton"}, "whole Hessian"),
        ({"optimizer": "__class__"}, "'__class__' is not known here"),
        ({"learning_rate": "nan"}, "learning_rate"),
        ({"steps": "99999999"}, "steps"),
        ({"extent": "0"}, "extent"),
        ({"plane": "flat"}, "plane = 'flat'"),
        ({"b": "nothing"}, "b = 'nothing'"),
        ({"b.width": "3"}, "'b.width' means nothing"),
        ({"b": "adam", "b.width": "x"}, "b.width"),
        ({"precision": "float8"}, "precision = 'float8' is not allowed"),
        ({"loss_scaling": "static"}, "loss_scaling is not added"),
        ({"batch_size": "100000"}, "batch_size"),
        ({"unknown": "1"}, "'unknown' means nothing"),
    ],
)
def test_hostile_address_is_survived_and_what_is_ignored_is_named(query: dict[str, str], named: str):
    scenario, ignored = from_query(query)
    assert len(ignored) == 1 and named in ignored[0]
    assert replace(scenario, sides=scenario.sides[:1]) == default_scenario()


def test_page_trains_at_once_and_shows_the_run_and_what_its_plane_holds():
    page = opened(**SMALL)
    assert state(page).sides[0].width == 3 and address(page) == SMALL
    training = train("moons", network_for(find_task("moons"), (3,), "tanh", "xavier"), steps=20, learning_rate=0.01)
    told = shown(page)
    assert f"<dt>Right in training<dd>{training.train_accuracies[-1]:.1%}" in told
    vectors = training.path - training.path.mean(axis=0)  # the share is that of the two largest singular values
    sizes = np.linalg.svd(vectors, compute_uv=False) ** 2
    assert f"holds {sizes[:2].sum() / sizes.sum():.1%} of the variance of the path" in told
    charts = [chart.proto.id for chart in page.get("plotly_chart")]
    assert len(charts) == 3  # distances, accuracies and regions


def test_settings_wait_for_train_and_nothing_is_lost_meanwhile():
    page = opened(**SMALL)
    before = page.session_state["networks.shown"].pictures
    assert "press Train" not in shown(page)
    set_number(page, "networks.0.learning_rate", 0.05)
    assert address(page)["learning_rate"] == "0.05"
    assert "press Train" in shown(page) and page.session_state["networks.shown"].pictures is before
    press(page, "networks.train")
    for _ in range(9):
        press(page, "networks.train")
    settled(page)
    assert "press Train" not in shown(page)
    assert page.session_state["networks.shown"].scenario.sides[0].settings["learning_rate"] == 0.05


def test_another_plane_is_drawn_at_once_of_the_same_training():
    page = unfolded(opened(**SMALL), "networks.plane")
    before = page.session_state["networks.shown"].runs[0]
    settled(choose(page, "networks.plane_kind", "random"))
    after = page.session_state["networks.shown"].runs[0]
    assert (after.train_losses == before.train_losses).all() and after.share < before.share
    assert address(page)["plane"] == "random"


def test_divergence_is_a_result_and_is_said():
    page = opened(
        **SMALL, optimizer="gradient_descent", learning_rate="1e6", activation="linear", initialisation="large"
    )
    told = shown(page)
    assert "▲ Diverged" in told and re.search(r"<dt>Steps<dd>\d+ of 20", told)


def test_cancelled_run_leaves_the_page_usable(monkeypatch: pytest.MonkeyPatch):
    begun, go_on = Event(), Event()

    def slow(key, report):
        begun.set()
        assert go_on.wait(60)
        report(0.5, "training")
        return JOBS.want("", key_of(from_query(SMALL)[0])).result  # what it is does not matter here

    page = opened(**SMALL)
    before = page.session_state["networks.shown"].pictures
    monkeypatch.setattr(networks_queue, "QUICK", 0)  # so that the page is seen while it waits
    monkeypatch.setattr(networks_queue, "JOBS", Jobs(slow))
    set_number(page, "networks.0.width", 4)
    press(page, "networks.train")
    assert begun.wait(60)
    assert "Until it is done the training before is shown." in shown(page)
    press(page, "networks.cancel_pictures")
    checked(page.run())
    assert "Cancelled. Train begins again." in shown(page)
    assert page.session_state["networks.shown"].pictures is before
    go_on.set()
    press(page, "networks.train")
    assert networks_queue.JOBS.settled(key_of(state(page)), 60)
    checked(page.run())
    assert page.session_state["networks.shown"].scenario.sides[0].width == 4


def test_progress_is_shown_while_a_training_takes_a_moment(monkeypatch: pytest.MonkeyPatch):
    told = []
    monkeypatch.setattr(networks_queue, "QUICK", 0)
    monkeypatch.setattr("ui.training.view.progress_words", lambda standing: told.append(standing.state) or "on its way")
    page = opened(**SMALL, seed="11")
    assert set(told) <= {"waiting", "running"} and told
    assert "of the variance of the path" in shown(page)


def test_failure_is_told_in_a_sentence_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch):
    def failing(key, report):
        raise ValueError("there is no such <plane>")

    monkeypatch.setattr("ui.training.queue.JOBS", Jobs(failing))
    page = AppTest.from_file(MAIN, default_timeout=60)
    page.query_params.update(SMALL)
    page.switch_page("app_pages/networks.py")
    checked(page.run())
    assert "This cannot be shown: there is no such &lt;plane&gt;." in shown(page)


def test_second_contender_comes_and_goes_and_stands_in_the_address():
    page = unfolded(opened(**SMALL), "networks.rival")
    press(page, "networks.add")
    assert address(page)["b"] == "momentum"
    settled(press(page, "networks.train"))
    told = shown(page)
    assert '<th scope="row">Adam' in told and '<th scope="row">Momentum (heavy ball)' in told
    assert len(page.session_state["networks.shown"].pictures) == 1  # one network: one plane for both
    press(page, "networks.remove")
    assert "b" not in address(page)


def made(**query: str):
    scenario, ignored = from_query(SMALL | query)
    assert ignored == ()
    return pictures(scenario, Trainings(), lambda share, doing, so_far=None: None)


def test_plane_through_runs_holds_their_ends_and_the_line_between_them():
    (picture,) = made(plane="runs")
    assert [run.label for run in picture.runs] == ["Adam, seed 0", "Adam, seed 1", "Adam, seed 2"]
    assert [run.distances[-1] for run in picture.runs] == pytest.approx([0, 0, 0], abs=1e-5)
    assert picture.between is not None
    ends = [run.train_losses[-1] for run in picture.runs[:2]]
    assert picture.between.losses[[0, -1]] == pytest.approx(ends, rel=1e-5)


def test_slice_is_the_loss_of_the_network_at_each_place_of_the_plane():
    (picture,) = made(plane="random", extent="0.5")
    task = find_task("moons")
    network = network_for(task, (3,), "tanh", "xavier")
    training = train("moons", network, steps=20, learning_rate=0.01)
    middle = len(picture.plane.a) // 2
    assert (picture.plane.a[0], picture.plane.a[-1], picture.plane.b[middle]) == (-0.5, 0.5, 0)
    loss = float(cross_entropy(network)(training.end, task.inputs, task.labels))
    assert picture.plane.losses[middle, middle] == pytest.approx(loss, rel=1e-5)
    assert np.abs(picture.plane.losses - loss).argmin() == middle * len(picture.plane.a) + middle


def test_different_networks_get_a_picture_each():
    both = made(b="adam", **{"b.width": "5"})
    assert [picture.runs[0].label for picture in both] == ["Adam, 1 × 3 tanh", "Adam, 1 × 5 tanh"]


def test_labels_tell_sides_apart():
    side = default_side("adam")
    other = replace(side, settings={**side.settings, "beta1": 0.5})
    assert labels((side, other)) == ["Adam, β₁ = 0.9", "Adam, β₁ = 0.5"]
    assert labels((side, replace(side, initialisation="he"))) == ["Adam, xavier start", "Adam, he start"]
    assert labels((side, side)) == ["Adam (1)", "Adam (2)"]


def test_no_hidden_layer_and_zeros_are_shown_too():
    for query in ({"layers": "0"}, {"initialisation": "zeros", "plane": "checkpoints"}):
        (picture,) = made(**query)
        assert np.isfinite(picture.plane.losses).all()
        assert pack_slice(picture.plane, picture.paths, 0, PLAIN, picture.every)


def test_every_trainer_has_a_learning_rate_that_its_knob_allows():
    for key in OPTIMIZERS:
        side = default_side(key)
        for name, value in side.settings.items():
            OPTIMIZERS[key].knobs[name].check(name, value)


def test_sharpness_comes_with_the_training_and_all_of_it_can_be_taken_away():
    page = opened(**SMALL, optimizer="gradient_descent", curve="sharpness")
    asked = page.session_state["networks.asked"]
    assert JOBS.settled(key_of(asked, "edges"), 60)
    settled(page)
    assert page.session_state["networks.shown"].scenario == asked
    result = JOBS.want("", key_of(asked, "edges")).result
    assert result is not None
    ((found,),) = result
    assert list(found.numbers) == list(range(21)) and np.isfinite(found.sharpness).all()
    unfolded(page, "networks.share")
    assert [button.proto.label for button in page.get("download_button")] == [
        "Numbers (CSV)", "Numbers (JSON)", "Code (Python)",
    ]  # fmt: skip


def test_example_trains_at_once_and_is_undone():
    page = opened(**SMALL)
    press(page, "networks.example.zeros")
    assert address(page) == {"initialisation": "zeros", "plane": "random"}
    assert "press Train" not in shown(page) and page.session_state["networks.asked"] == state(page)
    begun = key_of(state(page))
    assert address(press(page, "networks.undo")) == SMALL
    assert JOBS.settled(begun, 60)  # nobody wants it any more

"""What is switched on in the stage, in the address and in what the browser sends."""

from itertools import product

import pytest

from ui.look import Look, look_in, look_query, read_look


@pytest.mark.parametrize("on", list(product([False, True], repeat=4)))
def test_every_look_comes_back_from_its_address(on):
    look = Look(*on)
    query = {name: [value] for name, value in look_query(look).items()}
    assert read_look({**query, "surface": ["bowl"]}) == (look, {"surface": ["bowl"]})


def test_look_that_is_off_stands_in_no_address():
    assert look_query(Look()) == look_query(Look(demonstration=None)) == {}
    on = {"view": "demonstration", "curve": "sharpness", "explain": "step", "contours": "batch"}
    assert look_query(Look(True, True, True, True)) == on


@pytest.mark.parametrize("values", [["loss"], ["sharpness", "sharpness"], [""], []])
def test_other_words_are_left_for_whoever_names_what_is_ignored(values):
    assert read_look({"curve": values}) == (Look(), {"curve": values})


@pytest.mark.parametrize("whole", [None, False, True])
def test_look_in_reads_what_the_browser_sends(whole):
    sent = {"demonstration": whole, "sharpness": True, "explained": False, "batches": True, "number": 3}
    assert look_in(sent) == Look(whole, sharpness=True, batches=True)


@pytest.mark.parametrize(
    "sent", [None, 3, "on", [], {}, {"demonstration": True}, {"demonstration": 1, "sharpness": 0, "explained": "yes"}]
)
def test_look_in_refuses_whatever_else_is_sent(sent):
    assert look_in(sent) is None

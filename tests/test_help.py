"""Help where the mouse rests: every control of every page has a word on what it does."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_explore import opened, unfolded
from tests.test_mirror import gone_to
from tests.test_networks_page import SMALL

KINDS = ("selectbox", "number_input", "text_input", "button", "button_group", "checkbox", "toggle", "slider")

PLAIN = ("contender0", "contender1", "formula", "dismiss")
"""Controls that need none: which optimizer a card is of, the formula with its rules below it, a word that says all."""

WIDE = {
    "optimizer": "momentum", "surface": "line_fit", "schedule": "warmup_cosine", "workers": "2", "batch_size": "3",
    "precision": "float16", "loss_scaling": "dynamic",
}  # fmt: skip

OPEN: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "explore": (("more", "twists"), WIDE),
    "explore from a cloud": (("more",), {"starts": "cloud"}),
    "compare": (("compare.more", "compare.twists", "contender0.settings"), {"rates": "own", "a": "adam", "b": "lbfgs"}),
    "reference": ((), {}),
    "networks": (("networks.plane", "networks.more", "networks.twists", "networks.rival"), SMALL),
    "lessons": ((), {"lesson": "turned", "answer": "a"}),
}
"""Page -> what is unfolded on it, and what stands in its address."""


def everything(name: str) -> AppTest:
    folded, query = OPEN[name]
    page = opened(query) if name.startswith("explore") else gone_to(opened(), name, **query)
    for key in folded:
        unfolded(page, key)
    return page


@pytest.mark.parametrize("name", OPEN)
def test_every_control_says_what_it_does(name):
    controls = [control for kind in KINDS for control in getattr(everything(name), kind)]
    assert len(controls) >= 3
    without = [control.key for control in controls if not control.proto.help and control.key not in PLAIN]
    assert without == []

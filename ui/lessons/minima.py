"""Lessons on places without slope: saddles, and minima that are sharp or flat."""

import numpy as np

from engine.sharpness import sharpness
from ui.lessons.base import QUIET, Choice, Further, Runs, lesson, race, scenario
from ui.look import Look

THEME = "Saddles and minima"


def _escape(y: float, **more):
    return scenario("saddle_escape", "gradient_descent", (1.5, y), 300, learning_rate=0.1, **more)


def _departure(points: np.ndarray) -> float:
    """The first row at which the ball is half a unit off the ridge; NaN when there is none."""
    off = np.abs(points[:, 1]) >= 0.5
    return float(off.argmax()) if off.any() else float("nan")


@lesson(
    title="Beside the ridge",
    theme=THEME,
    question="A saddle: at its middle the surface is level, yet on both sides it falls away. Three balls start "
    "a thousandth, a millionth and a million-millionth beside the ridge, a fourth exactly on it. When "
    "the first has left the ridge after 67 steps, how long will the third take?",
    choices=(
        Choice(
            "A thousand million times as long",
            "That would be so if it moved the same distance in each step. But every step takes it a tenth "
            "further off than it is.",
        ),
        Choice("About four times as long"),
        Choice(
            "For ever: the slope there is practically 0",
            "That holds for the fourth ball alone, whose slope is exactly 0. Any slope at all, however small, grows.",
        ),
    ),
    scenes=(
        race(
            ("y = 0.001", _escape(1e-3)),
            ("y = 0.000001", _escape(1e-6)),
            ("y = 0.000000000001", _escape(1e-12)),
            ("y = 0", _escape(0)),
            ("y = 0, with a little noise", _escape(0, seed=1, twists={"noise": 1e-3})),
        ),
    ),
    happened="They are half a unit off the ridge after {thousandth:.0f}, {millionth:.0f} and {billionth:.0f} "
    "steps. The fourth never leaves. The fifth started there too, with a little noise in its slopes: "
    "{noisy:.0f} steps.",
    why="Near the ridge each step multiplies the distance from it by 1.1. So a thousand times nearer costs "
    "about $\\ln 1000 / \\ln 1.1 = 72$ steps more, each time. Exactly on the ridge there is nothing to "
    "multiply. Real training is never so exact: a little noise is enough.",
    tex=r"y_k \approx y_0\,(1 + \eta)^k,\qquad k \approx \frac{\ln(1/2y_0)}{\ln(1 + \eta)}",
    source="Lee et al. 2016, arXiv:1602.04915; Jin et al. 2017, arXiv:1703.00887, for the noise",
    further=Further(
        "64 balls start on the ridge, each with noise of its own. Does one of them stay?",
        _escape(0, twists={"noise": 1e-3}, starts="seeds"),
    ),
    claims={"thousandth": 67, "millionth": 139, "billionth": 284, "noisy": 83},
)
def saddle(scene: Runs) -> dict[str, float]:
    """How many steps each takes to half a unit off the ridge."""
    thousandth, millionth, billionth, _, noisy = (_departure(run.points) for run in scene)
    return {"thousandth": thousandth, "millionth": millionth, "billionth": billionth, "noisy": noisy}


@lesson(
    title="A sharp and a flat bowl",
    theme=THEME,
    question="Two bowls lie side by side, equally deep, one ten times as sharply curved. Both balls start "
    "inside the sharp one, one with the learning rate 0.09, the other with 0.11. Where do they end?",
    choices=(
        Choice("The first in the sharp one, the second in the flat one"),
        Choice(
            "Both in the sharp one, where they start",
            "That holds below the limit of the sharp bowl, which is 2 divided by its curvature, 20.",
        ),
        Choice("Both in the flat one", "That would take two rates above the limit of the sharp bowl; 0.09 is below."),
    ),
    scenes=(
        race(
            ("rate 0.09", scenario("sharp_and_flat", "gradient_descent", (-1.2, 0.2), 120, learning_rate=0.09)),
            ("rate 0.11", scenario("sharp_and_flat", "gradient_descent", (-1.2, 0.2), 120, learning_rate=0.11)),
        ),
    ),
    happened="The first ends at $x = {stays:.4f}$, the sharp minimum. The second hops out: each step multiplies "
    "its distance from there by {growth:.1f}. It comes to rest at $x = {leaves:.4f}$, the flat one.",
    why="In the sharp bowl, of curvature 20, a step multiplies by $1 - 20\\eta$: −0.8 for 0.09, −1.2 for "
    "0.11. In the flat one, of curvature 2, both rates are far below the limit. So the learning rate "
    "alone decides which minima a run can end in, however low they are.",
    tex=r"\eta > \frac{2}{\lambda_{\text{sharp}}} = \frac{2}{20}:\quad\text{no way to stay}",
    source="Wu, Ma and E 2018, How SGD Selects the Global Minima in Over-parameterized Learning, NeurIPS 31",
    further=Further(
        "64 balls from all over the map: how many end in which bowl? Then drag the dial below 0.1.",
        scenario("sharp_and_flat", "gradient_descent", (-1.2, 0.2), 100, starts="grid", learning_rate=0.11),
    ),
    claims={"stays": -1.0, "growth": 1.2, "leaves": 1.0},
)
def sharp(scene: Runs) -> dict[str, float]:
    """Where they end, and by what the first hop of the second multiplies its distance from (-1, 0)."""
    stays, leaves = scene
    away = np.linalg.norm(leaves.points - [-1, 0], axis=1)
    return {
        "stays": float(stays.points[-1, 0]),
        "growth": float(away[1] / away[0]),
        "leaves": float(leaves.points[leaves.length, 0]),
    }


@lesson(
    title="Sharper than allowed",
    theme=THEME,
    question="Here the lowest points form a curve, and they are sharper the further out they are. A ball comes "
    "down to where the curvature is above its limit of 2/0.1 = 20. The lower curve shows that "
    "curvature, the **sharpness**, at each step. What becomes of it?",
    choices=(
        Choice(
            "It grows, and the run flies apart",
            "In a bowl it would, as its curvature is the same everywhere. Here the swings carry the ball to "
            "places that are less sharp.",
        ),
        Choice(
            "It falls to the least there is, 8",
            "It would, if something went on pushing. The swings stop as soon as the limit is met, and the push "
            "with them.",
        ),
        Choice("It falls to just below 20"),
    ),
    scenes=(
        race(
            (
                "Gradient descent",
                scenario("product_of_squares", "gradient_descent", (2.3, 0.45), 1000, learning_rate=0.1),
            )
        ),
    ),
    happened="From above 24 it swings up and down, ever less, and settles at {final:.2f}: just below "
    "{edge:.0f}. Whatever start above the limit you choose nearby, it ends there.",
    why="Above the limit the ball hops across the valley, ever wider. But wide hops push it along the "
    "valley, to where the walls are gentler. Once the sharpness is below $2/\\eta$ the hops die out. "
    "Large networks train the same way: their sharpness climbs up to $2/\\eta$ and hovers there.",
    tex=r"\lambda = 4\,(x^2 + y^2)\ \text{where}\ x^2y^2 = 1,\qquad \lambda \to \text{just below}\ \frac{2}{\eta}",
    source="Cohen et al. 2021, arXiv:2103.00065; Zhu et al. 2023, arXiv:2210.03294, for this surface",
    further=Further(
        "Drag the dial to 0.09: where does the sharpness end now?",
        scenario("product_of_squares", "gradient_descent", (2.4, 0.42), 1000, learning_rate=0.1),
    ),
    claims={"final": 19.85472, "edge": 20.0},
    look=Look(QUIET.demonstration, sharpness=True),
)
def edge(scene: Runs) -> dict[str, float]:
    """The mean sharpness of the last two rows, between which it swings, and the limit."""
    (run,) = scene
    return {"final": float(sharpness(run)[-2:].mean()), "edge": 2 / run.settings["learning_rate"]}

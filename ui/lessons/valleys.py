"""Lessons on valleys: steep across, flat along, and how momentum helps."""

from dataclasses import replace
from typing import Any

import numpy as np

from ui.comparison import Comparison, default_comparison, default_contender
from ui.lessons.base import Choice, Further, Runs, lesson, race, scenario

THEME = "Valleys"

FLAT, STEEP = 1, 100
BEST = 2 / (FLAT + STEEP)
"""The learning rate that brings gradient descent down a valley of these curvatures in the fewest steps."""

POLYAK: dict[str, Any] = {"learning_rate": 4 / (STEEP**0.5 + FLAT**0.5) ** 2, "momentum": (9 / 11) ** 2}
"""The best pair of heavy ball, Polyak 1964."""

AHEAD: dict[str, Any] = {"learning_rate": 1 / STEEP, "momentum": 9 / 11}
"""Nesterov's pair."""

MILLION = 1e-6


def _arrival(points: np.ndarray) -> float:
    """The first row at a millionth of the first one's distance from the origin."""
    away = np.linalg.norm(points, axis=1)
    return float(np.argmax(away <= MILLION * away[0]))


def _comparison(landscape: str, *optimizers: str) -> Comparison:
    """These contenders on a surface, each with the best rate of its dial."""
    return replace(default_comparison(landscape), contenders=tuple(default_contender(key) for key in optimizers))


def _gradient_descent(rate: float, steps: int):
    return scenario("ravine", "gradient_descent", (1, 1), steps, learning_rate=rate)


@lesson(
    title="The best rate for a valley",
    theme=THEME,
    question="A valley curves 100 times more across than along, so the steep way allows no rate above 2/100. "
    "The best rate there is, 2/(1 + 100), suits both ways as well as one number can. How many steps "
    "does it take to come a million times nearer to the lowest point?",
    choices=(
        Choice(
            "About 20, as in a round bowl",
            "In a round bowl the best rate needs a single step. Here one number has to serve two curvatures.",
        ),
        Choice(
            "About 100, as much as the ratio of the curvatures",
            "That would be nearly right for coming 10 times nearer. Each further factor of 10 takes as long again.",
        ),
        Choice("About 700"),
    ),
    scenes=(
        race(
            ("rate 0.01", _gradient_descent(0.01, 1400)),
            ("best rate, 2/101", _gradient_descent(BEST, 1400)),
            ("rate 0.0205", _gradient_descent(0.0205, 1400)),
        ),
    ),
    happened="The best rate takes {best:.0f} steps: each one keeps {factor:.4f} of the distance. Half that rate "
    "takes {half:,.0f}. Just above the limit of 0.02 the ball is thrown out of the valley.",
    why="Across, a step multiplies by $1 - 100\\eta$, along by $1 - \\eta$. A larger rate helps along and "
    "harms across; at 2/101 both lose equally little, 99/101 to the one side and −99/101 to the other. "
    "The ratio 100 of the curvatures is the **condition number** $\\kappa$; the number of steps grows "
    "with it.",
    tex=r"\eta = \frac{2}{\lambda_{\min} + \lambda_{\max}},\qquad \text{each step keeps}\quad \frac{\kappa "
    r"- 1}{\kappa + 1} = \frac{99}{101}",
    source="Goh 2017, Why Momentum Really Works, Distill, doi:10.23915/distill.00006",
    further=Further(
        "A valley a hundred times narrower still: what does the dial say now?",
        scenario("ravine", "gradient_descent", (1, 1), 2000, learning_rate=0.002),
    ),
    claims={"best": 691, "factor": 99 / 101, "half": 1341},
)
def valley(scene: Runs) -> dict[str, float]:
    """Steps to a millionth with two rates, and the share that a step keeps."""
    half, best, _ = scene
    away = np.linalg.norm(best.points, axis=1)
    return {"best": _arrival(best.points), "factor": float(away[1] / away[0]), "half": _arrival(half.points)}


@lesson(
    title="The valley, turned",
    theme=THEME,
    question="Adam takes each coordinate by itself and gives both steps of about the same length; gradient "
    "descent knows no coordinates, only the slope. Now the valley is turned by 45 degrees, and the "
    "start with it. Who notices?",
    choices=(
        Choice(
            "Neither: it is the same valley",
            "That holds for gradient descent. It would hold for Adam if it did not look at $x$ and $y$ one by one.",
        ),
        Choice("Only Adam"),
        Choice(
            "Both: the way down is a diagonal now",
            "That would hold if gradient descent looked at $x$ and $y$ one by one. It only follows the slope, "
            "which has turned with the valley.",
        ),
    ),
    scenes=tuple(
        race(
            ("Gradient descent", scenario(surface, "gradient_descent", start, 1400, learning_rate=BEST)),
            ("Adam", scenario(surface, "adam", start, 1400, learning_rate=0.05)),
            title=title,
        )
        for title, surface, start in (
            ("Straight", "ravine", (1, 1)),
            ("Turned by 45°", "ravine_rotated", (0, 2**0.5)),
        )
    ),
    happened="To come a million times nearer gradient descent takes {straight:.0f} steps in the straight valley "
    "and {turned:.0f} in the turned one. Adam takes {adam:.0f} and {adam_turned:,.0f}.",
    why="In the straight valley the steep and the flat way are $y$ and $x$. Adam divides each by its own "
    "size, and the valley is as good as round. Turned, both coordinates mix steep and flat; they look "
    "alike, dividing them evens out nothing. How the numbers of a model are chosen matters to Adam, "
    "and not to gradient descent.",
    tex=r"x_{t+1} = x_t - \eta\,\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon},\qquad \text{in each coordinate "
    r"by itself}",
    source="Kingma and Ba 2015, arXiv:1412.6980, for the rule",
    further=Further(
        "More contenders in the turned valley, each at its best.",
        _comparison("ravine_rotated", "gradient_descent", "momentum", "adam", "lbfgs"),
    ),
    claims={"straight": 691, "turned": 691, "adam": 212, "adam_turned": 1346},
)
def turned(straight: Runs, across: Runs) -> dict[str, float]:
    """Steps to a millionth of both in both valleys."""
    steps = [_arrival(run.points) for run in (*straight, *across)]
    return dict(zip(("straight", "adam", "turned", "adam_turned"), steps, strict=True))


@lesson(
    title="A ball with momentum",
    theme=THEME,
    question="Gradient descent at its best takes 691 steps down the valley. Now the ball has **momentum**: each "
    "step keeps two thirds of the one before and adds the slope to it. With the best settings, how "
    "many steps?",
    choices=(
        Choice(
            "About 700: what drives it is the same slope",
            "That would be so if the slopes only ever cancelled. Along the valley they all point the same way "
            "and add up.",
        ),
        Choice("About 350", "It would take a momentum of about a third for that. Two thirds do much better."),
        Choice("About 90"),
    ),
    scenes=(
        race(
            ("Gradient descent", _gradient_descent(BEST, 400)),
            ("Momentum", scenario("ravine", "momentum", (1, 1), 400, **POLYAK)),
        ),
    ),
    happened="It takes {steps:.0f} steps instead of 691. In the long run each step keeps {rate:.4f} of the "
    "distance, where gradient descent keeps 0.9802.",
    why="Slopes across the valley change their sign at each hop and cancel in the sum; those along it "
    "agree and add up. So the number of steps grows with the square root of the condition number only: "
    "with 10 instead of 100.",
    tex=r"\eta = \frac{4}{(\sqrt{\lambda_{\max}} + \sqrt{\lambda_{\min}})^2},\qquad \sqrt\beta = "
    r"\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1} = \frac{9}{11}",
    source="Polyak 1964, doi:10.1016/0041-5553(64)90137-5",
    further=Further(
        "The step worked out, with the velocity that it remembers: press *Explain the step*.",
        scenario("ravine", "momentum", (1, 1), 200, **POLYAK),
    ),
    claims={"steps": 93, "rate": 9 / 11},
)
def momentum(scene: Runs) -> dict[str, float]:
    """Steps to a millionth, and the rate: in xₖ = (a + bk)ρᵏ three rows give ρ, the double root of their recurrence."""
    _, run = scene
    x = run.points[:, 0]
    first, second, third = x[20:23]
    fourth = x[23]
    # x' = 2ρx - ρ²x₋: two rows of that recurrence in the unknowns 2ρ and ρ².
    twice, _ = np.linalg.solve([[second, -first], [third, -second]], [third, fourth])
    return {"steps": _arrival(run.points), "rate": float(twice / 2)}


@lesson(
    title="How good is a promise?",
    theme=THEME,
    question="Nesterov's momentum takes the slope where the ball is about to be. For *every* bowl-shaped loss "
    "with this steepest curvature, he proved how low such a method can be sure to come: within a bound "
    "that falls as one over the number of steps squared. How far below the bound is this valley after "
    "100 steps?",
    choices=(
        Choice(
            "Hardly: a bound is what one gets",
            "That would hold on the worst loss there is. A bound that holds for every loss says little about a "
            "good one.",
        ),
        Choice("About 100 times", "That would be so if the ball were where it is after about 50 steps."),
        Choice("About a million times"),
    ),
    scenes=(
        race(
            ("Gradient descent, same rate", _gradient_descent(AHEAD["learning_rate"], 400)),
            ("Nesterov momentum", scenario("ravine", "nesterov", (1, 1), 400, **AHEAD)),
        ),
    ),
    happened="The bound is 0.0392 and the loss {loss:.2e}: {below:,.0f} times lower. Momentum that looks ahead "
    "multiplies the distance by {rate:.1f} a step in the end.",
    why="The bound knows nothing of the loss but its steepest curvature. This valley also curves along its "
    "floor, and with momentum set for that, here $9/11$, the distance shrinks by a fixed share a step, "
    "which beats any power of the number of steps in the end. (The bound is for a momentum that grows "
    "with the steps, and needs no knowledge of the floor.)",
    tex=r"f(x_k) - f^* \le \frac{2\,\lambda_{\max}\,|x_0 - x^*|^2}{(k+1)^2},\qquad \text{here}\quad x_k = "
    r"\left(1 + \tfrac{k}{11}\right) 0.9^{\,k}",
    source="Nesterov 1983, Doklady AN SSSR 269:543–547; the constant as in Beck and Teboulle 2009, "
    "doi:10.1137/080716542",
    further=Further(
        "Three kinds of momentum race down the valley.",
        _comparison("ravine", "gradient_descent", "momentum", "nesterov"),
    ),
    claims={
        "loss": 0.5 * ((1 + 100 / 11) * 0.9**100) ** 2,
        "rate": 0.9,
        "below": (400 / 101**2) / (0.5 * ((1 + 100 / 11) * 0.9**100) ** 2),
    },
)
def ahead(scene: Runs) -> dict[str, float]:
    """The loss after 100 steps, how far it is below the bound, and the rate from three ratios (1 + k/11 taken out)."""
    _, run = scene
    steps, loss = 100, float(run.losses[100])
    bound = 2 * STEEP * float(np.sum(run.points[0] ** 2)) / (steps + 1) ** 2
    rate = run.points[steps, 0] / (1 + steps / 11) / (run.points[steps - 1, 0] / (1 + (steps - 1) / 11))
    return {"loss": loss, "rate": float(rate), "below": bound / loss}


TRAP: dict[str, Any] = {"learning_rate": 4 / (5 + 1) ** 2, "momentum": ((5 - 1) / (5 + 1)) ** 2}
"""The best pair of heavy ball for curvatures from 1 to 25."""


@lesson(
    title="Momentum in another bowl",
    theme=THEME,
    question="Another bowl with one lowest point and no flat place: it curves with 25, but with 1 in a strip in "
    "between. Momentum gets the settings that are best for curvatures from 1 to 25. Where does it end?",
    choices=(
        Choice(
            "At the lowest point, sooner than gradient descent",
            "That would be so if the curvature were the same all along the way. Polyak's proof needs just that.",
        ),
        Choice(
            "At the lowest point, but later",
            "That would be so if the kicks at the strip averaged out. They come in step with the ball instead.",
        ),
        Choice("Nowhere: it circles for ever"),
    ),
    scenes=(
        race(
            ("Gradient descent", scenario("heavy_ball_trap", "gradient_descent", (3.3, 3), 150, learning_rate=1 / 13)),
            ("Momentum", scenario("heavy_ball_trap", "momentum", (3.3, 3), 150, **TRAP)),
        ),
    ),
    happened="Momentum goes round three places for ever: {low:.3f}, {high:.3f} and {middle:.3f}. Gradient "
    "descent arrives, {gradient_descent:.5f} from the lowest point after 150 steps.",
    why="At $-1.80$ the steep wall throws the ball over the gentle strip up to the wall at $2.12$; it "
    "falls back to $0.65$ with just the velocity it had one round before. All is as it was, so all "
    "repeats. Fastest on bowls of one curvature does not mean safe on every bowl.",
    tex=r"x_{t+1} = x_t - \tfrac19 f'(x_t) + \tfrac49 (x_t - x_{t-1}),\qquad \tfrac{792}{1225} \to "
    r"-\tfrac{2208}{1225} \to \tfrac{2592}{1225} \to \tfrac{792}{1225}",
    source="Lessard, Recht and Packard 2016, section 4.6, arXiv:1408.3595, doi:10.1137/15M1009597",
    further=Further(
        "Turn the dial: is there a rate at which momentum gets out?",
        scenario("heavy_ball_trap", "momentum", (3.3, 3), 400, **TRAP),
    ),
    claims={"low": -2208 / 1225, "middle": 792 / 1225, "high": 2592 / 1225, "gradient_descent": 1.9398727e-5},
)
def trap(scene: Runs) -> dict[str, float]:
    """The three places in their order, and how far gradient descent is from the minimum."""
    slow, fast = scene
    low, middle, high = sorted(fast.points[-3:, 0].tolist())
    return {"low": low, "middle": middle, "high": high, "gradient_descent": float(np.linalg.norm(slow.points[-1]))}

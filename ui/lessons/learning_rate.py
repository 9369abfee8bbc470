"""Lessons on the learning rate: how far each step goes."""

import numpy as np

from engine import hessian_eigenvalues
from ui.lessons.base import Choice, Further, Runs, lesson, race, scenario

THEME = "The learning rate"


@lesson(
    title="Five learning rates",
    theme=THEME,
    question="Five balls start side by side on the slope of a gutter. Each step takes a ball downhill by the "
    "slope times a number, the **learning rate**. The five have 0.5, 1, 1.5, 2 and 2.04. Which of them "
    "come to rest at the bottom?",
    choices=(
        Choice(
            "All five; the larger the number, the sooner",
            "That would hold if no step could carry the ball past the bottom. But a step does not know where "
            "the bottom is; it only knows the slope.",
        ),
        Choice("0.5, 1 and 1.5"),
        Choice(
            "Only 0.5 and 1; the others shoot past",
            "Three of them do shoot past. But landing on the other side is no harm as long as it is nearer to "
            "the bottom than before.",
        ),
    ),
    scenes=(
        race(
            *(
                (f"rate {rate:g}", scenario("trough", "gradient_descent", (1, lane), 50, learning_rate=rate))
                for rate, lane in ((0.5, 1.4), (1.0, 0.7), (1.5, 0.0), (2.0, -0.7), (2.04, -1.4))
            )
        ),
    ),
    happened="1 lands at the bottom in a single step. 0.5 creeps down one side; 1.5 hops from side to side and "
    "arrives all the same. 2 hops between the same two places for ever: after 50 steps it is "
    "{circling:.0f} away, as at the start. 2.04 is {diverging:.3f} times as far out, off the map, and "
    "it never comes back.",
    why="At $x$ the slope of this gutter is $x$. So a step with learning rate $\\eta$ leads from $x$ to $x "
    "- \\eta x$: it multiplies $x$ by $1 - \\eta$. For 0.5 that is ½, for 1 it is 0, for 1.5 it is −½, "
    "for 2 it is −1, and for 2.04 it is −1.04. In a gutter whose slope grows $\\lambda$ times as fast, "
    "its **curvature**, the limit is $2/\\lambda$.",
    tex=r"x_{t+1} = (1 - \eta\lambda)\,x_t,\qquad \text{it settles when}\quad \eta < \frac{2}{\lambda}",
    source="Goh 2017, Why Momentum Really Works, Distill, doi:10.23915/distill.00006",
    further=Further(
        "A narrow valley with curvatures 1 and 100: turn the dial below the stage and find the rate where it breaks.",
        scenario("ravine", "gradient_descent", (1, 1), 200, learning_rate=0.0195),
    ),
    claims={"circling": 1.0, "diverging": 1.04**50},
)
def rates(scene: Runs) -> dict[str, float]:
    """How far out the last two end; they start at 1. The oracle is the power of 1 - η."""
    *_, circling, diverging = (abs(float(run.points[-1, 0])) for run in scene)
    return {"circling": circling, "diverging": diverging}


@lesson(
    title="Twenty steps of one weight",
    theme=THEME,
    question="A model has one weight $w$ and the loss $w^2$, whose slope is $2w$. It starts at $w = 5$ with the "
    "learning rate 0.1, so the first step takes it to $5 - 0.1\\cdot 10 = 4$. Where is it after 20 "
    "steps?",
    choices=(
        Choice(
            "At 0; five steps were enough",
            "That would be so if every step were as long as the first. But the slope gets smaller on the way "
            "down, and the steps with it.",
        ),
        Choice("Near 0.06"),
        Choice(
            "Near 2.5",
            "That would take a slope that fades much faster than it does. Here each step still takes a fifth "
            "of what is left.",
        ),
    ),
    scenes=(race(("one weight", scenario("bowl", "gradient_descent", (5, 0), 20, learning_rate=0.1))),),
    happened="After 20 steps it is at {reached:.4f}. It comes nearer with each step and never quite arrives.",
    why="Each step keeps the share $1 - 2\\cdot 0.1 = 0.8$ of $w$: 5, 4, 3.2, 2.56 and so on. Halving what "
    "is left takes about three steps, at the start as much as at the end. On the loss curve, whose "
    "axis counts powers of ten, that is a straight line.",
    tex=r"w_{20} = 5\cdot 0.8^{20} = 0.0576\ldots",
    source="The geometric series; Boyd and Vandenberghe 2004, Convex Optimization, section 9.3, ISBN 978-0-521-83378-3",
    further=Further(
        "The same weight with the rate 0.4: how many steps to the same place?",
        scenario("bowl", "gradient_descent", (5, 0), 20, learning_rate=0.4),
    ),
    claims={"reached": 5 * 0.8**20},
)
def weight(scene: Runs) -> dict[str, float]:
    """Where it ends; the oracle is the geometric series."""
    (run,) = scene
    return {"reached": float(run.points[-1, 0])}


@lesson(
    title="Learning a line",
    theme=THEME,
    question="Four points lie on the line target = 2 · input + 1. The ball's two coordinates are a slope $w$ "
    "and a height $b$, both 0 at first; the surface is the mean squared error of the line they make. "
    "Which is learnt first?",
    choices=(
        Choice("The slope $w$"),
        Choice(
            "The height $b$: it is the smaller number",
            "That would hold if both moved equally far in each step. But a step is as long as the slope of the "
            "surface, and in $w$ that is far steeper.",
        ),
        Choice(
            "Both at the same pace",
            "That would hold on a round bowl. Here an error in $w$ costs more than one in $b$, as each input "
            "multiplies it by up to 4.",
        ),
    ),
    scenes=(race(("the line", scenario("line_fit", "gradient_descent", (0, 0), 1000, learning_rate=0.01))),),
    happened="After 10 steps $w$ is {early_w:.2f} of 2 and $b$ only {early_b:.2f} of 1. After 1,000 steps they "
    "are {w:.4f} and {b:.4f}: still not done.",
    why="The surface is a valley. Across it, where all predictions get worse at once, it curves 56 times "
    "more than along it, where a slope slightly too steep makes up for a height slightly too low. The "
    "fall across is over in a few steps; what remains is the walk along the floor.",
    tex=r"L(w, b) = \tfrac14 \sum_i (w\,s_i + b - t_i)^2",
    source="Least squares, Legendre 1805, on the points (1, 3), (2, 5), (3, 7), (4, 9)",
    further=Further(
        "The same fit, looking at one point at a time.",
        scenario("line_fit", "gradient_descent", (0, 0), 1000, learning_rate=0.01, twists={"batch_size": 1.0}),
    ),
    claims={
        "early_w": 1.7572225886493897,
        "early_b": 0.60711520319173,
        "w": 2.004861015678255,
        "b": 0.9857080211211791,
    },
)
def line(scene: Runs) -> dict[str, float]:
    """Both numbers early and late; the oracle is the power of a matrix."""
    (run,) = scene
    (early_w, early_b), (w, b) = run.points[10].tolist(), run.points[-1].tolist()
    return {"early_w": early_w, "early_b": early_b, "w": w, "b": b}


@lesson(
    title="At the lowest point",
    theme=THEME,
    question="Three balls stand 0.002 away from the lowest point of a curved valley. Their learning "
    "rates are 0.00199, 0.00200 and 0.00240. Which of them stay there?",
    choices=(
        Choice(
            "All: they are there already",
            "That would hold if a ball at the bottom had nothing to lose. But a step that overshoots by more "
            "than it corrects leads away from any bottom.",
        ),
        Choice("The first two", "That would hold if the limit lay a little higher. It lies between them."),
        Choice("Only the first"),
    ),
    scenes=(
        race(
            *(
                (
                    f"rate {rate:.5f}",
                    scenario("rosenbrock", "gradient_descent", (1.001, 1.002), 3000, learning_rate=rate),
                )
                for rate in (0.00199, 0.00200, 0.00240)
            )
        ),
    ),
    happened="The limit is {limit:.7f}. Below it, 0.00199 comes still nearer: {near:.4f} from the lowest point. "
    "0.00200 cannot stay; its hops grow until the valley around them is less steep, and go on for "
    "ever. 0.00240 is driven {far:.2f} away.",
    why="At the lowest point the valley's walls curve with $\\lambda = 1001.6$. As in the bowl, a step "
    "multiplies what is off across the valley by $1 - \\eta\\lambda$, and that shrinks only while "
    "$\\eta$ is below $2/\\lambda$. A lower loss does not help a rate that is too large: the ball goes "
    "where the walls are gentler.",
    tex=r"\frac{2}{\lambda} = \frac{2}{501 + \sqrt{501^2 - 400}} = 0.0019968\ldots",
    source="The curvatures of Rosenbrock 1960, doi:10.1093/comjnl/3.3.175, at its lowest point",
    further=Further(
        "The sharpness along the path, against the limit 2/η. Drag the dial past it.",
        scenario("rosenbrock", "gradient_descent", (1.1, 1.21), 1000, learning_rate=0.00199),
    ),
    claims={"limit": 2 / (501 + (501**2 - 400) ** 0.5), "near": 2.061138793e-4, "far": 0.238627704},
)
def limit(scene: Runs) -> dict[str, float]:
    """The limit at the minimum, and how far the first and the last run end from it."""
    near, _, far = (float(np.linalg.norm(run.points[-1] - 1)) for run in scene)
    steepest = float(hessian_eigenvalues(scene[0].landscape, np.array([[1.0, 1.0]]))[0, 1])
    return {"limit": 2 / steepest, "near": near, "far": far}

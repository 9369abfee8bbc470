"""Lessons on chance: noisy slopes, and examples that are rare."""

import numpy as np

from engine import Batch, swarm
from ui.lessons.base import Choice, Further, Runs, lesson, race, scenario

THEME = "Chance"

ROUND = "(x**2 + y**2)/2"
SETTLED, SEEDS, BLOCKS = 100, 128, 2


def _noisy(**more):
    return scenario(ROUND, "gradient_descent", (1.5, 1), 500, learning_rate=0.1, twists={"noise": 1.0}, **more)


@lesson(
    title="Noisy slopes",
    theme=THEME,
    question="In a round bowl of curvature 1 each slope is read with an error of about 1, as from a small batch "
    "of examples. After 100 steps the ball jitters around the lowest point. What happens if it just "
    "goes on?",
    choices=(
        Choice(
            "It comes nearer and nearer, only more slowly",
            "That would hold if the errors faded. They do not: at the lowest point, where there is no slope, "
            "they are all that moves the ball.",
        ),
        Choice("It jitters for ever, as widely as before"),
        Choice(
            "The jitter adds up, and it drifts away",
            "On level ground it would. In a bowl the slope pulls it back the harder, the further it has strayed.",
        ),
    ),
    scenes=(
        race(("rate 0.1 throughout", _noisy()), ("0.1, from step 250 on 0.01", _noisy(rate_changes=((250, 0.01),)))),
    ),
    happened="It jitters for ever: in each direction the mean square of its distance stays at {floor:.4f}. The "
    "other ball, whose rate falls to a tenth half-way, comes much nearer.",
    why="Two things balance. Each step adds an error of size $\\eta\\sigma$, with $\\sigma$ that of the "
    "slope's; and each step takes back the share $\\eta\\lambda$ of the distance. The balance is a "
    "**noise floor**, and only a smaller learning rate lowers it. That is what schedules are for: "
    "large while there is a way to go, small at the end.",
    tex=r"\operatorname{E}[x^2] = \frac{\eta\,\sigma^2}{\lambda\,(2 - \eta\lambda)} = \frac{0.1}{1.9} = "
    r"0.0526\ldots",
    source="Mandt, Hoffman and Blei 2017, JMLR 18(134), arXiv:1704.04289",
    further=Further(
        "64 balls, each with errors of its own, under a rate that falls along a cosine.",
        scenario(
            ROUND,
            "gradient_descent",
            (1.5, 1),
            500,
            learning_rate=0.1,
            starts="seeds",
            twists={"noise": 1.0, "schedule": "cosine"},
        ),
    ),
    claims={"floor": 0.1 / 1.9},
)
def floor(scene: Runs) -> dict[str, float]:
    """The mean square of a coordinate once the run has settled, over many seeds.

    Neighbouring rows hardly differ: n of them count as n (1 - r)/(1 + r) with r = 0.9, and these 205,000 as 10,800, so
    that the standard error is 1.4 %.
    """
    run, _ = scene
    starts = np.tile(run.start, (SEEDS, 1))
    many: list[Batch] = [
        swarm(
            run.landscape,
            run.optimizer,
            starts=starts,
            seeds=np.arange(SEEDS) + SEEDS * block,
            steps=run.steps,
            learning_rate=0.1,
            noise=1.0,
        )
        for block in range(BLOCKS)
    ]
    return {"floor": float(np.mean([np.mean(batch.points[:, SETTLED:] ** 2) for batch in many]))}


def _rare(optimizer: str, **more):
    return scenario(
        "rare_examples",
        optimizer,
        (0, 0.8),
        1500,
        learning_rate=0.05,
        beta1=0.5,
        beta2=0.9,
        twists={"batch_size": 1.0},
        **more,
    )


@lesson(
    title="One rare, loud example",
    theme=THEME,
    question="Twenty-one examples are looked at one at a time. Twenty of them pull the ball gently to the "
    "right, one pulls thirty times as hard to the left; on the whole that is to the left, where the "
    "lowest point is. Walls stop the ball at both ends. Where does Adam take it?",
    choices=(
        Choice(
            "To the left, where the loss is lowest",
            "That holds for methods that let each example count for what it is, such as gradient descent. Adam "
            "divides by the size of recent slopes.",
        ),
        Choice("It stays in the middle", "That would take two pulls that balance. As Adam counts them, they do not."),
        Choice("To the right, where the loss is highest"),
    ),
    scenes=(race(("Adam", _rare("adam")), ("AMSGrad", _rare("amsgrad"))),),
    happened="Over the last 300 steps Adam is at {adam:.2f} on the average: against the wall on the wrong side. "
    "AMSGrad is at {amsgrad:.2f}, near the lowest point, at −1.05.",
    why="Adam divides each slope by the size of the last few. The loud example makes that size large just "
    "when it speaks, so its own step is shortened; then the size is forgotten, and the twenty quiet "
    "ones are divided by little. AMSGrad keeps the largest size it has met, so that all are divided "
    "alike.",
    tex=r"\text{Adam: } \hat v_t \text{ forgets},\qquad \text{AMSGrad: } \bar v_t = \max(\bar v_{t-1}, \hat "
    r"v_t)",
    source="Reddi, Kale and Kumar 2018, section 3, arXiv:1904.09237. They hold x in [−1, 1] by projection; "
    "here walls do. Their large slope comes in a fixed period or at random; here once in each pass, in "
    "an order drawn by lot.",
    further=Further("Give Adam a longer memory: set Beta 2 to 0.999 under More settings.", _rare("adam")),
    claims={"adam": 0.96, "amsgrad": -1.043},
)
def rare(scene: Runs) -> dict[str, float]:
    """The mean place over the last 300 steps."""
    adam, amsgrad = (float(run.points[-300:, 0].mean()) for run in scene)
    return {"adam": adam, "amsgrad": amsgrad}

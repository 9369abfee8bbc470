"""Lessons from practice: scaling, clipping, decay and half precision."""

import numpy as np

from ui.lessons.base import Choice, Further, Runs, Scene, lesson, race, scenario

THEME = "In practice"

SCALES = ("0.001", "1", "1000")


def _scaled(scale: str) -> Scene:
    formula = f"{scale}*(x**2 + 100*y**2)/2"
    runs = [
        (title, scenario(formula, optimizer, (1, 1), 200, learning_rate=0.015))
        for title, optimizer in (("Gradient descent", "gradient_descent"), ("Adam", "adam"))
    ]
    return race(*runs, title=f"Loss × {scale}")


@lesson(
    title="A thousand times the loss",
    theme=THEME,
    question="Somebody measures the same loss in other units, so that all its values, and all slopes, are a "
    "thousand times as large. Nothing else changes, the learning rate 0.015 neither. How long is "
    "Adam's first step then?",
    choices=(
        Choice("As long as before"),
        Choice(
            "A thousand times as long",
            "That holds for gradient descent, whose step is the slope times the learning rate. It leaves the "
            "map at once.",
        ),
        Choice(
            "A thousand times shorter",
            "That would be so if Adam divided by the square of the slope. It divides by its size.",
        ),
    ),
    scenes=tuple(_scaled(scale) for scale in SCALES),
    happened="In each coordinate Adam's first step is {adam_small:.8f}, {adam:.8f} and {adam_large:.8f} long: "
    "the learning rate, whatever the units. Gradient descent's is {descent_small:.4f}, {descent:.1f} "
    "and {descent_large:,.0f} across the valley.",
    why="Adam divides the average slope by the average size of the slopes. At the first step both are the "
    "slope itself, and only its sign is left. That is why Adam's usual learning rate serves so many "
    "models, and why it says nothing about how steep they are. (The tiny number $\\varepsilon$ under "
    "the fraction shows in the first of them.)",
    tex=r"x_1 = x_0 - \eta\,\frac{g}{|g| + \varepsilon}\approx x_0 \mp \eta",
    source="Kingma and Ba 2015, section 2.1, arXiv:1412.6980",
    further=Further(
        "Adam on Goldstein-Price, which rises from 3 to a million.",
        scenario("goldstein_price", "adam", (-1.5, -0.5), 500, learning_rate=0.05),
    ),
    claims={
        "adam_small": 0.015 * 1e-3 / (1e-3 + 1e-8),
        "adam": 0.015 / (1 + 1e-8),
        "adam_large": 0.015 / (1 + 1e-11),
        "descent_small": 0.0015,
        "descent": 1.5,
        "descent_large": 1500,
    },
)
def scale(small: Runs, plain: Runs, large: Runs) -> dict[str, float]:
    """The length of the first step: Adam's along x, gradient descent's along y."""
    found = {}
    for name, (descent, adam) in (("_small", small), ("", plain), ("_large", large)):
        found[f"adam{name}"] = float(abs(adam.points[1, 0] - adam.points[0, 0]))
        found[f"descent{name}"] = float(abs(descent.points[1, 1] - descent.points[0, 1]))
    return found


CLIP = 0.1


def _cliff(**twists: float):
    return scenario("recurrent_cliff", "gradient_descent", (5.2, -2.2), 200, learning_rate=0.3, twists=twists)


@lesson(
    title="The cliff",
    theme=THEME,
    question="A network that reads a text word by word multiplies the same weight fifty times, and its loss has "
    "a cliff. Both balls roll along it with the same rate; the second one shortens, or **clips**, any "
    "slope longer than 0.1. What becomes of the first?",
    choices=(
        Choice("A single step throws it far off the map"),
        Choice(
            "It falls down the cliff and is at the bottom sooner",
            "That would be so if a step went as far as the ground goes down. It goes as far as the slope is "
            "steep, and here it is steep for a hair's breadth only.",
        ),
        Choice(
            "It stops at the cliff, as at a wall",
            "That would be so if a steep slope meant a short step. It is the other way round.",
        ),
    ),
    scenes=(race(("As it is", _cliff()), ("Clipped at 0.1", _cliff(clip_norm=CLIP))),),
    happened="At step {when:.0f} the first is thrown {thrown:.0f} units away, on a map that is 4 wide, to a "
    "plain where it finds no slope to come back by. The second never moves further than {clipped:.2f} "
    "in a step and ends at a loss of {loss:.5f}.",
    why="Fifty multiplications in a row turn a small change of the weight into a huge one of the loss. The "
    "slope on the cliff is hundreds of times that beside it, but says nothing about how far it goes "
    "down. Clipping keeps the direction and limits the length.",
    tex=r"g \leftarrow g\cdot\min\left(1,\ \frac{c}{|g|}\right),\qquad |x_{t+1} - x_t| \le \eta\,c = 0.03",
    source="Pascanu, Mikolov and Bengio 2013, On the Difficulty of Training Recurrent Neural Networks, arXiv:1211.5063",
    further=Further(
        "The clipped steps are marked above the loss curve. Try a limit of 1 under Schedule, noise, precision.",
        _cliff(clip_norm=CLIP),
    ),
    claims={"when": 31, "thrown": 149.3546184, "clipped": 0.03, "loss": 2.35381e-4},
)
def cliff(scene: Runs) -> dict[str, float]:
    """The longest step of each run, which one it is of the first, and the loss at the end of the second."""
    plain, clipped = (np.linalg.norm(np.diff(run.points[: run.length + 1], axis=0), axis=1) for run in scene)
    return {
        "when": float(plain.argmax() + 1),
        "thrown": float(plain.max()),
        "clipped": float(clipped.max()),
        "loss": float(scene[1].losses[-1]),
    }


def _shrinking(optimizer: str, **more):
    return scenario("trough", optimizer, (1.5, 1), 100, learning_rate=0.01, **more)


@lesson(
    title="Two ways to shrink",
    theme=THEME,
    question="**Weight decay** pulls every weight towards 0 a little in each step. One can add that pull to the "
    "slope before Adam sees it, or shrink the weight beside Adam's step (that is AdamW). Nothing but "
    "the decay moves $y$ here. Both balls start at $y = 1$ with the same decay, 0.1. After 100 steps?",
    choices=(
        Choice(
            "Both at the same place: the pull is the same",
            "That holds for gradient descent, where the two are the same thing. But Adam divides whatever it is given.",
        ),
        Choice(
            "AdamW's is near 0.2, Adam's near 0.9",
            "That would be so if Adam made the pull smaller. Here it has nothing but the pull to divide by, "
            "and makes it as large as any slope.",
        ),
        Choice("AdamW's is near 0.9, Adam's near 0.2"),
    ),
    scenes=(
        race(
            ("Adam, pull in the slope", _shrinking("adam", twists={"l2": 0.1})),
            ("AdamW", _shrinking("adamw", weight_decay=0.1)),
        ),
    ),
    happened="AdamW's $y$ is {adamw:.5f}, just what the decay asks for. Adam's is {adam:.3f}.",
    why="AdamW takes the share 0.01 · 0.1 off $y$ in each step. In Adam the pull becomes part of the "
    "slope, and Adam makes every slope about as long as the learning rate, however weak it was. So "
    "weights with small slopes shrink most, and the number called weight decay no longer says by how "
    "much.",
    tex=r"y_{100} = (1 - 0.01\cdot 0.1)^{100} = 0.90479\ldots",
    source="Loshchilov and Hutter 2019, arXiv:1711.05101",
    further=Further("Adam with the pull in its slope, step by step.", _shrinking("adam", twists={"l2": 0.1})),
    claims={"adamw": 0.999**100, "adam": 0.2244461068},
)
def decay(scene: Runs) -> dict[str, float]:
    """Where y ends."""
    adam, adamw = (float(run.points[-1, 1]) for run in scene)
    return {"adamw": adamw, "adam": adam}


FAINT = "(x**2/10000 + y**2/10000)/10000/2"
HALF = {"precision": "float16"}


def _faint(**twists):
    return scenario(FAINT, "gradient_descent", (1.5, 1), 100, learning_rate=1e6, twists=twists)


@lesson(
    title="Numbers with half the digits",
    theme=THEME,
    question="Large models are trained with numbers of 16 bits (**float16**): three digits, and nothing smaller "
    "than 0.00000006. In this bowl the slopes are about 0.00000001, and the learning rate is a million "
    "to match. Three balls: full numbers; float16; and float16 where the loss is multiplied by 1024 "
    "before its slope is taken and the slope divided again. Which of them move?",
    choices=(
        Choice(
            "All: each slope is a number other than 0",
            "That holds with full numbers. In float16 the slope is nearer to 0 than to anything else there is.",
        ),
        Choice(
            "Only the first",
            "That would be so if the slope were lost before it could be multiplied. But the multiplied loss "
            "never has a slope that small.",
        ),
        Choice("The first and the third"),
    ),
    scenes=(
        race(
            ("full numbers", _faint()),
            ("float16", _faint(**HALF)),
            ("float16, loss × 1024", _faint(**HALF, loss_scaling="static", loss_scale=1024.0)),
        ),
    ),
    happened="After 100 steps the first has {full:.3f} of its way left. The second has not moved: {half:.0f}, "
    "all of it. The third has {scaled:.3f} left.",
    why="A slope of 0.00000001 rounds to 0, and a ball that sees no slope stays. Multiplied by 1024 it is "
    "0.00001, which float16 can hold; the division happens in larger numbers. This is **loss "
    "scaling**, and it costs next to nothing.",
    tex=r"10^{-8} \to 0,\qquad 1024\cdot 10^{-8} \approx 10^{-5}\ \text{survives},\qquad "
    r"0.99^{100} = 0.366",
    source="Micikevicius et al. 2018, Mixed Precision Training, arXiv:1710.03740",
    further=Further(
        "float16 beside its twin in full numbers, on a surface with larger slopes.",
        scenario("rosenbrock", "momentum", (-1.2, 1), 500, learning_rate=0.0015, momentum=0.95, twists=HALF),
    ),
    claims={"full": 0.99**100, "half": 1.0, "scaled": 0.366},
)
def half(scene: Runs) -> dict[str, float]:
    """The share of x that is left."""
    full, narrow, scaled = (float(run.points[run.length, 0] / run.points[0, 0]) for run in scene)
    return {"full": full, "half": narrow, "scaled": scaled}

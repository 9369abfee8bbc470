"""Applications: small honest models of what is done by descent, each with a picture of what its two numbers mean."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from knobs import Knob
from landscapes import real
from landscapes.base import Picture, Point, landscape
from landscapes.minimizers import Fit, Shape, newton

WEIGHTS = ("w₁", "w₂")

Each = Callable[..., jax.Array]
"""`each(p, **parameters)`, shape (examples,): the loss of each example."""


def _mean(each: Each) -> Each:
    """The mean over the examples."""

    def loss(p: jax.Array, **settings: Any) -> jax.Array:
        return jnp.mean(each(p, **settings))

    return loss


def _weighted(each: Each) -> Each:
    """The same with a weight for each example."""

    def batch_loss(p: jax.Array, weights: jax.Array, **settings: Any) -> jax.Array:
        return jnp.sum(jnp.asarray(weights, p.dtype) * each(p, **settings))

    return batch_loss


# ---- a portfolio


def _returns_each(p: jax.Array, return_preference: Any) -> jax.Array:
    """What each week adds: the square of its return's distance from the mean, less the preference for that return."""
    weekly = real.stocks()
    first, second, rest = (jnp.asarray(column, p.dtype) for column in weekly.T)
    means = np.asarray(weekly.mean(axis=0), p.dtype)
    returns = p[0] * (first - rest) + p[1] * (second - rest) + rest
    mean = p[0] * (means[0] - means[2]) + p[1] * (means[1] - means[2]) + means[2]
    return (returns - mean) ** 2 - return_preference * returns


def _best_portfolio(return_preference: float) -> tuple[Point, float]:
    """Where the gradient of the mean over all weeks vanishes: two equations in the two free weights."""
    weekly = real.stocks()
    free, rest = weekly[:, :2] - weekly[:, 2:], weekly[:, 2]
    covariance = np.cov(free.T, bias=True)
    shared = (free - free.mean(axis=0)).T @ (rest - rest.mean()) / len(rest)
    x, y = np.linalg.solve(2 * covariance, return_preference * free.mean(axis=0) - 2 * shared)
    returns = free @ [x, y] + rest
    return (float(x), float(y)), float(returns.var() - return_preference * returns.mean())


def _portfolio_picture() -> Picture:
    weekly = real.stocks()
    means, covariance = weekly.mean(axis=0), np.cov(weekly.T, bias=True)

    def values(points: np.ndarray) -> np.ndarray:
        weights = np.column_stack([points, 1 - points.sum(axis=1)])
        risks = np.sqrt(np.einsum("ni,ij,nj->n", weights, covariance, weights))
        return np.column_stack([weights, risks, weights @ means])

    # The least risky portfolio of each mean return: a straight line of weights, a hyperbola in the plane.
    preferences = np.linspace(-60, 150, 71)
    frontier = np.array([_best_portfolio(preference)[0] for preference in preferences])
    return Picture(
        kind="bars",
        title="share of the money",
        names=real.STOCKS,
        values=values,
        still={"curve": values(frontier)[:, 3:], "points": np.column_stack([np.sqrt(np.diag(covariance)), means])},
        span=(-1, 2),
        axes=("risk, % a week", "mean return, % a week"),
        grid=33,
    )


@landscape(
    title="A portfolio of three stocks",
    chapter="Applications",
    domain=((-1, 2), (-1, 2)),
    start=(-0.5, 1.4),
    minima=((0.49534567151724057, 0.06326004093005395),),
    minimum=4.630506922654194,
    pins=(((0, 0), 8.320295674708472), ((1, 0), 8.194152996628208)),
    tex=r"\frac1n \sum_i (r_i - m)^2 - \rho\, m,\quad m = \frac1n \sum_i r_i,\quad "
    r"r_i = w_1\, a_i + w_2\, b_i + (1 - w_1 - w_2)\, c_i",
    source="Markowitz 1952, Portfolio Selection, doi:10.1111/j.1540-6261.1952.tb01525.x; returns of 104 weeks of 2018 "
    "and 2019 from the stock prices that plotly ships",
    teaches="Risk is weighed against return: stocks that do not move together are less risky than any of them alone.",
    notes="Returns are in per cent a week: a of Apple, b of Netflix, c of Google. What the two weights leave of 1 is "
    "Google's, and a weight below 0 is a short sale. A mini-batch is some of the weeks, about the mean of all.",
    height="log",
    axes=WEIGHTS,
    examples=104,
    batch_loss=_weighted(_returns_each),
    picture=_portfolio_picture,
    minimizer=_best_portfolio,
    return_preference=Knob(
        0, 60, 10, allowed=(-1e3, 1e3), help="ρ, how much risk, in squared per cent, one per cent of return is worth."
    ),
)
def portfolio(p: jax.Array, return_preference: Any) -> jax.Array:
    return _mean(_returns_each)(p, return_preference=return_preference)


# ---- a bandit

CHANCES = (0.8, 0.6, 0.2)
"""How often a pull of each arm wins."""

PULLS = 200


def _regret(p: jax.Array, baseline: Any, exploration: Any) -> jax.Array:
    """By the chances; the baseline changes how it is sampled, not what it is."""
    logs = jax.nn.log_softmax(jnp.append(p, 0))
    chances = jnp.asarray(CHANCES, p.dtype)
    return 100 * (chances[0] - jnp.exp(logs) @ chances) + _charge(logs, exploration)


def _charge(logs: jax.Array, exploration: Any) -> jax.Array:
    return exploration * (np.log(3).astype(logs.dtype) + jnp.exp(logs) @ logs)


def _pulled_regret(p: jax.Array, weights: jax.Array, baseline: Any, exploration: Any) -> jax.Array:
    """The same from some pulls, with the gradient of REINFORCE.

    Pull number i happens where a number between i / PULLS and (i + 1) / PULLS falls: on which arm, and whether it wins.
    Where that stretch is cut by the edge of two arms it is each in part, so that all pulls together are no sample.
    The ratio of the policy to itself is 1; its slope is that of the logarithm, by which REINFORCE weighs each win.
    """
    logs = jax.nn.log_softmax(jnp.append(p, 0))
    policy = jax.lax.stop_gradient(jnp.exp(logs))
    begins, chances = jnp.cumsum(policy) - policy, jnp.asarray(CHANCES, p.dtype)
    places = np.arange(PULLS + 1.0)[:, None].astype(p.dtype) / PULLS

    def shares(lengths: jax.Array) -> jax.Array:
        """How much of each pull lies on the stretch from where each arm begins, shape (PULLS, 3)."""
        within = jnp.clip(places - begins, 0, lengths)
        return PULLS * (within[1:] - within[:-1])

    surprises = shares(policy * chances) - baseline * shares(policy)
    gain = (jnp.asarray(weights, p.dtype) @ surprises) @ jnp.exp(logs - jax.lax.stop_gradient(logs)) + baseline
    return 100 * (chances[0] - gain) + _charge(logs, exploration)


def _best_policy(baseline: float, exploration: float) -> tuple[Point, float]:
    """Boltzmann's: the odds of two arms are the exponential of what one wins more, in units of the exploration."""
    wins = 100 * np.array(CHANCES)
    if exploration == 0:
        return (np.inf, np.inf), 0.0
    x, y = (wins[:2] - wins[2]) / exploration
    partition = np.sum(np.exp((wins - wins[0]) / exploration))
    return (float(x), float(y)), float(exploration * (np.log(3) - np.log(partition)))


def _bandit_picture() -> Picture:
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])

    def values(points: np.ndarray) -> np.ndarray:
        odds = np.exp(np.column_stack([points, np.zeros(len(points))]))
        policy = odds / odds.sum(axis=1, keepdims=True)
        return np.column_stack([policy, policy @ corners])

    return Picture(
        kind="bars",
        title="how often each arm is pulled",
        names=tuple(f"{arm}, wins {100 * chance:.0f} %" for arm, chance in zip("ABC", CHANCES, strict=True)),
        values=values,
        still={"curve": corners[[0, 1, 2, 0]], "points": corners},
        reach=2.2,
        grid=67,
    )


@landscape(
    title="A bandit with three arms",
    chapter="Applications",
    domain=((-4, 6), (-4, 6)),
    start=(-1.5, 1.5),
    pins=(((0, 0), 80 - 160 / 3),),
    tex=r"80 - m + \tau\,(\ln 3 - h),\quad m = 80\,\pi_a + 60\,\pi_b + 20\,\pi_c,\quad "
    r"h = -\pi_a \ln \pi_a - \pi_b \ln \pi_b - \pi_c \ln \pi_c,\quad "
    r"\pi_a = e^a / z,\quad \pi_b = e^b / z,\quad \pi_c = 1 / z,\quad z = e^a + e^b + 1",
    source="Williams 1992, REINFORCE, doi:10.1007/BF00992696",
    teaches="Who seldom pulls an arm seldom learns what it wins: the way to the best arm leads over the second best.",
    notes="The expected regret of a pull in per cent of a win, and τ times what the policy lacks in entropy. Arms A, B "
    "and C win 80, 60 and 20 times of 100; a and b are the logits of A and B, that of C is 0. A mini-batch is so many "
    "pulls of 200, spread evenly over the policy, and its gradient is REINFORCE's.",
    height="log",
    axes=("a", "b"),
    examples=PULLS,
    batch_loss=_pulled_regret,
    picture=_bandit_picture,
    minimizer=_best_policy,
    baseline=Knob(
        0, 1, 0, allowed=(-10, 10), help="What a pull is expected to win; in mini-batches only the rest is learnt from."
    ),
    exploration=Knob(0, 60, 0, allowed=(0, 1e3), help="τ, what is charged for the entropy that the policy lacks."),
)
def bandit(p: jax.Array, baseline: Any, exploration: Any) -> jax.Array:
    return _regret(p, baseline, exploration)


# ---- a convolution


@lru_cache
def _moments() -> np.ndarray:
    """Of each digit the means over its pixels of the six products of left, right and edge, shape (DIGITS, 6).

    All that the squared error depends on: no step need look at 5,600 pixels.
    """
    left, right, edge = (part.reshape(real.DIGITS, -1) for part in real.edges()[1:])
    pairs = ((left, left), (left, right), (right, right), (left, edge), (right, edge), (edge, edge))
    return np.stack([np.mean(a * b, axis=1) for a, b in pairs], axis=1)


def _edge_each(p: jax.Array) -> jax.Array:
    """The mean squared error over each digit's pixels."""
    x, y = p
    return jnp.asarray(_moments(), p.dtype) @ jnp.stack([x * x, 2 * x * y, y * y, -2 * x, -2 * y, jnp.ones_like(x)])


def _convolution_picture() -> Picture:
    pictures, left, right, edge = (part[[0, 4, 7, 8]] for part in real.edges())  # each is the digit of that name

    def values(points: np.ndarray) -> np.ndarray:
        return points @ np.stack([left.ravel(), right.ravel()])

    return Picture(
        kind="images",
        title="four digits through the filter",
        names=("digit", "edges", "filtered"),
        values=values,
        still={"inputs": pictures, "targets": edge},
        reach=10,
    )


@landscape(
    title="A filter that learns an edge",
    chapter="Applications",
    domain=((-2, 2), (-2, 2)),
    start=(1.5, 0.7),
    minima=((-0.7898901699747901, 0.7898758739720053),),
    minimum=2.7064829826379477,
    pins=(((0, 0), 30.640837053571428), ((1, 0), 135.03610491071427)),
    tex=r"\frac1n \sum_i (w_1\, l_i + w_2\, r_i - e_i)^2",
    source="LeCun and others 1989, doi:10.1162/neco.1989.1.4.541; digits of Alpaydin and Kaynak 1998, "
    "doi:10.24432/C50P49",
    teaches="Neighbouring pixels are alike: that the taps cancel is soon learnt, how far they are apart takes longer.",
    notes="A convolution with two taps, on each pixel l and its right neighbour r, for all 5,600 pairs of the first "
    "hundred digits. The edge e is what a filter of six taps makes of them, -1 and 1 weighed 1 : 2 : 1 over three "
    "rows: two taps can only come near it. A mini-batch is some of the digits.",
    height="log",
    axes=WEIGHTS,
    examples=real.DIGITS,
    batch_loss=_weighted(_edge_each),
    picture=_convolution_picture,
)
def convolution(p: jax.Array) -> jax.Array:
    return _mean(_edge_each)(p)


# ---- a word


@lru_cache
def _neighbours() -> np.ndarray:
    """Of each word that stays its place, how often it is met and how often it would be by chance, shape (words, 4)."""
    known = real.hatter()
    return np.column_stack([known.places, known.met, known.expected])


def _word_each(p: jax.Array, negatives: Any) -> jax.Array:
    """What each neighbour adds: as many meetings as there were, and as many made up as would be by chance."""
    places, counts = np.split(_neighbours().astype(p.dtype), [2], axis=1)
    met, expected = counts.T
    scores = jnp.asarray(places) @ p
    return len(met) * (met * jax.nn.softplus(-scores) + negatives * expected * jax.nn.softplus(scores))


def _best_place(negatives: float) -> tuple[Point, float]:
    """By Newton's method: the loss is convex."""
    known = real.hatter()
    made_up = negatives * known.expected

    def shape(scores: np.ndarray) -> Shape:
        likely = np.exp(-np.logaddexp(0, -scores))
        losses = known.met * np.logaddexp(0, -scores) + made_up * np.logaddexp(0, scores)
        slopes = made_up * likely - known.met * (1 - likely)
        curvatures = (known.met + made_up) * likely * (1 - likely)
        return Shape(*(len(known.others) * part for part in (losses, slopes, curvatures)))

    problem = Fit(known.places, known.met, shape, np.zeros(2), np.zeros(2))
    x, y = newton(problem)
    return (float(x), float(y)), problem.value(np.array([x, y]))


def _word_picture() -> Picture:
    known = real.hatter()
    return Picture(
        kind="words",
        title=f"where “{known.word}” is among words; dots: how often they meet",
        names=(known.word, *known.others),
        values=lambda points: points,
        still={"places": known.places, "met": known.met},
    )


@landscape(
    title="A word among its neighbours",
    chapter="Applications",
    domain=((-3, 3), (-3, 3)),
    start=(-1.6, -1.1),
    minima=((1.1152976435177333, 0.29878737740931227),),
    minimum=133.44544123122327,
    pins=(((0, 0), 158.0375571676675), ((1, 1), 135.95365891661248)),
    tex=r"\sum_i \left(n_i \ln(1 + e^{-s_i}) + k\, m_i \ln(1 + e^{s_i})\right),\quad s_i = x\, u_i + y\, v_i",
    source="Mikolov and others 2013, word2vec, arXiv:1310.4546; the words of Lewis Carroll, Alice's Adventures in "
    "Wonderland, 1865",
    teaches="A word is known by the company it keeps: it is drawn to those it meets and pushed away from all others.",
    notes="The place (x, y) of the hatter among 14 words whose places (u, v) stay. n is how often they stand at most "
    "30 words apart in the book, m how often they would by chance, and k how many made-up meetings there are for each "
    "real one. The places come from how often the others meet each other. A mini-batch is some of the 14.",
    height="log",
    examples=14,
    batch_loss=_weighted(_word_each),
    picture=_word_picture,
    minimizer=_best_place,
    negatives=Knob(0.5, 5, 1, "log", allowed=(1e-3, 1e3), help="k, made-up meetings for each real one."),
)
def embedding(p: jax.Array, negatives: Any) -> jax.Array:
    return _mean(_word_each)(p, negatives=negatives)

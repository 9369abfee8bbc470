"""How sharp a parabola may be for an optimizer's steps on it to settle, where that is known.

Along an eigenvector of the Hessian H with eigenvalue λ every rule here is linear once its divisor P is held still, and
with η times λ at the number `product` the growth factor of one of its solutions is −1 (docs/model.md derives them). So
the sharpness that counts is the largest eigenvalue of P^-½ H P^-½, and of H itself where nothing is divided.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Knobs = Mapping[str, float]
Remembered = Mapping[str, np.ndarray]

COHEN = "Cohen et al. 2022, arXiv:2207.14484"


def _nothing(knobs: Knobs) -> float:
    return 0.0


@dataclass(frozen=True)
class Limit:
    """The stability limit of an optimizer: its steps settle while the sharpness is below product/η − decay.

    Attributes:
        product: knobs -> learning rate times sharpness at the limit.
        words, tex: the limit of the sharpness as plain text and as TeX.
        source: who published it, with a DOI or arXiv number.
        decay: knobs -> what weight decay adds to the sharpness.
        divisor: None, or (remembered, knobs, t) -> P, the numbers that step t divides the coordinates of the gradient
            by, shape (n, 2): from what is remembered after that step and, with `_{t-1}` in its name, before it; t has
            shape (n, 1).
        approximate: what is held still or left out, in a sentence; "" when nothing is.
    """

    product: Callable[[Knobs], float]
    words: str
    tex: str
    source: str
    decay: Callable[[Knobs], float] = _nothing
    divisor: Callable[[Remembered, Knobs, np.ndarray], Any] | None = None
    approximate: str = ""


GRADIENT_DESCENT = Limit(
    product=lambda knobs: 2,
    words="2/η",
    tex=r"\frac{2}{\eta}",
    source="Nesterov 2004, doi:10.1007/978-1-4419-8853-9, section 1.2.3",
)

HEAVY_BALL = Limit(
    product=lambda knobs: 2 * (1 + knobs["momentum"]),
    words="2(1 + β)/η",
    tex=r"\frac{2(1 + \beta)}{\eta}",
    source="Polyak 1964, doi:10.1016/0041-5553(64)90137-5",
)

NESTEROV = Limit(
    product=lambda knobs: 2 * (1 + knobs["momentum"]) / (1 + 2 * knobs["momentum"]),
    words="2(1 + β)/((1 + 2β)η)",
    tex=r"\frac{2(1 + \beta)}{(1 + 2\beta)\,\eta}",
    source="Cohen et al. 2021, arXiv:2103.00065, appendix B",
)

SCHEDULE_FREE = Limit(
    product=lambda knobs: 2 / (1 - knobs["beta1"]),
    words="2/((1 − β₁)η) − λ",
    tex=r"\frac{2}{(1 - \beta_1)\,\eta} - \lambda",
    source="Song et al. 2025, arXiv:2507.09846",
    decay=lambda knobs: knobs["weight_decay"],
    approximate="For late steps, when the average hardly moves any more: the first ones settle only below 2/η.",
)

STILL = "The divisor is held still, though it follows the gradients."


def without_average(divisor: Callable[[Remembered, Knobs, np.ndarray], Any], source: str = COHEN) -> Limit:
    """The limit of a method that divides the gradient and keeps no average of it."""
    return Limit(GRADIENT_DESCENT.product, "2/η", GRADIENT_DESCENT.tex, source, divisor=divisor, approximate=STILL)


def with_velocity(divisor: Callable[[Remembered, Knobs, np.ndarray], Any]) -> Limit:
    """The limit of a method that adds what it has divided to a velocity."""
    return Limit(HEAVY_BALL.product, HEAVY_BALL.words, HEAVY_BALL.tex, COHEN, divisor=divisor, approximate=STILL)


def with_average(divisor: Callable[[Remembered, Knobs, np.ndarray], Any], decays: bool = False) -> Limit:
    """The limit of Adam and its kin, which divide an average of gradients.

    The correction of the average's bias belongs to the divisor, as in Cohen et al.; weight decay beside the division
    takes away (1 + β₁)/(1 − β₁) times λ.
    """

    def product(knobs: Knobs) -> float:
        return 2 * (1 + knobs["beta1"]) / (1 - knobs["beta1"])

    def corrected(remembered: Remembered, knobs: Knobs, t: np.ndarray) -> Any:
        return (1 - knobs["beta1"] ** t) * divisor(remembered, knobs, t)

    words, tex = "2(1 + β₁)/((1 − β₁)η)", r"\frac{2(1 + \beta_1)}{(1 - \beta_1)\,\eta}"
    if not decays:
        return Limit(product, words, tex, COHEN, divisor=corrected, approximate=STILL)
    return Limit(
        product, "(1 + β₁)(2 − ηλ)/((1 − β₁)η)", r"\frac{(1 + \beta_1)(2 - \eta\lambda)}{(1 - \beta_1)\,\eta}", COHEN,
        decay=lambda knobs: knobs["weight_decay"] * product(knobs) / 2, divisor=corrected, approximate=STILL,
    )  # fmt: skip


def _root_and_epsilon(name: str) -> Callable[[Remembered, Knobs, np.ndarray], Any]:
    return lambda remembered, knobs, t: np.sqrt(remembered[name]) + knobs["epsilon"]


def _corrected_root(name: str) -> Callable[[Remembered, Knobs, np.ndarray], Any]:
    return lambda remembered, knobs, t: np.sqrt(remembered[name] / (1 - knobs["beta2"] ** t)) + knobs["epsilon"]


def _of_adagrad(remembered: Remembered, knobs: Knobs, t: np.ndarray) -> Any:
    v = remembered["v_t"]
    return np.where(v > 0, np.sqrt(v + knobs["epsilon"]), np.inf)  # where v is 0 optax does not move


def _of_adadelta(remembered: Remembered, knobs: Knobs, t: np.ndarray) -> Any:
    return np.sqrt(remembered["v_t"] + knobs["epsilon"]) / np.sqrt(remembered["w_{t-1}"] + knobs["epsilon"])


def _of_radam(remembered: Remembered, knobs: Knobs, t: np.ndarray) -> Any:
    longest = 2 / (1 - knobs["beta2"]) - 1
    powers = knobs["beta2"] ** t
    length = longest - 2 * t * powers / (1 - powers)
    with np.errstate(invalid="ignore", divide="ignore"):
        over = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        divided = _corrected_root("v_t")(remembered, knobs, t) / np.sqrt(over)
    return np.where(length >= knobs["threshold"], divided, 1.0)


def _of_nadam(remembered: Remembered, knobs: Knobs, t: np.ndarray) -> Any:
    """With the corrections of its two terms, which differ, such that the limit is that of Nesterov's method."""
    beta = knobs["beta1"]
    corrections = beta / (1 - beta ** (t + 1)) + (1 + beta) / (1 - beta**t)
    return _corrected_root("v_t")(remembered, knobs, t) * (1 + 2 * beta) / corrections


ADAGRAD = without_average(_of_adagrad)
ADADELTA = without_average(_of_adadelta, "as for gradient descent; the divisor is Zeiler's, arXiv:1212.5701")
RMSPROP = with_velocity(_root_and_epsilon("v_t"))
ADAM = with_average(_corrected_root("v_t"))
ADAMW = with_average(_corrected_root("v_t"), decays=True)
ADABELIEF = with_average(_corrected_root("s_t"))
AMSGRAD = with_average(_root_and_epsilon(r"\bar v_t"))
ADAMAX = with_average(lambda remembered, knobs, t: remembered["u_t"])
RADAM = with_average(_of_radam)
NADAM = Limit(
    product=lambda knobs: 2 * (1 + knobs["beta1"]) / ((1 - knobs["beta1"]) * (1 + 2 * knobs["beta1"])),
    words="2(1 + β₁)/((1 − β₁)(1 + 2β₁)η)",
    tex=r"\frac{2(1 + \beta_1)}{(1 - \beta_1)(1 + 2\beta_1)\,\eta}",
    source=COHEN,
    divisor=_of_nadam,
    approximate=STILL,
)

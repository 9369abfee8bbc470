"""Schedules: how the learning rate changes over a run, as a share of its peak, which is the optimizer's own knob.

optax's own where it has them; of the others the formula stands here.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import jax
import jax.numpy as jnp
import optax

from knobs import Knob
from optimizers.shared import aligned

Shape = Callable[[jax.Array], jax.typing.ArrayLike]


@dataclass(frozen=True, eq=False)
class Schedule:
    """One way in which the learning rate changes. Made by `@schedule`; never by hand.

    Attributes:
        key: the function's name; permanent, since it stands in shared links.
        title: how the page lists it.
        build: `build(steps, **knobs)` to a function from the number of a step, 0, 1, ..., to the share of the peak,
            0 to 1, with which it is made; `steps` is how many steps the schedule is made for, T, at least 1.
        knobs: name -> Knob.
        tex: the share s_t of the step with number t.
        source: who published it and where, with a DOI or arXiv number.
        teaches: one sentence, what a student sees with it.
        notes: where implementations disagree, and which one this is; "" when they do not.
    """

    key: str
    title: str
    build: Callable[..., Shape]
    knobs: Mapping[str, Knob]
    tex: str
    source: str
    teaches: str
    notes: str

    def __post_init__(self) -> None:
        missing = [name for name in ("title", "tex", "source", "teaches") if not getattr(self, name)]
        if missing:
            raise ValueError(f"schedule {self.key!r} lacks {', '.join(missing)}")
        accepted = list(inspect.signature(self.build).parameters)
        if accepted != ["steps", *self.knobs]:
            raise ValueError(f"schedule {self.key!r}: build takes {accepted}, its knobs are {list(self.knobs)}")


_registry: dict[str, Schedule] = {}
SCHEDULES: Mapping[str, Schedule] = MappingProxyType(_registry)
"""Every schedule by its key, in display order."""


def schedule(
    *, title: str, tex: str, source: str, teaches: str, notes: str = "", **knobs: Knob
) -> Callable[[Callable[..., Shape]], Callable[..., Shape]]:
    """Register the decorated factory under its own name; `Schedule` says what each fact means.

    Raises:
        ValueError: at import, when the key is taken, a fact is missing, or the factory's arguments are not the knobs.
    """

    def register(build: Callable[..., Shape]) -> Callable[..., Shape]:
        key = build.__name__
        if key in _registry:
            raise ValueError(f"there are two schedules called {key!r}")
        _registry[key] = Schedule(key, title, build, MappingProxyType(knobs), tex, source, teaches, notes)
        return build

    return register


FINAL = Knob(0, 1, 0.01, help="The share of the peak towards which it falls, a.")
ABOVE_NOTHING = Knob(1e-6, 1, 0.01, "log", allowed=(1e-12, 1), help=FINAL.help)
PERIOD = Knob(5, 500, 100, "log", allowed=(1, 5000), integer=True, help="How many steps one round takes, k.")
COSINE = r"a + (1 - a)\,\frac{1}{2}\left(1 + \cos "


@schedule(
    title="Constant",
    tex="s_t = 1",
    source="Robbins & Monro 1951, doi:10.1214/aoms/1177729586, who show why noise asks for more than this",
    teaches="With exact gradients it arrives; with noise it ends in a cloud whose size follows the rate.",
)
def constant(steps: int) -> Shape:
    return optax.constant_schedule(1.0)


@schedule(
    title="Steps",
    tex=r"s_t = q^{\lfloor t / k \rfloor}",
    source="Ge et al. 2019, arXiv:1904.12838",
    teaches="Each drop lets the run settle deeper: under noise the loss falls in stairs.",
    period=Knob(5, 500, 100, "log", allowed=(1, 5000), integer=True, help="How many steps from drop to drop, k."),
    factor=Knob(0.05, 0.95, 0.5, allowed=(1e-12, 1), help="What the rate is multiplied by at each drop, q."),
)
def step(steps: int, period: float, factor: float) -> Shape:
    return optax.exponential_decay(1.0, int(period), factor, staircase=True)


@schedule(
    title="Exponential",
    tex="s_t = a^{t / T}",
    source="Li, Zhuang & Orabona 2021, arXiv:2002.05273",
    teaches="A steady fade, by the same share at each step: early steps explore, late ones settle.",
    final=ABOVE_NOTHING,
)
def exponential(steps: int, final: float) -> Shape:
    return optax.exponential_decay(1.0, steps, final)


@schedule(
    title="Polynomial",
    tex=r"s_t = a + (1 - a)\left(1 - \frac{t}{T}\right)^p",
    source="Chen et al. 2018, arXiv:1606.00915",
    teaches="A straight line down for p = 1, and the higher p the sooner it is small.",
    final=FINAL,
    power=Knob(0.5, 4, 1, allowed=(0.01, 100), help="How fast it falls at first, p."),
)
def polynomial(steps: int, final: float, power: float) -> Shape:
    return optax.polynomial_schedule(1.0, final, power, steps)


@schedule(
    title="Cosine",
    tex=rf"s_t = {COSINE}\frac{{\pi t}}{{T}}\right)",
    source="Loshchilov & Hutter 2017, arXiv:1608.03983",
    teaches="Near the peak for long, then quickly down, and gently into the end.",
    final=FINAL,
)
def cosine(steps: int, final: float) -> Shape:
    return optax.cosine_decay_schedule(1.0, steps, final)


@schedule(
    title="Warm-up, then cosine",
    tex=aligned(
        r"W &= \min(\mathrm{round}(w T),\ T - 1)",
        r"s_t &= t / W \quad \text{for } t < W, \text{ then}",
        rf"s_t &= {COSINE}\frac{{\pi (t - W)}}{{T - W}}\right)",
    ),
    source="Goyal et al. 2017, arXiv:1706.02677; Loshchilov & Hutter 2017, arXiv:1608.03983",
    teaches="The first steps are short while the averages fill, where a full one would be thrown far away.",
    notes="As in optax it rises from 0, so that the first step does not move; others begin at the peak over W.",
    final=FINAL,
    warmup=Knob(0, 0.5, 0.1, allowed=(0, 1), help="The share of the run in which it rises to the peak, w."),
)
def warmup_cosine(steps: int, final: float, warmup: float) -> Shape:
    return optax.warmup_cosine_decay_schedule(0.0, 1.0, min(round(warmup * steps), steps - 1), steps, final)


@schedule(
    title="One cycle",
    tex=aligned(
        r"W &= \lfloor w T \rfloor, \quad c(u) = \frac{1}{2}(1 - \cos \pi u)",
        r"s_t &= \frac{1}{d} + \left(1 - \frac{1}{d}\right) c\left(\frac{t}{W}\right) \quad \text{for } t < W, "
        r"\text{ then}",
        r"s_t &= 1 - \left(1 - \frac{a}{d}\right) c\left(\frac{t - W}{T - W}\right)",
    ),
    source="Smith & Topin 2018, arXiv:1708.07120",
    teaches="Up and down once: the highest rates in the middle of the run, where they do least harm.",
    notes=(
        "Smith & Topin rise and fall in straight lines; the cosine is that of optax and PyTorch. PyTorch counts from "
        "the first step to the last, so that its peak and its end come one step sooner; it moves the momentum as well."
    ),
    warmup=Knob(0.05, 0.95, 0.3, allowed=(0, 0.999), help="The share of the run in which it rises to the peak, w."),
    divide=Knob(1, 100, 25, "log", allowed=(1, 1e6), help="How many times the first rate the peak is, d."),
    final=Knob(1e-4, 1, 1e-2, "log", allowed=(1e-9, 1), help="The last rate as a share of the first, a."),
)
def one_cycle(steps: int, warmup: float, divide: float, final: float) -> Shape:
    return jax.vmap(optax.cosine_onecycle_schedule(steps, 1.0, warmup, divide, 1 / final))  # it takes one number


@schedule(
    title="Cyclic",
    tex=r"s_t = a + (1 - a)\left(1 - \left|1 - 2\left(\frac{t}{k} - \lfloor \frac{t}{k} \rfloor\right)\right|\right)",
    source="Smith 2017, arXiv:1506.01186",
    teaches="Up and down in straight lines, again and again: each rise shakes the run out of where it sits.",
    notes="Smith's triangular policy, as in PyTorch; half a round is his step size. An odd round misses the very top.",
    period=Knob(5, 500, 100, "log", allowed=(2, 5000), integer=True, help=PERIOD.help),
    final=Knob(0, 1, 0.1, help="The share of the peak at the bottom of each round, a."),
)
def cyclic(steps: int, period: float, final: float) -> Shape:
    return lambda t: final + (1 - final) * (1 - jnp.abs(1 - 2 * jnp.mod(t / period, 1)))


@schedule(
    title="Warm restarts",
    tex=rf"s_t = {COSINE}\frac{{\pi\,(t \bmod k)}}{{k}}\right)",
    source="Loshchilov & Hutter 2017, arXiv:1608.03983",
    teaches="A cosine that jumps back to the peak: from one minimum it may leap into a better one.",
    notes="All rounds are of one length; in the paper each may be longer than the one before.",
    period=PERIOD,
    final=FINAL,
)
def warm_restarts(steps: int, period: float, final: float) -> Shape:
    one_round = optax.cosine_decay_schedule(1.0, int(period), final)
    return lambda t: one_round(jnp.mod(t, period))


@schedule(
    title="Inverse square root",
    tex=r"s_t = \min\left(\frac{t + 1}{k},\ \sqrt{\frac{k}{t + 1}}\right)",
    source="Vaswani et al. 2017, arXiv:1706.03762, section 5.3",
    teaches="Made for noise without a known end: the steps shrink for ever, and yet they could lead anywhere.",
    warmup_steps=Knob(1, 200, 20, "log", allowed=(1, 5000), integer=True, help="The step that is made at the peak, k."),
)
def inverse_square_root(steps: int, warmup_steps: float) -> Shape:
    return lambda t: jnp.minimum((t + 1) / warmup_steps, jnp.sqrt(warmup_steps / (t + 1)))

"""The twists of a run: what practice adds to an optimizer's own rule. Described here, checked here, applied elsewhere.

A schedule changes the learning rate; clipping, decay, noise and mini-batches change the steps (docs/model.md, Twists).
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from engine.precision import TYPES
from engine.program import MAX_STEPS
from engine.step import MOST_WORKERS, Kind, Numbers, ranks
from engine.workers import OLDEST
from knobs import Knob
from landscapes.base import Landscape
from optimizers.base import Optimizer
from optimizers.schedules import SCHEDULES

Setting = float | str | None
"""What `descend` takes by name: numbers, a schedule's key, and None for what is off."""

TWISTS: Mapping[str, Knob] = MappingProxyType({
    "clip_norm": Knob(
        1e-3, 100, 1, "log", allowed=(1e-12, 1e100), help="A longer gradient is shortened to this length."
    ),
    "clip_value": Knob(
        1e-3, 100, 1, "log", allowed=(1e-12, 1e100), help="Each coordinate of the gradient is cut off at this size."
    ),
    "weight_decay": Knob(
        0, 1, 0, allowed=(0, 1e6), help="How strongly each step pulls the ball towards the origin, beside the rule."
    ),
    "l2": Knob(0, 1, 0, allowed=(0, 1e6), help="The same pull added to the gradient, before the rule sees it."),
    "noise": Knob(0, 10, 0, allowed=(0, 1e6), help="The standard deviation of the noise on each slope."),
    "noise_decay": Knob(
        0, 1, 0, allowed=(0, 10), help="How fast that noise fades: its variance falls as 1/t to this power."
    ),
    "temperature": Knob(0, 10, 0, allowed=(0, 1e6), help="How hot Langevin's noise is, which shakes the ball itself."),
})  # fmt: skip
"""The numbers among the twists, all off unless told: None for the two limits, 0 for the others."""

LOSS_SCALINGS = ("none", "static", "dynamic")
"""What may be done to the loss so that small gradients survive in a narrow precision."""

SCALING: Mapping[str, Knob] = MappingProxyType({
    "loss_scale": Knob(
        1, 2**16, 2**15, "log", allowed=(2**-24, 2**24), help="What the loss is multiplied by, at first if dynamic."
    ),
    "scale_growth": Knob(
        1, 1000, 50, "log", allowed=(1, MAX_STEPS), integer=True,
        help="After how many steps in a row without an overflow a dynamic scale is doubled.",
    ),
})  # fmt: skip
"""The numbers of loss scaling."""

TEAM: Mapping[str, Knob] = MappingProxyType({
    "workers": Knob(1, MOST_WORKERS, 1, integer=True, help="How many workers make each step, with noise of their own."),
    "local_steps": Knob(
        1, 100, 1, "log", allowed=(1, MAX_STEPS), integer=True,
        help="After how many steps of their own the workers meet in their middle; at 1 they share each gradient.",
    ),
    "delay": Knob(0, OLDEST, 0, integer=True, help="How many steps old the gradient is that each step is made with."),
})  # fmt: skip
"""The numbers of data-parallel descent; at their defaults there is none."""

FIRST_DERIVATIVES = frozenset({"value", "grad"})
"""What an optimizer may need beside the gradient without taking derivatives itself."""

NAMES = ("schedule", "schedule_steps", *TWISTS, "batch_size", "precision", "loss_scaling", *SCALING, *TEAM)
"""The keywords that every run takes, beside the schedule's own."""

_LENGTH = Knob(10, MAX_STEPS, 500, "log", allowed=(1, MAX_STEPS), integer=True)


class Subject(Protocol):
    """What a run's settings are checked against: a landscape, or whatever else is trained, with these facts of it."""

    @property
    def key(self) -> str:
        """What it is called."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Name -> what is known of each number that one may turn."""
        ...

    @property
    def examples(self) -> int:
        """How many examples its loss is the mean over; 0 without data."""
        ...


@dataclass(frozen=True)
class Twists:
    """What is done to a run beside its optimizer's rule; the defaults are the plain run.

    Attributes:
        schedule: the key of the schedule.
        schedule_steps: how many steps it is made for; 0 for the constant one.
        schedule_knobs: its numbers by name.
        clip_norm, clip_value: the limits of the gradient's norm and of each of its coordinates; None for no limit.
        weight_decay: decoupled decay for an optimizer that has no such knob of its own.
        l2: the factor of the penalty l2/2 |p|² on what the optimizer descends.
        noise, noise_decay: the standard deviation of the gradient's noise at the first step, and the exponent with
            which its variance falls.
        temperature: that of Langevin dynamics.
        batch_size: how many examples a step looks at; None for all of them.
        precision: the type that the run is kept in, a key of `TYPES`.
        loss_scaling: one of LOSS_SCALINGS; "none" in float64, where nothing underflows.
        loss_scale: what the loss is multiplied by while its gradient is taken, the first of them if dynamic.
        scale_growth: after how many steps without an overflow a dynamic scale is doubled.
        workers: how many make each step, each with mini-batches and gradient noise of its own.
        local_steps: how many steps each makes by itself before they meet at their mean; 1 where the gradients' mean is
            what all of them step with.
        delay: how many steps old the gradients are.
        varying: whether what is descended changes on the way, as the landscape has it.
    """

    schedule: str = "constant"
    schedule_steps: int = 0
    schedule_knobs: tuple[tuple[str, float], ...] = ()
    clip_norm: float | None = None
    clip_value: float | None = None
    weight_decay: float = 0.0
    l2: float = 0.0
    noise: float = 0.0
    noise_decay: float = 0.0
    temperature: float = 0.0
    batch_size: int | None = None
    precision: str = "float64"
    loss_scaling: str = "none"
    loss_scale: float = SCALING["loss_scale"].default
    scale_growth: int = int(SCALING["scale_growth"].default)
    workers: int = 1
    local_steps: int = 1
    delay: int = 0
    varying: bool = False

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate follows a schedule."""
        return self.schedule != "constant"

    @property
    def random(self) -> bool:
        """Whether the seed changes anything."""
        return self.noise > 0 or self.temperature > 0 or self.batch_size is not None

    @cached_property  # asked for several times in a run that takes 70 us
    def of_steps(self) -> bool:
        """Whether the steps are others than the rule's at its learning rate, so that the twisted program is needed."""
        special = self.random or self.narrow or self.in_team or self.varying
        return special or self.numbers(0) != Numbers(noise_decay=self.noise_decay)

    @property
    def narrow(self) -> bool:
        """Whether the run is kept in less than float64."""
        return self.precision != "float64"

    @property
    def in_team(self) -> bool:
        """Whether the steps are made by several workers, or with old gradients."""
        return self.workers > 1 or self.delay > 0

    @property
    def team(self) -> tuple[int, ...]:
        """What the program of a team is told beside the rest; () for any other."""
        return (self.workers, self.local_steps, self.delay) if self.in_team else ()

    @property
    def scaled(self) -> bool:
        """Whether the loss is scaled."""
        return self.loss_scaling != "none"

    @cached_property
    def kind(self) -> Kind:
        """Which of the optimizer's programs is needed."""
        return Kind(self.of_steps, self.precision, self.in_team)

    def numbers(self, seed: int) -> Numbers:
        """What the twisted program reads."""
        norm, value = (math.inf if limit is None else limit for limit in (self.clip_norm, self.clip_value))
        scale = self.loss_scale if self.scaled else 1.0
        growth = self.scale_growth if self.loss_scaling == "dynamic" else 0
        return Numbers(
            norm, value, self.weight_decay, self.l2, self.noise, self.noise_decay, self.temperature, scale, growth,
            float(seed),
        )  # fmt: skip

    def shares(self, count: int) -> np.ndarray:
        """The share of the peak with which each of the first steps is made, shape (count,), at most MAX_STEPS + 1."""
        if not self.scheduled:
            return np.ones(count)
        return _shares(self.schedule, self.schedule_steps, self.schedule_knobs)[:count]

    def keywords(self) -> dict[str, Any]:
        """These twists as keywords of `descend`; what is off is left out."""
        named = asdict(self) | dict(self.schedule_knobs)
        del named["schedule_knobs"], named["varying"]
        plain = asdict(PLAIN)
        return {name: value for name, value in named.items() if name not in plain or value != plain[name]}


PLAIN = Twists()
"""No twist at all."""


def checked_twists(optimizer: Optimizer, landscape: Subject, settings: Mapping[str, Setting], steps: int) -> Twists:
    """The twists among the keywords of a run that are neither the optimizer's nor the landscape's.

    Raises:
        ValueError: for a name that nothing has, a value that is not allowed, and a twist that means nothing here.
    """
    key = settings.get("schedule")
    key = "constant" if key is None else key
    if not isinstance(key, str) or key not in SCHEDULES:
        raise ValueError(f"there is no schedule {key!r}; there are {', '.join(SCHEDULES)}")
    entry = SCHEDULES[key]
    if unknown := set(settings) - set(NAMES) - set(entry.knobs):
        allowed = ", ".join([*optimizer.knobs, *landscape.parameters]) or "nothing"
        own = f"; the schedule {entry.key} takes {', '.join(entry.knobs)}" if entry.knobs else ""
        raise ValueError(
            f"{optimizer.key} on {landscape.key} has no setting {min(unknown)!r}; it takes {allowed}, "
            f"and every run takes {', '.join(NAMES)}{own}"
        )
    given = {name: value for name in TWISTS if (value := settings.get(name)) is not None}
    numbers: dict[str, Any] = {name: TWISTS[name].check(name, value) for name, value in given.items()}
    if entry.key != "constant":
        made_for = settings.get("schedule_steps", max(1, steps))
        knobs = ((name, knob.check(name, settings.get(name, knob.default))) for name, knob in entry.knobs.items())
        numbers.update(
            schedule=entry.key, schedule_steps=int(_LENGTH.check("schedule_steps", made_for)),
            schedule_knobs=tuple(knobs),
        )  # fmt: skip
    twists = Twists(
        **numbers, **_precision(optimizer, settings), **_team(optimizer, settings),
        batch_size=_batch_size(landscape, settings.get("batch_size")),
    )  # fmt: skip
    _refuse_what_means_nothing(optimizer, twists)
    return twists


def _batch_size(landscape: Subject, size: object) -> int | None:
    """The checked size of a mini-batch; None for all examples."""
    if size is None:
        return None
    if not landscape.examples:
        raise ValueError(f"batch_size = {size!r} is not allowed: {landscape.key} has no data")
    checked = int(Knob(1, landscape.examples, 1, integer=True).check("batch_size", size))
    return None if checked == landscape.examples else checked


def _precision(optimizer: Optimizer, settings: Mapping[str, Setting]) -> dict[str, Any]:
    """The checked precision, and the scaling where there is one."""
    precision = _one_of("precision", tuple(TYPES), settings.get("precision"))
    scaling = _one_of("loss_scaling", LOSS_SCALINGS, settings.get("loss_scaling"))
    given = {name: value for name in SCALING if (value := settings.get(name)) is not None}
    numbers = {name: SCALING[name].check(name, value) for name, value in given.items()}
    if scaling != "none" and not FIRST_DERIVATIVES.issuperset(optimizer.needs):
        raise ValueError(
            f"loss_scaling = {scaling!r} is not allowed: {optimizer.key} takes derivatives of its own, which no scale "
            "reaches; 'none' is"
        )
    if precision == "float64" or scaling == "none":
        return {"precision": precision}
    if "scale_growth" in numbers:
        numbers["scale_growth"] = int(numbers["scale_growth"])
    if scaling == "static":
        numbers.pop("scale_growth", None)
    return {"precision": precision, "loss_scaling": scaling, **numbers}


def _team(optimizer: Optimizer, settings: Mapping[str, Setting]) -> dict[str, Any]:
    """The checked numbers of the workers; a single one has no steps of its own."""
    given = {name: value for name in TEAM if (value := settings.get(name)) is not None}
    numbers = {name: int(TEAM[name].check(name, value)) for name, value in given.items()}
    local, delay = numbers.get("local_steps", 1) > 1, numbers.get("delay", 0) > 0
    if local and delay:
        raise ValueError(
            f"delay = {numbers['delay']} is not allowed with local_steps = {numbers['local_steps']}: between two "
            "meetings nothing is sent that could be late"
        )
    for name, asked in (("local_steps", local), ("delay", delay)):
        if asked and not {"grad"}.issuperset(optimizer.needs):
            raise ValueError(
                f"{name} = {numbers[name]} is not allowed: {optimizer.key} needs more of the loss than its gradient, "
                f"and that at one place; {TEAM[name].default:g} is"
            )
        if asked and optimizer.report is not None:
            raise ValueError(
                f"{name} = {numbers[name]} is not allowed: {optimizer.key} returns another point than the one it steps "
                f"from; {TEAM[name].default:g} is"
            )
    if numbers.get("workers", 1) == 1:
        numbers.pop("local_steps", None)
    return numbers


def _one_of(name: str, allowed: tuple[str, ...], value: Setting) -> str:
    """The value, or the first of what is allowed where it is None.

    Raises:
        ValueError: when it is none of what is allowed.
    """
    if value is None:
        return allowed[0]
    if value not in allowed:
        raise ValueError(f"{name} = {value!r} is not allowed: {', '.join(allowed[:-1])} or {allowed[-1]}")
    return str(value)


def _refuse_what_means_nothing(optimizer: Optimizer, twists: Twists) -> None:
    if "learning_rate" not in optimizer.knobs:
        asked = {
            f"schedule = {twists.schedule!r}": twists.scheduled,
            f"weight_decay = {twists.weight_decay:g}": twists.weight_decay > 0,
            f"temperature = {twists.temperature:g}": twists.temperature > 0,
        }
        for name, given in asked.items():
            if given:
                raise ValueError(f"{name} is not allowed: {optimizer.key} has no learning rate, which it is a share of")
    if twists.temperature and optimizer.report is not None:
        raise ValueError(
            f"temperature = {twists.temperature:g} is not allowed: {optimizer.key} returns another point than the one "
            "it steps from, and shaking that one moves the other by more"
        )


@lru_cache(maxsize=64)
def _shares(key: str, steps: int, knobs: tuple[tuple[str, float], ...]) -> np.ndarray:
    numbers = jnp.arange(MAX_STEPS + 1.0)
    shares = np.array(np.broadcast_to(SCHEDULES[key].build(steps, **dict(knobs))(numbers), numbers.shape))
    shares.setflags(write=False)
    return shares


def mini_batches(landscape: Landscape, twists: Twists, seed: int, count: int, worker: int = 0) -> np.ndarray:
    """Which examples a worker looks at in each of the first `count` steps, shape (count, examples), bool."""
    if twists.batch_size is None:
        return np.ones((count, landscape.examples), bool)
    size = twists.batch_size
    each = math.ceil(landscape.examples / size)
    epochs = range(math.ceil(count / each))
    order = np.array([_ranks(landscape.examples)(seed, epoch, worker) for epoch in epochs])
    order = order.reshape(-1, landscape.examples)
    steps = np.arange(count)
    return order[steps // each] // size == (steps % each)[:, None]


@lru_cache(maxsize=32)
def _ranks(examples: int) -> Any:
    return jax.jit(lambda seed, epoch, worker: ranks(seed, epoch, examples, worker))

"""A run as a script in plain PyTorch, for the rules that torch.optim has in just this form (docs/model.md)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine import Trajectory
from ui.export.script import facts, heading, joined, surface_at
from ui.export.source import Sources, Unwritable

Settings = Mapping[str, float]

TINY = 1e-7
"""An ε that stands elsewhere in PyTorch's formula changes nothing that counts while it is below this."""


@dataclass(frozen=True)
class Rule:
    """How PyTorch calls a rule.

    Attributes:
        name: its class in torch.optim.
        given: its argument -> the knob, or several, whose value it takes.
        fixed: arguments that are always the same, as text.
        unless: a sentence for a run for which the two differ; "" where they agree.
    """

    name: str
    given: Mapping[str, str | tuple[str, ...]]
    fixed: Mapping[str, str] = field(default_factory=dict)
    unless: Callable[[Trajectory], str] = lambda run: ""


ADAM = {"lr": "learning_rate", "betas": ("beta1", "beta2"), "eps": "epsilon"}


def _small_epsilon(run: Trajectory) -> str:
    if run.settings["epsilon"] <= TINY:
        return ""
    return f"PyTorch puts ε elsewhere in this rule, which counts where ε is above {TINY:g}"


def _adafactor(run: Trajectory) -> str:
    own = run.settings
    if own["beta1"] or own["weight_decay"]:
        return "PyTorch's Adafactor has no average of steps, and another weight decay"
    if own["learning_rate"] ** 2 * run.steps > 1:
        return "PyTorch's Adafactor lowers the learning rate to 1/√t, which these steps would feel"
    return (
        "" if own["epsilon"] <= 1e-20 else "PyTorch puts ε elsewhere in Adafactor, which counts where ε is above 1e-20"
    )


def _radam(run: Trajectory) -> str:
    if run.settings["threshold"] != 5:
        return "PyTorch's RAdam begins to divide at τ = 5 only"
    return _small_epsilon(run)


RULES: Mapping[str, Rule] = {
    "gradient_descent": Rule("SGD", {"lr": "learning_rate"}),
    "momentum": Rule("SGD", {"lr": "learning_rate", "momentum": "momentum"}),
    "nesterov": Rule(
        "SGD", {"lr": "learning_rate", "momentum": "momentum"}, {"nesterov": "True"},
        lambda run: "" if run.settings["momentum"] else "PyTorch's Nesterov momentum must be above 0",
    ),
    "adagrad": Rule(
        "Adagrad", {"lr": "learning_rate", "initial_accumulator_value": "initial_accumulator", "eps": "epsilon"},
        unless=_small_epsilon,
    ),
    "rmsprop": Rule(
        "RMSprop", {"lr": "learning_rate", "alpha": "decay", "eps": "epsilon", "momentum": "momentum"}
    ),
    "adadelta": Rule("Adadelta", {"lr": "learning_rate", "rho": "decay", "eps": "epsilon"}),
    "adafactor": Rule(
        "Adafactor", {"lr": "learning_rate", "beta2_decay": "decay", "d": "clipping_threshold"},
        {"weight_decay": "0.0"}, _adafactor,
    ),
    "adam": Rule("Adam", ADAM),
    "adamw": Rule("AdamW", {**ADAM, "weight_decay": "weight_decay"}),
    "radam": Rule("RAdam", ADAM, unless=_radam),
    "adamax": Rule("Adamax", ADAM),
}  # fmt: skip
"""Optimizer -> PyTorch's rule that makes the same steps; of the others PyTorch has another form or none."""

HELPERS = {
    "larger": """def larger(a, b):
    a, b = (torch.as_tensor(each, dtype=torch.float64) for each in (a, b))
    return torch.maximum(*torch.broadcast_tensors(a, b))
""",
    "smaller": """def smaller(a, b):
    a, b = (torch.as_tensor(each, dtype=torch.float64) for each in (a, b))
    return torch.minimum(*torch.broadcast_tensors(a, b))
""",
    "tensor": """def tensor(values, dtype=torch.float64):
    return torch.as_tensor(values, dtype=dtype)
""",
    "repeated": """def repeated(first, last, change, value):
    for number in range(first, last):
        value = change(number, value)
    return value
""",
}
"""What stands for a function that PyTorch has in another form."""

WORDS = {
    r"jnp\.maximum\b": "larger", r"jnp\.minimum\b": "smaller", r"jnp\.asarray\b": "tensor",
    r"\bnp\.(?:as)?array(?=\([^\n]*\.dtype\))": "tensor", r"jax\.lax\.fori_loop\b": "repeated",
    r"jax\.nn\.sigmoid\b": "torch.sigmoid", r"jax\.nn\.softplus\b": "torch.nn.functional.softplus",
    r"jnp\.(?=(?:abs|arctan2|clip|cos|cosh|exp|full_like|log|mean|pi|sin|sinh|sqrt|sum|tan|tanh|where)\b)": "torch.",
}  # fmt: skip
"""JAX's words, and PyTorch's for the same."""


def why_no_torch(run: Trajectory) -> str:
    """Why a run has no script in PyTorch, in a sentence; "" when it has one."""
    rule, title = RULES.get(run.optimizer.key), run.optimizer.title
    if rule is None:
        return f"{title} is another rule in PyTorch, or none."
    if run.twists.of_steps or run.twists.scheduled or run.rate_changes:
        return "In PyTorch there is a script for the bare rule only: what is added to it here is Downhill's own."
    if reason := rule.unless(run):
        return f"{reason}."
    try:
        surface_in_torch(run)
    except Unwritable as error:
        return f"There is no script in PyTorch for this surface: {error}."
    return ""


def torch_script(run: Trajectory, link: str) -> str:
    """The script of a run; it leaves `points`, steps + 1 pairs, and `values`, as many losses.

    Args:
        run: one for which `why_no_torch` is empty.
        link: the address that opens it.

    Raises:
        ValueError: for any other run.
    """
    if reason := why_no_torch(run):
        raise ValueError(reason)
    rule = RULES[run.optimizer.key]
    imports, definitions = surface_in_torch(run)
    body = [
        *facts(run),
        "p = torch.tensor(START, dtype=torch.float64, requires_grad=True)",
        f"optimizer = torch.optim.{rule.name}([p], {_arguments(rule, run.settings)})",
        "points, values = [list(START)], [f(p).item()]",
        "for t in range(STEPS):",
        "    optimizer.zero_grad()",
        "    f(p).backward()",
        "    optimizer.step()",
        "    points.append(p.tolist())",
        "    values.append(f(p).item())",
        'print(f"after {STEPS} steps at ({points[-1][0]:.10g}, {points[-1][1]:.10g}), loss {values[-1]:.6g}")',
    ]
    return joined(heading(run, link, "PyTorch 2.13"), imports, definitions, "\n".join(body))


def _arguments(rule: Rule, settings: Settings) -> str:
    def text(knobs: str | tuple[str, ...]) -> str:
        if isinstance(knobs, tuple):
            return repr(tuple(settings[knob] for knob in knobs))
        return repr(-settings[knobs] if knobs == "decay" and rule.name == "Adafactor" else settings[knobs])

    named = {name: text(knobs) for name, knobs in rule.given.items()} | dict(rule.fixed)
    return ", ".join(f"{name}={value}" for name, value in named.items())


def surface_in_torch(run: Trajectory) -> tuple[set[str], str]:
    """The imports and the definitions of the loss f(p) of a run.

    Raises:
        Unwritable: where it uses something that has no word in PyTorch here.
    """
    sources = Sources()
    expression = surface_at(sources, run)
    text = f"{sources.text()}\n\n\ndef f(p):\n    return {expression}\n\n"
    for word, other in WORDS.items():
        text = re.sub(word, other, text)
    if left := re.search(r"\bj(?:np|ax)\.[\w.]+|\.astype\b", text):
        raise Unwritable(f"it uses {left[0]}")
    helpers = [body for name, body in HELPERS.items() if re.search(rf"\b{name}\(", text)]
    imports = {line for line in sources.imports if "jax" not in line} | {"import torch"}
    return imports, "\n\n\n".join(["", *helpers, text])

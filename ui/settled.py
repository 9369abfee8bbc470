"""What the Compare page says in the place of controls that a link has locked."""

from collections.abc import Sequence

from engine.compare import Tuned
from ui.comparison import Comparison, Contender, labels, symbol
from ui.controls import label, start_in_words
from ui.numbers import number
from ui.panels import locked
from ui.restraint import Restraint
from ui.starts import TITLES
from ui.surfaces import surface
from ui.twists import has_chance


def rate_in_words(contender: Contender, comparison: Comparison, found: Tuned | None, restraint: Restraint) -> str:
    """The learning rate with which a contender runs, in words; nothing where a field beside it says it."""
    if "learning_rate" not in contender.settings:
        return "finds its own step size"
    if not restraint.shows("rate"):
        return ""
    if comparison.rates == "own":
        return "" if restraint.frees("rate") else f"learning rate {number(contender.settings['learning_rate'])}"
    if found is None:
        return f"learning rate {number(comparison.rate)}"
    return f"best rate {number(found.rate)}" + (", at the end of the dial" if found.at_end else "")


def contenders(comparison: Comparison, found: Sequence[Tuned | None], restraint: Restraint) -> None:
    """The contenders in words, where a link leaves nothing of them to be set."""
    names = labels(comparison.contenders)
    told = {}
    for place, (contender, name) in enumerate(zip(comparison.contenders, names, strict=True)):
        rate = rate_in_words(contender, comparison, found[place], restraint)
        told[str(place + 1)] = f"{name}, {rate}" if rate else name
    locked("Optimizers", told)


def settings(comparison: Comparison, restraint: Restraint) -> dict[str, str]:
    """What the page's fields would let a visitor set, in words."""
    told = {label(name): number(value) for name, value in comparison.parameters.items()}
    told |= {"Budget": number(comparison.budget), "Tolerance": number(comparison.tolerance)}
    if restraint.frees("start"):
        start = start_in_words(surface(comparison.landscape), comparison.start)
        told |= {f"Start {axis}": value for axis, value in start.items()}
    if comparison.starts != "one":
        told["Starts"] = TITLES[comparison.starts]
    if comparison.starts == "cloud":
        told["Spread"] = number(comparison.spread)
    if comparison.starts == "cloud" or has_chance(comparison.twists):
        told["Seed"] = number(comparison.seed)
    for name, contender in zip(labels(comparison.contenders), comparison.contenders, strict=True):
        own = {setting: value for setting, value in contender.settings.items() if setting != "learning_rate"}
        if own:
            told[name] = ", ".join(f"{symbol(setting)} = {number(value)}" for setting, value in own.items())
    return told

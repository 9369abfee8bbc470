"""The surfaces that a page can show, by name: the key of one of the registry, or the text of a formula.

The two cannot be confused: no key is made of x, y, pi and e alone, as a formula of one word would be.
"""

from engine.survey import landscape_from_formula
from landscapes import LANDSCAPES, Landscape
from landscapes.formula import FormulaError
from ui.address import quoted

FORMULA = "formula"
"""The name in an address under which a formula stands; that of a key is "surface"."""


def surface(name: str) -> Landscape:
    """The surface of that name.

    Raises:
        ValueError: for a name that is neither a key nor a formula that can be drawn; a `FormulaError` where the text
            is to blame.
    """
    return LANDSCAPES[name] if name in LANDSCAPES else landscape_from_formula(name)


def name_of(landscape: Landscape) -> str | None:
    """The name under which an address finds just this landscape; None where none does."""
    name = landscape.formula or landscape.key
    known = landscape.formula or name in LANDSCAPES
    return name if known and surface(name) is landscape else None


def surface_query(name: str, usual: str) -> dict[str, str]:
    """The surface as a parameter of an address; the usual one is left out."""
    return {} if name == usual else {"surface" if name in LANDSCAPES else FORMULA: name}


def read_surface(single: dict[str, str], ignored: list[str], usual: str) -> str:
    """The name of the surface in an address, taken out of it; the usual one where nothing there can be drawn.

    Args:
        single: what the address gives once, by name.
        ignored: takes a sentence for what means nothing.
        usual: a key.
    """
    key = single.pop("surface", usual)
    if key not in LANDSCAPES:
        ignored.append(f"surface = {quoted(key)} is not known here")
        key = usual
    text = single.pop(FORMULA, None)
    if text is None:
        return key
    try:
        name = landscape_from_formula(text).formula
    except FormulaError as error:
        ignored.append(f"formula = {quoted(text)} is refused at character {error.column + 1}: {error.reason}")
        return key
    except ValueError as error:
        ignored.append(f"formula = {quoted(text)} is refused: {error}")
        return key
    if key != usual:
        ignored.append(f"surface = {quoted(key)} means nothing beside a formula")
    return name

"""Draws formulas as MathML, which browsers set themselves: with their symbols, or with numbers in their places.

A number that changes from step to step is a slot, an empty element that names what belongs there; the stage fills it.
"""

from collections.abc import Mapping
from html import escape

from ui.rule import Cases, Fenced, Fraction, Node, Nodes, Number, Power, Root, Sign, Symbol, Words

ACCENTS = {r"\hat": "^", r"\bar": "¯"}
GREEK = {
    r"\alpha": "α", r"\beta": "β", r"\gamma": "γ", r"\Delta": "Δ", r"\varepsilon": "ε", r"\eta": "η", r"\lambda": "λ",
    r"\mu": "μ", r"\rho": "ρ", r"\sigma": "σ", r"\tau": "τ", r"\infty": "∞", r"\min": "min", r"\max": "max",
}  # fmt: skip
SIGNS = {
    "-": "−", r"\ge": "≥", r"\le": "≤", r"\odot": "⊙", r"\dots": "…", r"\leftarrow": "←", r"\top": "⊤", r"\lVert": "‖",
    r"\rVert": "‖", r"\langle": "⟨", r"\rangle": "⟩",
}  # fmt: skip
CLOSING = {"(": ")", "{": "}", "|": "|", r"\lVert": r"\rVert", r"\langle": r"\rangle"}

NO_BREAK = "\u00a0"
"""A space that stays at the ends of a text as well."""

Values = Mapping[str, str]
"""Symbol -> the MathML of its value; a symbol that is not there is drawn itself."""


def slot(name: str, wrapped: bool = False) -> str:
    """The place of a number that changes; `wrapped` puts brackets around one that is negative or a product."""
    return f'<mrow data-slot="{escape(name)}"{" data-wrapped" if wrapped else ""}></mrow>'


def mathml(nodes: Nodes, values: Values | None = None) -> str:
    """A formula as one `mrow`; with `values`, numbers stand for the symbols and products are dotted."""
    parts: list[str] = []
    before: Node | None = None
    for node in nodes:
        if values is not None and before is not None and _multiplies(before) and _multiplies(node):
            parts.append("<mo>·</mo>")
        parts.append(_node(node, values, within=values is not None and before is not None))
        before = node
    return f"<mrow>{''.join(parts)}</mrow>"


def _multiplies(node: Node) -> bool:
    return not isinstance(node, Sign | Words)


def _node(node: Node, values: Values | None, within: bool = False) -> str:
    match node:
        case Number(text):
            return f"<mn>{text}</mn>"
        case Symbol(name) if values is not None and name in values:
            return values[name].replace("></mrow>", " data-wrapped></mrow>") if within else values[name]
        case Symbol(name):
            return _symbol(name)
        case Sign(text):
            return _operator(text)
        case Words(text):
            return f"<mtext>{escape(text).replace(' ', NO_BREAK)}</mtext>"
        case Fraction(above, below):
            return f"<mfrac>{mathml(above, values)}{mathml(below, values)}</mfrac>"
        case Root(body):
            return f"<msqrt>{mathml(body, values)}</msqrt>"
        case Power(base, exponent):
            return f"<msup>{_node(base, values, within=values is not None)}{mathml(exponent, values)}</msup>"
        case Fenced():
            return _fenced(node, values)
        case Cases(rows):
            drawn = "".join(f"<mtr><mtd>{mathml(f, values)}</mtd><mtd>{mathml(c, values)}</mtd></mtr>" for f, c in rows)
            return f'<mrow><mo stretchy="true">{{</mo><mtable columnalign="left left">{drawn}</mtable></mrow>'


def _fenced(node: Fenced, values: Values | None) -> str:
    name = f'<mi class="word">{node.function}</mi>' if node.function else ""
    opening, closing = (_operator(fence, "fence") for fence in (node.opening, CLOSING[node.opening]))
    if node.below:
        closing = f"<msub>{closing}<mn>{node.below}</mn></msub>"
    return f"<mrow>{name}{opening}{mathml(node.body, values)}{closing}</mrow>"


def _operator(text: str, form: str = "") -> str:
    stretched = ' stretchy="true" fence="true"' if form else ""
    return f"<mo{stretched}>{escape(SIGNS.get(text, text))}</mo>"


def _symbol(name: str) -> str:
    """A name with what stands over, below and above it."""
    if name.startswith((r"\nabla", "f(")):
        return _phrase(name)
    accent, _, plain = name.rpartition(" ")
    letters, _, mark = plain.partition("^")
    base, _, below = letters.partition("_")
    drawn = _letter(GREEK.get(base, base))
    if accent:
        drawn = f'<mover accent="true">{drawn}<mo>{ACCENTS[accent]}</mo></mover>'
    under = _subscript(below.strip("{}")) if below else ""
    over = f"<mo>{SIGNS.get(mark, mark)}</mo>" if mark else ""
    if under and over:
        return f"<msubsup>{drawn}{under}{over}</msubsup>"
    return f"<msub>{drawn}{under}</msub>" if under else f"<msup>{drawn}{over}</msup>" if over else drawn


def _letter(text: str) -> str:
    """A letter as such, which the style sets in italics (and not one of Unicode's italics), or a word."""
    word = "" if len(text) == 1 and text.isalpha() else ' class="word"'
    return f'<mi mathvariant="normal"{word}>{escape(text)}</mi>'


def _subscript(text: str) -> str:
    if text in GREEK:
        return _letter(GREEK[text])
    parts = [f"<mn>{c}</mn>" if c.isdigit() else _operator(c) if c in "+-" else _letter(c) for c in text]
    return f"<mrow>{''.join(parts)}</mrow>"


def _phrase(name: str) -> str:
    r"""`f(x_{t-1})`, `\nabla f(y_t)` or `\nabla^2 f(x_{t-1})`."""
    operator, _, argument = name.partition("f(")
    nabla = {"": "", r"\nabla": "<mo>∇</mo>", r"\nabla^2": "<msup><mo>∇</mo><mn>2</mn></msup>"}[operator]
    return f"<mrow>{nabla}{_letter('f')}<mo>(</mo>{_symbol(argument.removesuffix(')'))}<mo>)</mo></mrow>"

"""The page's texts: the run in numbers, what the surface and the optimizer are, and what was ignored."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

import streamlit as st

from engine import Trajectory
from ui.outcome import distances, facts, remarks, told_together, told_workers
from ui.scenario import Scenario, runs_along
from ui.starts import told

ALONE = "No other runs go along: the learning rate changes on the way, and that change is this one run's own."

SHOWN = 6
"""How many ignored parts are listed one by one."""

MARKS = re.compile(r"([!-/:-@\[-`{-~])")
"""Every character that can mean something in Markdown; a backslash before it makes it itself."""

REFERENCE = re.compile(r"doi:(?P<doi>10\.[^\s;]+[^\s;:.,])|arXiv:(?P<arxiv>[\w.]+\d)")


def notice(ignored: Sequence[str], dismiss: Callable[[], None]) -> None:
    """What in the address was ignored, as plain text that can be put away; nothing when nothing was."""
    place = st.empty()  # there always: else all that follows, the stage with its camera too, would be made anew
    if not ignored:
        return
    rest = len(ignored) - SHOWN
    lines = ["Part of this address was ignored:", *ignored[:SHOWN], *([f"and {rest} more"] if rest > 0 else [])]
    with place.container(border=True, horizontal=True, vertical_alignment="center", key="notice"):
        st.text("\n".join(lines), width="stretch")
        st.button("Dismiss", key="dismiss", on_click=dismiss)


def numbers(t: Trajectory) -> None:
    """The end of the run in numbers, and a remark where they do not tell all."""
    cells = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in facts(t).items())
    remark = f"<p>{escape(told)}" if (told := remarks(t)) else ""
    st.html(f'<div class="run"><dl>{cells}</dl>{remark}</div>')


def together(scenario: Scenario, t: Trajectory) -> None:
    """What the small balls beside its run are, and what the runs among them came to; nothing where there are none."""
    batch = runs_along(scenario)
    if batch is not None:
        said = told_together(batch, told(scenario.starts), scenario.steps)
    else:
        said = " ".join(filter(None, [ALONE if scenario.starts != "one" else "", told_workers(t)]))
    if not said:
        return
    st.html(f'<div class="run" role="status"><p>{escape(said)}</div>')


def about(title: str, teaches: str, tex: str, source: str, notes: str, points: Sequence[str] = ()) -> None:
    """What a surface or an optimizer is: lesson, equation, known points, notes and source."""
    small = f":small[{linked(source)}]" if not notes else f":small[{plain(notes)}]\n\n:small[{linked(source)}]"
    listed = "".join(f"{plain(point)}\\\n" for point in points).removesuffix("\\\n")  # a line each
    st.markdown(f"##### {plain(title)}\n\n{plain(teaches)}\n\n$$\n{tex}\n$$\n\n{listed}\n\n{small}", anchors=False)


def equation(tex: str, axes: Sequence[str] = ("x", "y")) -> str:
    """What f is, in TeX; the definitions that follow the formula each on a line of their own."""
    formula, *definitions = tex.split(r",\quad ")
    of = ", ".join(axes).replace("₁", "_1").replace("₂", "_2")
    lines = [f"f({of}) = {formula}", *definitions]
    aligned = r" \\ ".join(line.replace("=", "&=", 1) for line in lines)
    return rf"\begin{{aligned}}{aligned}\end{{aligned}}" if definitions else lines[0]


def plain(text: str) -> str:
    """Text as Markdown that shows just this text."""
    return MARKS.sub(r"\\\1", text)


def linked(text: str) -> str:
    """Text as Markdown, with its DOIs and arXiv numbers as links."""
    parts, end = [], 0
    for found in REFERENCE.finditer(text):
        site = f"doi.org/{found['doi']}" if found["doi"] else f"arxiv.org/abs/{found['arxiv']}"
        parts += [plain(text[end : found.start()]), f"[{plain(found[0])}](<https://{site}>)"]
        end = found.end()
    return "".join([*parts, plain(text[end:])])


def locked(title: str, facts: Mapping[str, str]) -> None:
    """Controls that a link has locked: what they are set to, in their place."""
    lines = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in facts.items())
    st.html(f'<div class="locked"><p>{escape(title)}</p><dl>{lines}</dl></div>')


def charts(t: Trajectory) -> None:
    """The run as charts; only drawn, and Plotly only loaded, when somebody looks."""
    from ui import figures  # a second to import, which the first page view does not have to wait for

    theme = "dark" if st.context.theme.type == "dark" else "light"
    shown = {"gradient_norm": figures.gradient_norm_figure(t, theme=theme), "path": figures.path_figure(t, theme=theme)}
    if distances(t) is not None:
        shown["distance"] = figures.distance_figure(t, theme=theme)
    for column, (name, figure) in zip(st.columns(len(shown)), shown.items(), strict=True):
        with column:
            st.plotly_chart(figure, key=f"chart_{name}", theme=None, config={"displayModeBar": False})

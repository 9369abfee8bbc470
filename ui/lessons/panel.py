"""What the Lessons page shows of a lesson: its question and choices, its outcome, and the way to the others."""

from dataclasses import replace
from functools import partial
from html import escape

import streamlit as st

from engine import Trajectory
from ui import comparison as comparisons
from ui import scenario as scenarios
from ui.comparison import Comparison
from ui.lessons import LESSONS, LETTERS, THEMES, Lesson
from ui.lessons.progress import Progress, answered, at, from_query, neighbour, to_query, unanswered
from ui.look import Look
from ui.mirror import Mirror
from ui.panels import linked
from ui.scenario import run
from ui.stage import show_stage
from ui.stage.swarm import swarm_along

mirror = Mirror("lessons", from_query, to_query, path="lessons")
"""The progress of one visitor."""

LOOK = "lessons.look"

PAGES = {"explore": "app_pages/explore.py", "compare": "app_pages/compare.py"}


def go(key: str) -> None:
    """Open a lesson at its question."""
    st.session_state.pop(LOOK, None)
    st.session_state["lesson_list"] = False
    mirror.change(at(mirror.latest(), key))


def answer(choice: int) -> None:
    """Take the visitor's answer, and let the stage run."""
    mirror.change(answered(mirror.latest(), choice))


def ask_again() -> None:
    """Take the answer back."""
    mirror.change(unanswered(mirror.latest()))


def forget() -> None:
    """Count no lesson as done, and ask this one anew."""
    st.session_state["lesson_list"] = False
    mirror.change(Progress(mirror.latest().lesson))


def heading(progress: Progress) -> None:
    """Which lesson this is, the list of all, and the ways to its neighbours."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lesson_heading"):
        done = f", {len(progress.done)} done" if progress.done else ""
        everything = st.popover(
            f"Lesson {progress.number} of {len(LESSONS)}{done}", key="lesson_list", icon=":material/list:",
            help="All lessons, and which of them are done", on_change=mirror.adjust,
        )  # fmt: skip
        if everything.open:
            with everything:
                _list(progress)
        st.html(f'<p class="lesson-theme">{escape(progress.entry.theme)}</p>', width="stretch")
        for name, icon, by in (("Previous lesson", "chevron_left", -1), ("Next lesson", "chevron_right", 1)):
            key = neighbour(progress, by)
            st.button(
                name, key=f"lesson_{icon}", icon=f":material/{icon}:", type="tertiary",
                help=f"{name}: {LESSONS[key].title}", on_click=partial(go, key),
            )  # fmt: skip


def _list(progress: Progress) -> None:
    """Every lesson by its theme; those done have a tick and say so."""
    box = st.container(gap=None, key="lesson_all")
    for theme in THEMES:
        box.caption(theme)
        for key, entry in LESSONS.items():
            if entry.theme == theme:
                done, here = key in progress.done, key == progress.lesson
                said = " (done)" if done else ""
                box.button(f"**{entry.title}**{said}" if here else f"{entry.title}{said}", key=f"lesson_to_{key}",
                          icon=":material/check_circle:" if done else ":material/radio_button_unchecked:",
                          type="tertiary", on_click=partial(go, key))  # fmt: skip
    if progress.done:
        box.caption("Your answers")
        box.button("Forget what is done", key="lesson_forget", icon=":material/restart_alt:", type="tertiary",
                   help="As if no lesson had been answered yet", on_click=forget)  # fmt: skip


def question(progress: Progress) -> None:
    """The question with its choices: to be chosen, or as they were."""
    entry = progress.entry
    st.markdown(f"## {entry.title}\n\n{entry.question}", anchors=False)
    if progress.answer is None:
        for place, choice in enumerate(entry.choices):
            st.button(choice.text, key=f"lesson_{entry.key}_{LETTERS[place]}", width="stretch",
                      on_click=partial(answer, place))  # fmt: skip
        return
    st.markdown("\\\n".join(_told(entry, progress.answer, place) for place in range(len(entry.choices))))
    with st.container(key="lesson_verdict"):
        st.markdown(_reply(entry, progress.answer))


def _told(entry: Lesson, chosen: int, place: int) -> str:
    """A choice after the answer: with a sign, and in words whose it was."""
    text = entry.choices[place].text
    if place == entry.answer:
        return f":material/check_circle: **{text}**" + (" — your answer" if place == chosen else "")
    if place == chosen:
        return f":material/cancel: {text} — your answer"
    return f":material/remove: :gray[{text}]"


def _reply(entry: Lesson, chosen: int) -> str:
    return f"**Not quite.** {entry.choices[chosen].reply}" if chosen != entry.answer else "**Just so.**"


def outcome(progress: Progress) -> None:
    """What happened and why, with the source, one thing to try, and the way on."""
    entry = progress.entry
    equations = r" \\ ".join(entry.tex.split(r",\qquad "))  # each on a line of its own, for a phone
    st.markdown(
        f"**What happened.** {entry.told()}\n\n**Why.** {entry.why}\n\n"
        f"$$\n\\begin{{gathered}}{equations}\\end{{gathered}}\n$$\n\n:small[{linked(entry.source)}]", anchors=False,
    )  # fmt: skip
    further = entry.further
    st.markdown(f"**Try this next.** {further.text}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson_on"):
        following = LESSONS[neighbour(progress, 1)]
        way = "Next" if progress.number < len(LESSONS) else "From the start"
        st.button(
            f"{way}: {following.title}", key="lesson_next", type="primary", icon=":material/arrow_forward:",
            help="On to the next question", on_click=partial(go, following.key),
        )  # fmt: skip
        if isinstance(further.state, Comparison):
            page, query = "compare", comparisons.to_query(further.state)
        else:
            page, query = "explore", scenarios.to_query(further.state)
        st.page_link(PAGES[page], label=f"Open it in {page.capitalize()}", icon=":material/open_in_new:",
                     query_params=query)  # fmt: skip
        st.button(
            "Answer again", key="lesson_again", type="tertiary", icon=":material/replay:",
            help="The same question once more; the lesson stays done", on_click=ask_again,
        )  # fmt: skip


def scenes(progress: Progress) -> None:
    """Which of the lesson's scenes is on the stage, where there are several."""
    entry = progress.entry
    if len(entry.scenes) == 1:
        return
    key = f"lesson_scene_{entry.key}"
    st.session_state[key] = progress.scene
    st.segmented_control(
        "On the stage", range(len(entry.scenes)), format_func=lambda place: entry.scenes[place].title, key=key,
        required=True, label_visibility="collapsed", help="Which of the lesson's runs is on the stage",
        on_change=lambda: mirror.adjust(scene=st.session_state[key]),
    )  # fmt: skip


def shown(progress: Progress) -> list[Trajectory]:
    """The runs on the stage: as the lesson has them, or before the answer only their starts."""
    listed = [scenario for _, scenario in progress.entry.scenes[progress.scene].runs]
    if progress.answer is None:
        listed = [replace(scenario, steps=0, rate_changes=(), starts="one") for scenario in listed]
    return [run(scenario) for scenario in listed]


def stage(progress: Progress) -> None:
    """The runs, still before the answer and moving after it."""
    scene = progress.entry.scenes[progress.scene]
    runs = shown(progress)
    swarm = None
    if progress.answer is not None and len(runs) == 1:
        swarm = swarm_along(scene.runs[0][1], runs[0])
    usual = progress.entry.look if progress.answer is not None else replace(progress.entry.look, sharpness=False)
    show_stage(
        runs,
        on_start=lambda _: mirror.adjust(),
        look=st.session_state.get(LOOK, usual),
        on_look=_look,
        labels=[name for name, _ in scene.runs],
        swarm=swarm,
        key="lessons.stage",
    )


def _look(look: Look) -> None:
    """Keep what was switched on in the stage until the next lesson."""
    st.session_state[LOOK] = replace(look, demonstration=None)
    mirror.adjust()

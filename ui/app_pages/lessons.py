"""Lessons: a question first, then the run that answers it, then why."""

from pathlib import Path

import streamlit as st

from ui import lessons, panels
from ui.lessons import panel
from ui.lessons.panel import mirror


@st.fragment
def classroom() -> None:
    """The question, the stage and the outcome: all that an answer draws again."""
    progress = mirror.current()
    with st.container(key="lesson"):
        with st.container(key="lesson_ask", gap="small"):
            panel.heading(progress)
            panel.question(progress)
        with st.container(key="lesson_stage"):
            panel.scenes(progress)
            panel.stage(progress)
        if progress.answer is not None:
            with st.container(key="lesson_outcome"):
                panel.outcome(progress)
    mirror.remember()


st.html(Path(lessons.__file__).parent / "lessons.css")
st.html('<h1 class="unseen">Lessons: guess first, then watch</h1>')
mirror.current()
panels.notice(mirror.ignored(), mirror.dismiss)
classroom()
mirror.put_back()

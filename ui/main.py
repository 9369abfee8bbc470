"""The pages, and what they share: title, icon, navigation and the few rules of style that a theme cannot say."""

from pathlib import Path

import streamlit as st

from ui.foot import foot

HERE = Path(__file__).parent

PAGES = HERE / "app_pages"

page = st.navigation(
    [
        st.Page(PAGES / "explore.py", title="Explore", default=True),
        st.Page(PAGES / "compare.py", title="Compare"),
        st.Page(PAGES / "networks.py", title="Networks"),
        st.Page(PAGES / "lessons.py", title="Lessons"),
        st.Page(PAGES / "reference.py", title="Reference"),
    ],
    position="hidden" if st.context.is_embedded else "top",  # in a frame only the stage stands
)
st.set_page_config(page_title=f"{page.title} · Downhill", page_icon=str(HERE / "icon.svg"), layout="wide")
if not st.context.is_embedded:
    st.logo(str(HERE / "logo.svg"), size="large")
st.html(HERE / "page.css")
if st.context.is_embedded:
    st.html("<style>.stMainBlockContainer { padding: 0.75rem 1rem 0.5rem; }</style>")  # there is no navigation above
page.run()
if not st.context.is_embedded:
    foot()

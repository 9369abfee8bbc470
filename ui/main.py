"""The pages, and what they share: title, icon, navigation and the few rules of style that a theme cannot say."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent

st.set_page_config(page_title="Downhill", page_icon=str(HERE / "icon.svg"), layout="wide")
st.logo(str(HERE / "logo.svg"), size="large")
st.html(HERE / "page.css")
explore = st.Page(HERE / "app_pages" / "explore.py", title="Explore", default=True)
compare = st.Page(HERE / "app_pages" / "compare.py", title="Compare")
st.navigation([explore, compare], position="top").run()

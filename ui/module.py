"""Streamlit components whose code is one of the files that are served as /stage."""

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer


def module(name: str) -> ComponentRenderer:
    """The component that <name>.js draws; the file exports `show(component)`.

    It is asked for once, so that calls reach it in their order while it loads, too. Of two imports under way the later
    may be done first: then the call that was overtaken would clean up what the newer one has drawn.
    """
    return component(
        f"downhill_{name}",
        js=f"""const file = import(new URL("stage/{name}.js", document.baseURI));
export default async (component) => (await file).show(component);""",
    )

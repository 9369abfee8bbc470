"""The foot of every page: what this is, its version, how to cite it, and the keys."""

import tomllib
from functools import cache
from pathlib import Path

import streamlit as st

from ui.module import module

ROOT = Path(__file__).parent.parent

YEAR = 2026

_keys = module("keys")


@cache
def version() -> str:
    """The version of the app, as pyproject.toml has it."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def citation() -> str:
    """How to cite the app, as BibTeX; CITATION.cff says the same."""
    return (
        "@software{downhill,\n"
        "  author  = {{The Downhill authors}},\n"
        "  title   = {Downhill: a loss-landscape laboratory in the browser},\n"
        f"  version = {{{version()}}},\n"
        f"  year    = {{{YEAR}}}\n"
        "}"
    )


def foot() -> None:
    """Draw the foot of the page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="foot"):
        with st.popover("About", type="tertiary", width="content"):
            st.markdown(
                f"**Downhill {version()}** is a loss-landscape laboratory in the browser: JAX computes the losses and "
                "gradients, optax takes the steps, and the page draws the real iterates, each of them.\n\n"
                "A link holds every setting. Please cite it with the version, and the link to what you show:"
            )
            st.code(citation(), language="bibtex")
            st.markdown(
                "Each surface and each rule has its own source, which is shown beside it: cite that one too.",
            )
        with st.container(key="keys", width="content"):
            _keys(key="keys_list")

"""A page that plays a run by itself: one file with the stage's own modules and the runs in it, and no network.

The modules are joined to one script, and what they fetch is answered from the file. Made on the server, without a
browser.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, Literal

from ui.display import CurveScale
from ui.export import Subject
from ui.look import Look
from ui.stage import WEB
from ui.stage.payload import pack_runs
from ui.stage.surface import packed_surface
from ui.stage.track import pack_explanation, pack_track, run_query

IMPORT = re.compile(
    r'^import (?:\{(?P<names>[^}]*)\}|\* as (?P<all>\w+)) from "\./(?P<module>\w+)\.js";\n', re.MULTILINE
)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n?", re.MULTILINE | re.DOTALL)

SHEETS = ("stage.css", "dial.css", "demonstration.css", "explained.css")
"""The style sheets that the stage asks for."""

THEMES: Mapping[str, Mapping[str, str]] = {
    "light": {"background-color": "#ffffff", "text-color": "#1d2430", "primary-color": "#23699c", "link": "#1f5f8f"},
    "dark": {"background-color": "#10151c", "text-color": "#e6ebf2", "primary-color": "#4d9fd0", "link": "#7cc0ea"},
}
"""The colours of the pages (.streamlit/config.toml)."""

STYLE = """
:root { color-scheme: light dark; %(light)s --st-font: "Source Sans", system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { %(dark)s } }
body { margin: 0; background: var(--st-background-color); color: var(--st-text-color); font-family: var(--st-font); }
main { padding: 1rem 1.5rem 1.5rem; max-width: 110rem; margin: auto; }
h1 { font-size: 1.25rem; margin: 0 0 0.75rem; }
footer { margin-top: 0.75rem; font-size: 0.9rem; overflow-wrap: anywhere; }
a { color: var(--st-link); }
"""

SCRIPT = """
const held = JSON.parse(document.getElementById("held").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const here = document.baseURI.replace(/[^/]*$/, "");
globalThis.fetch = async (address) => {
  const name = String(address).slice(here.length).split(/[/?]/)[0];
  return held[name] ? new Response(bytes(held[name])) : new Response("This page does not hold it.", { status: 404 });
};
%(modules)s
const parentElement = document.getElementById("stage").attachShadow({ mode: "open" });
const draw = () => $stage.show({ data: bytes(held.runs), parentElement, setStateValue: () => {} });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-%(digest)s'; \
style-src 'unsafe-inline'; connect-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'">
<title>%(title)s</title>
<style>%(style)s</style>
</head>
<body>
<main>
<h1>%(title)s</h1>
<div id="stage"></div>
<footer>Made with Downhill. To change something: <a href="%(link)s">%(link)s</a></footer>
</main>
<script type="application/json" id="held">%(held)s</script>
<script type="module">%(script)s</script>
</body>
</html>
"""


@dataclass(frozen=True)
class Shown:
    """How the stage shows the runs: its layout, the scale of the curve, and what is switched on."""

    layout: Literal["race", "side"] = "race"
    scale: CurveScale = "log"
    look: Look = Look(demonstration=None)


def page_html(subject: Subject, shown: Shown = Shown()) -> str:
    """The page. Its dial and what needs another computation stay behind: the link leads to them."""
    runs = subject.runs
    look = Look(None, shown.look.sharpness, shown.look.explained)
    body = pack_runs(runs, 0, labels=subject.names, layout=shown.layout, scale=shown.scale, look=look)
    first = runs[0]
    parts = {"runs": _without_batches(body), "surface": packed_surface(first.landscape, first.parameters).body}
    if all(run_query(run) for run in runs):
        parts |= {"track": pack_track(*runs), "explain": pack_explanation(first)}
    parts |= {name: (WEB / name).read_bytes() for name in SHEETS}
    held = json.dumps({name: base64.b64encode(part).decode() for name, part in parts.items()})
    script = SCRIPT % {"modules": modules()}
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    colours = {
        theme: " ".join(f"--st-{name}: {value};" for name, value in named.items()) for theme, named in THEMES.items()
    }
    return PAGE % {
        "digest": digest, "title": escape(subject.title), "link": escape(subject.link), "style": STYLE % colours,
        "held": held, "script": script,
    }  # fmt: skip


def _without_batches(body: bytes) -> bytes:
    """The runs, without the contours of their mini-batches: they would have to be fetched piece by piece."""
    length = int.from_bytes(body[:4], "little")
    header: dict[str, Any] = json.loads(body[4 : 4 + length])
    for run in header["runs"]:
        run["batches"] = None
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + body[4 + length :]


@lru_cache(maxsize=1)
def modules() -> str:
    """The stage's modules as one text: of each an object of what it exports, after those that it imports."""
    joined: dict[str, str] = {}

    def add(name: str) -> None:
        if name in joined:
            return
        joined[name] = ""
        text = (WEB / f"{name}.js").read_text()
        for found in IMPORT.finditer(text):
            add(found["module"])
        del joined[name]  # so that it stands after them
        joined[name] = _as_object(name, text)

    add("stage")
    return "\n".join(joined.values())


def _as_object(name: str, text: str) -> str:
    """A module as `const $name = ...`, which no other sees but by what it exports."""

    def imported(found: re.Match[str]) -> str:
        names = found["all"] or f"{{{found['names'].replace(' as ', ': ')}}}"
        return f"const {names} = ${found['module']};\n"

    exports = EXPORT.findall(text)
    text = EXPORT.sub("", IMPORT.sub(imported, COMMENT.sub("", text)))
    text = text.replace("import.meta.url", "document.baseURI")
    return f"const ${name} = await (async () => {{\n{text}\nreturn {{ {', '.join(exports)} }};\n}})();"

"""The real app, served, and a real Chromium: what the browser tests and the benchmarks stand on."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]  # fmt: skip
"""No network of its own, and WebGL in software."""


def installed_chromium() -> str | None:
    """The path of a Chromium on this machine; None leaves it to Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def chromium(playwright: Playwright, *flags: str) -> Browser:
    """A headless Chromium with WebGL2, and more flags. Raises Playwright's error when there is none on this machine."""
    return playwright.chromium.launch(executable_path=installed_chromium(), args=[*FLAGS, *flags])


@contextmanager
def served(script: Path = ROOT / "app.py", *, ahead: bool = True) -> Iterator[str]:
    """Serve a Streamlit script on a free port and yield its address once it answers; `ahead` lets it compile ahead."""
    with starting(script, ahead=ahead) as (address, server):
        await_answer(address, server)
        yield address


@contextmanager
def starting(script: Path = ROOT / "app.py", *, ahead: bool = True) -> Iterator[tuple[str, subprocess.Popen]]:
    """Begin to serve a Streamlit script, and yield the address at which it is going to answer, and the server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    options = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DOWNHILL_COMPILE_AHEAD": "yes" if ahead else "no"}
    server = subprocess.Popen([*command, *options], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.terminate()
        server.wait()


def await_answer(address: str, server: subprocess.Popen | None = None) -> None:
    """Wait until a server answers. RuntimeError when it takes longer than START_SECONDS, or has ended."""
    deadline = time.monotonic() + START_SECONDS
    while (server is None or server.poll() is None) and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health"):
                return
        except urllib.error.URLError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not answer at {address} within {START_SECONDS} seconds")

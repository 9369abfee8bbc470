"""Compiling ahead leaves nothing to compile, in this process and in the next one."""

import os
import subprocess
import sys

import jax

from engine import descend, diagnose, loss_grid, swarm, verdicts
from engine.warm_up import keep_compiled_programs, warm_up


def test_warm_up_leaves_nothing_to_compile(compilations):
    pairs = [("booth", "adam"), ("matyas", "adam")]
    jax.clear_caches()  # earlier tests may have compiled some of it
    compilations.clear()
    warm_up(pairs)
    assert len(compilations) >= 5 * len(pairs) - 3  # a single run and a batch for each, three fields for a landscape
    compilations.clear()
    for landscape, optimizer in pairs:
        diagnose(descend(landscape, optimizer, steps=50))
        verdicts(swarm(landscape, optimizer, starts=[(0, 0), (1, 1), (2, 2)], steps=30))
    loss_grid("booth")
    assert compilations == []


SECOND_START = """
import sys, pathlib, jax
from engine.warm_up import keep_compiled_programs
from engine import descend
keep_compiled_programs(pathlib.Path(sys.argv[1]))
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event) if "cache_hits" in event else None)
descend("bowl", "gradient_descent", steps=3)
print(len(hits))
"""


def test_keep_compiled_programs_serves_the_next_process(tmp_path):
    def start() -> int:
        command = [sys.executable, "-c", SECOND_START, str(tmp_path)]
        result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=os.getcwd())
        return int(result.stdout)

    assert start() == 0
    assert start() >= 1


def test_keep_compiled_programs_lets_the_oldest_go(tmp_path):
    for age, name in enumerate(("newest", "middle", "oldest")):
        file = tmp_path / name
        file.write_bytes(bytes(100))
        os.utime(file, (10_000 - age, 10_000 - age))
    usual = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]  # there while it runs
    try:
        keep_compiled_programs(tmp_path, most=250)
    finally:
        jax.config.update("jax_compilation_cache_dir", usual)
    assert {file.name for file in tmp_path.iterdir()} == {"newest", "middle"}

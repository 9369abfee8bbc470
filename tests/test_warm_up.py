"""Compiling ahead leaves nothing to compile, in this process and in the next one."""

import os
import subprocess
import sys

import jax

from engine import descend
from engine.warm_up import warm_up
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS


def test_warm_up_leaves_nothing_to_compile(compilations):
    jax.clear_caches()  # earlier tests have compiled some of it
    warm_up()
    assert len(compilations) > len(OPTIMIZERS)
    compilations.clear()
    for key in OPTIMIZERS:
        _ = descend("rosenbrock", key, steps=50).status
    for key in LANDSCAPES:
        _ = descend(key, "gradient_descent", steps=50).status
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

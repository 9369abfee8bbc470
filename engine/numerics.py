"""How JAX computes here; the one place that says so. Imported before anything is computed."""

import os

# XLA's CPU backend compiles a whole loop to one native function only when it touches less memory than this
# threshold; at its default of about 1 kB a 500-step run is dispatched operation by operation, 30 times slower.
_OPTIONS = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=100000000"
_VECTORS = "--xla_cpu_prefer_vector_width=512"
# What a loop computes from its settings alone stays inside it (LLVM hoists it there); outside, each such number would
# be a task of its own for the thread pool, which takes longer than the run.
_HOISTING = "--xla_disable_hlo_passes=while-loop-invariant-code-motion"
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), _OPTIONS, _VECTORS, _HOISTING]).strip()

import jax  # noqa: E402  (the flags are read when jax starts)

jax.config.update("jax_enable_x64", True)
# A run is shorter than handing it to another thread and back.
jax.config.update("jax_cpu_enable_async_dispatch", False)

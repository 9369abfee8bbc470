"""What a step costs in gradient evaluations: trials of line searches are counted by counting them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from engine import descend
from optimizers import OPTIMIZERS

OF_ITS_OWN = {
    "backtracking_line_search", "lbfgs", "newton", "newton_damped", "newton_saddle_free", "sophia",
}  # fmt: skip


@pytest.mark.parametrize("key", [key for key in OPTIMIZERS if key not in OF_ITS_OWN])
def test_evaluations_are_one_a_step(key):
    run = descend("rosenbrock", key, steps=12)
    assert run.costs is None and run.evaluations.tolist() == list(range(13))


@pytest.mark.parametrize("key", ["newton", "newton_damped", "newton_saddle_free"])
def test_evaluations_of_newton_pay_for_two_hessian_vector_products(key):
    assert descend("rosenbrock", key, steps=3).evaluations.tolist() == [0, 3, 6, 9]


def test_evaluations_of_sophia_pay_for_a_product_at_each_refresh():
    run = descend("rosenbrock", "sophia", steps=7, update_interval=3)
    assert np.diff(run.evaluations).tolist() == [2, 1, 1, 2, 1, 1, 2]


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


SEARCHES = 5
"""Each search of optax by itself is traced and compiled anew: a second or two."""


@pytest.mark.parametrize(("key", "gradient_first"), [("backtracking_line_search", 1), ("lbfgs", 0)])
def test_evaluations_of_a_line_search_count_its_calls_of_the_loss(key, gradient_first):
    """The search of optax itself, with a loss that tells whenever it is called."""
    calls = []

    def heard(p):
        jax.debug.callback(lambda _: calls.append(1), p)
        return rosenbrock(p)

    method = OPTIMIZERS[key]
    tx = optax.with_extra_args_support(method.build(**{name: knob.default for name, knob in method.knobs.items()}))
    point = jnp.array([-1.2, 1.0])
    state, costs = tx.init(point), []
    for _ in range(SEARCHES):
        value, gradient = jax.value_and_grad(rosenbrock)(point)
        calls.clear()
        update, state = tx.update(gradient, state, point, value=value, grad=gradient, value_fn=heard)
        jax.effects_barrier()
        costs.append(len(calls) + gradient_first)
        point = optax.apply_updates(point, update)
    if key == "lbfgs":
        costs[0] += 1  # the gradient at the start
    assert max(costs) > min(costs)
    assert np.diff(descend("rosenbrock", key, steps=SEARCHES).evaluations).tolist() == costs


def test_evaluations_stop_where_the_run_does():
    run = descend("bowl", "newton", start=(3, 4), steps=6)
    assert run.length == 1 and run.evaluations.tolist() == [0, 3, 3, 3, 3, 3, 3]

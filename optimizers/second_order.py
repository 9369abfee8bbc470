"""Optimizers that use curvature: the Hessian, its diagonal, or what past gradients tell about it."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from knobs import Knob
from optimizers import shared
from optimizers.base import Memory, optimizer


def _solve(matrix: jax.Array, vector: jax.Array) -> jax.Array:
    """The pseudo-inverse of a symmetric 2 x 2 matrix times a vector: no part along a direction without curvature.

    In closed form, since a call to LAPACK inside the loop over steps costs more than the step: the adjugate over the
    determinant, or for a determinant of 0 the matrix itself over its squared trace, the square of its one eigenvalue.
    """
    (a, b), (_, d) = matrix
    determinant, trace = a * d - b * b, a + d
    adjugate = jnp.array([[d, -b], [-b, a]])
    singular = determinant == 0
    over = jnp.where(singular, trace * trace, determinant)
    return jnp.where(over == 0, 0, jnp.where(singular, matrix, adjugate) @ vector / over)


def _absolute(matrix: jax.Array) -> jax.Array:
    """A symmetric 2 x 2 matrix H with its eigenvalues made positive: |H| = (H² + |det H| I) / (|λ₁| + |λ₂|)."""
    square, size = matrix @ matrix, jnp.abs(jnp.linalg.det(matrix))
    total = jnp.sqrt(jnp.trace(square) + 2 * size)
    return jnp.where(total == 0, 0, (square + size * jnp.eye(2)) / total)


def _newton(learning_rate: jax.Array, curvature: Callable[[jax.Array], jax.Array]) -> optax.GradientTransformation:
    """Steps -learning_rate * curvature(hessian)⁺ gradient; optax has no Newton method."""

    def update(updates: Any, state: Any, params: Any = None, **extras: Any) -> tuple[Any, Any]:
        return -learning_rate * _solve(curvature(extras["hessian"]), updates), state

    return optax.GradientTransformationExtraArgs(optax.init_empty_state, update)


def _with_hessian(state: Any, knobs: Any) -> int:
    """The gradient, and a Hessian-vector product for each coordinate."""
    return 3


@optimizer(
    title="Newton",
    family="Second order",
    tex=shared.aligned(r"H_t &= \nabla^2 f(x_{t-1})", r"x_t &= x_{t-1} - \eta\, H_t^{+} g_t"),
    source="Nocedal & Wright 2006, Numerical Optimization, chapter 3, doi:10.1007/978-0-387-40065-5",
    teaches="It jumps to where the local parabola is flat, be that a minimum, a saddle or a maximum.",
    notes=(
        "⁺ is the pseudo-inverse: the inverse, and no step along a direction whose curvature is exactly 0. "
        "Nothing makes sure that the step goes downhill."
    ),
    needs=("hessian",),
    evaluations=_with_hessian,
    learning_rate=shared.newton_rate(default=1),
)
def newton(learning_rate: jax.Array) -> optax.GradientTransformation:
    return _newton(learning_rate, lambda hessian: hessian)


@optimizer(
    title="Damped Newton (Levenberg)",
    family="Second order",
    tex=shared.aligned(r"H_t &= \nabla^2 f(x_{t-1})", r"x_t &= x_{t-1} - \eta\,(H_t + \mu I)^{+} g_t"),
    source="Levenberg 1944, doi:10.1090/qam/10666; for a Hessian Goldfeld, Quandt & Trotter 1966, doi:10.2307/1909768",
    teaches="The damping leads from Newton's jump to gradient descent's small step 1/μ along the slope.",
    notes=(
        "The damping μ is constant; Levenberg, Marquardt and trust regions change it from step to step. Where a "
        "curvature is below −μ the step goes uphill. Others call a Newton step times η < 1 damped: that is η here."
    ),
    needs=("hessian",),
    evaluations=_with_hessian,
    learning_rate=shared.newton_rate(default=1),
    damping=Knob(1e-3, 1e4, 10, "log", allowed=(0, 1e12), help="The curvature μ that is added in every direction."),
)
def newton_damped(learning_rate: jax.Array, damping: jax.Array) -> optax.GradientTransformation:
    return _newton(learning_rate, lambda hessian: hessian + damping * jnp.eye(2))


@optimizer(
    title="Saddle-free Newton",
    family="Second order",
    tex=r"""\begin{aligned}
\nabla^2 f(x_{t-1}) &= Q\,\mathrm{diag}(\lambda_1, \lambda_2)\,Q^\top \\
|H_t| &= Q\,\mathrm{diag}(|\lambda_1|, |\lambda_2|)\,Q^\top \\
x_t &= x_{t-1} - \eta\,(|H_t| + \mu I)^{+} g_t
\end{aligned}""",
    source="Dauphin et al. 2014, arXiv:1406.2572",
    teaches="With curvatures taken as positive it is pushed away from saddles where Newton's method is drawn in.",
    notes="The paper adds a damping μ in its experiments; at μ = 0 it is the bare method.",
    needs=("hessian",),
    evaluations=_with_hessian,
    learning_rate=shared.newton_rate(default=1),
    damping=Knob(1e-3, 1e4, 10, "log", allowed=(0, 1e12), help="The curvature μ that is added in every direction."),
)
def newton_saddle_free(learning_rate: jax.Array, damping: jax.Array) -> optax.GradientTransformation:
    return _newton(learning_rate, lambda hessian: _absolute(hessian) + damping * jnp.eye(2))


def _of_search(state: Any, knobs: Any) -> jax.Array:
    """Each trial, whose gradient serves the next step too; at the first step also the one at the start."""
    return optax.tree.get(state, "num_linesearch_steps") + (optax.tree.get(state, "count") == 1)


def _scale(state: Any, knobs: Any) -> jax.Array:
    """The factor γ of the first guess at the inverse Hessian, from what L-BFGS has kept."""
    memory = state[0]
    newest = (memory.count - 2) % len(memory.weights_memory)
    s, y = memory.diff_params_memory[newest], memory.diff_updates_memory[newest]
    first = jnp.minimum(1, 1 / jnp.linalg.norm(memory.updates))
    later = jnp.where(y @ y > 0, (s @ y) / (y @ y), 1)
    return jnp.where(memory.count <= 1, first, later)


def _inverse(state: Any, knobs: Any) -> jax.Array:
    """What L-BFGS takes for the inverse Hessian, from the pairs it has kept."""
    memory = state[0]
    size = len(memory.weights_memory)

    def with_pair(number: int, inverse: jax.Array) -> jax.Array:
        at = (memory.count - 1 + number) % size  # the oldest of them first; those not there yet weigh nothing
        s, y, weight = memory.diff_params_memory[at], memory.diff_updates_memory[at], memory.weights_memory[at]
        beside = jnp.eye(2) - weight * jnp.outer(s, y)
        return beside @ inverse @ beside.T + weight * jnp.outer(s, s)

    return jax.lax.fori_loop(0, size, with_pair, _scale(state, knobs) * jnp.eye(2))


@optimizer(
    title="L-BFGS",
    family="Second order",
    tex=r"""\begin{aligned}
s_t &= x_{t-1} - x_{t-2}, \quad y_t = g_t - g_{t-1} \\
\gamma_t &= \langle s_t, y_t \rangle / \langle y_t, y_t \rangle, \quad \gamma_1 = \min(1,\ 1 / \lVert g_1 \rVert) \\
B &= \gamma_t I, \text{ then for } i = \max(2, t - 9), \dots, t: \\
B &\leftarrow (I - \rho_i s_i y_i^\top)\, B\, (I - \rho_i y_i s_i^\top) + \rho_i s_i s_i^\top \\
&\quad \text{with } \rho_i = 1 / \langle s_i, y_i \rangle \\
p_t &= -B\, g_t \\
x_t &= x_{t-1} + \alpha_t\, p_t \text{ where, in at most } K \text{ trials,} \\
&\quad |\langle g_{t+1}, p_t \rangle| \le c_2\, |\langle g_t, p_t \rangle| \text{ and either} \\
&\quad f(x_t) \le f(x_{t-1}) + c_1 \alpha_t \langle g_t, p_t \rangle \\
&\quad \text{or } \langle g_{t+1}, p_t \rangle \le (2 c_1 - 1) \langle g_t, p_t \rangle \text{ and} \\
&\quad f(x_t) \le f(x_{t-1}) + 10^{-6}\, |f(x_{t-1})|
\end{aligned}""",
    source="Liu & Nocedal 1989, doi:10.1007/BF01589116",
    teaches="From how the gradient changed over the last steps it learns the curvature, and then jumps like Newton.",
    notes=(
        "α is 1 if that will do, else optax's zoom search finds it (Nocedal & Wright 2006, algorithms 3.5, 3.6). The "
        "last two lines are the approximate Wolfe condition of Hager & Zhang 2006, doi:10.1145/1132973.1132979. The "
        "last 10 pairs are kept, and that number is fixed. A pair with ⟨s, y⟩ = 0 is left out."
    ),
    needs=("value", "grad", "value_fn"),
    evaluations=_of_search,
    memories={r"\gamma_t": Memory(_scale), "B": Memory(_inverse), r"\alpha_t": Memory("learning_rate")},
    sufficient_decrease=Knob(
        1e-4, 0.5, 1e-4, "log", allowed=(0, 1), help="The share c₁ of the decrease that the slope promises."
    ),
    curvature=Knob(0.01, 0.99, 0.9, allowed=(0, 1), help="The share c₂ of the slope that may be left after a step."),
    max_linesearch_steps=Knob(1, 50, 20, allowed=(1, 1000), integer=True, help="How many lengths it tries at most."),
)
def lbfgs(
    sufficient_decrease: jax.Array, curvature: jax.Array, max_linesearch_steps: jax.Array
) -> optax.GradientTransformation:
    search = optax.scale_by_zoom_linesearch(
        max_linesearch_steps,
        slope_rtol=sufficient_decrease,
        curv_rtol=curvature,
        initial_guess_strategy="one",
    )
    return optax.lbfgs(linesearch=search)


def _with_refresh(state: Any, knobs: Mapping[str, jax.Array]) -> jax.Array:
    """The gradient, and where the curvature is looked at a Hessian-vector product."""
    return 1 + ((state[0].count - 1) % knobs["update_interval"] == 0)


@optimizer(
    title="Sophia-H",
    family="Second order",
    tex=shared.aligned(
        *shared.AVERAGE,
        r"u_t &= \mathrm{clip}\left(\frac{\hat m_t}{\max(\gamma\, h_{t-1},\ \varepsilon)},\ -\rho,\ \rho\right)",
        r"x_t &= x_{t-1} - \eta\,(u_t + \lambda\, x_{t-1})",
        r"H_t &= \nabla^2 f(x_{t-1})",
        r"h_t &= \beta_2 h_{t-1} + (1 - \beta_2)\, z_t \odot H_t z_t",
        r"&\quad \text{at } t = 1,\ 1 + k,\ 1 + 2k,\ \dots,",
        r"&\quad \text{else } h_t = h_{t-1}",
    ),
    source="Liu et al. 2024, arXiv:2305.14342",
    teaches="Steep coordinates are divided by their curvature; where that is small or negative it takes sign steps.",
    notes=(
        "z has random signs: z ⊙ Hz is the Hessian's diagonal plus or minus its off-diagonal entry. The signs are the "
        "same in every run. The paper has no bias correction and refreshes h before the step, optax after it."
    ),
    needs=("obj_fn",),
    evaluations=_with_refresh,
    memories={"m_t": Memory("mu", "direction"), "h_t": Memory("nu")},
    learning_rate=shared.learning_rate(default=5e-2, help="The longest move of a coordinate in one step, at ρ = 1."),
    beta1=shared.beta1(default=0.965),
    beta2=shared.beta2(default=0.99, help="How long the average of curvatures remembers, in refreshes."),
    gamma=Knob(
        1e-3, 10, 0.1, "log", allowed=(0, 1e6), help="A factor on the curvature; larger steps where it is small."
    ),
    clip_threshold=Knob(0.01, 100, 1, "log", allowed=(0, 1e6), help="The largest quotient ρ that is not clipped."),
    update_interval=Knob(
        1, 100, 10, "log", allowed=(1, 10000), integer=True, help="Steps from one look at the curvature to the next, k."
    ),
    epsilon=shared.epsilon(default=1e-8),
    weight_decay=shared.weight_decay(default=0),
)
def sophia(
    learning_rate: jax.Array,
    beta1: jax.Array,
    beta2: jax.Array,
    gamma: jax.Array,
    clip_threshold: jax.Array,
    update_interval: jax.Array,
    epsilon: jax.Array,
    weight_decay: jax.Array,
) -> optax.GradientTransformation:
    return optax.contrib.sophia(
        learning_rate,
        b1=beta1,
        b2=beta2,
        eps=epsilon,
        weight_decay=weight_decay,
        gamma=gamma,
        clip_threshold=clip_threshold,
        update_interval=update_interval,
    )

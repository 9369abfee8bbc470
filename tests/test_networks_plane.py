"""Planes through parameters: against the published definitions in plain NumPy, scikit-learn and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.decomposition import PCA

from networks import (
    Network,
    Plane,
    cross_entropy,
    extent_around,
    initial_parameters,
    line,
    loss_plane,
    pca_directions,
    project,
    random_directions,
    through,
)
from networks.trees import as_rows, as_vector, like

RANDOM = np.random.RandomState(4)
TREE = {"conv": RANDOM.normal(size=(3, 3, 2, 5)), "dense": RANDOM.normal(size=(4, 6)), "bias": RANDOM.normal(size=6)}


def bowl(parameters, weights):
    """The sum of weight times square, over a tree of two vectors."""
    return jnp.sum(weights * jnp.concatenate([parameters["u"], parameters["v"]]) ** 2)


WEIGHTS = np.array([1.0, 2.0, 0.5, 3.0, 1.5])


def at(*numbers):
    return {"u": np.array(numbers[:2], float), "v": np.array(numbers[2:], float)}


def test_filters_are_scaled_as_the_paper_says():
    """d_ij / |d_ij| times |θ_ij| for each filter j of each layer i (Li et al. 2018, section 4), biases left out."""
    raw = random_directions(TREE, seed=7, normalise="none")
    for drawn, scaled in zip(raw, random_directions(TREE, seed=7), strict=True):
        for unit in range(5):
            own, normals = TREE["conv"][:, :, :, unit], drawn["conv"][:, :, :, unit]
            wanted = normals / np.sqrt((normals**2).sum()) * np.sqrt((own**2).sum())
            np.testing.assert_allclose(scaled["conv"][:, :, :, unit], wanted, rtol=1e-12)
        for unit in range(6):
            own, normals = TREE["dense"][:, unit], drawn["dense"][:, unit]
            wanted = normals / np.sqrt(normals @ normals) * np.sqrt(own @ own)
            np.testing.assert_allclose(scaled["dense"][:, unit], wanted, rtol=1e-12)
        assert not scaled["bias"].any() and not drawn["bias"].any()
    assert np.abs(raw.first["dense"] - raw.second["dense"]).min() > 0
    assert 0.7 < np.std(as_vector(raw.first)[as_vector(raw.first) != 0]) < 1.3


def test_filters_may_be_counted_by_the_first_axis_and_biases_scaled_as_a_whole():
    turned = {"conv": np.moveaxis(TREE["conv"], -1, 0), "dense": TREE["dense"].T, "bias": TREE["bias"]}
    found = random_directions(turned, seed=1, vectors="scaled", output_axis=0).first
    sizes = np.linalg.norm(found["conv"].reshape(5, -1), axis=1)
    np.testing.assert_allclose(sizes, np.linalg.norm(turned["conv"].reshape(5, -1), axis=1), rtol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(found["dense"], axis=1), np.linalg.norm(TREE["dense"], axis=0), rtol=1e-12
    )
    assert np.linalg.norm(found["bias"]) == pytest.approx(np.linalg.norm(TREE["bias"]), rel=1e-12)


def test_a_layer_may_be_scaled_as_a_whole():
    raw, found = (random_directions(TREE, 2, kind).first for kind in ("none", "layer"))
    for name in ("conv", "dense"):
        wanted = raw[name] / np.linalg.norm(raw[name]) * np.linalg.norm(TREE[name])
        np.testing.assert_allclose(found[name], wanted, rtol=1e-12)


def test_directions_of_filters_without_weights_are_zero():
    assert not as_vector(random_directions(initial_parameters(Network(3, 2, (4,), "tanh", "zeros"))).first).any()


def test_principal_directions_are_those_of_scikit_learn():
    path = {"u": RANDOM.normal(size=(9, 2, 3)) * [[[5, 1, 1]]], "v": RANDOM.normal(size=(9, 4)) * [3, 1, 0.5, 0.2]}
    rows, found = as_rows(path), pca_directions(path)
    wanted = PCA(n_components=2).fit(rows)
    np.testing.assert_allclose(found.shares, wanted.explained_variance_ratio_, rtol=1e-10)
    for direction, component in zip((found.first, found.second), np.asarray(wanted.components_), strict=True):
        vector = as_vector(direction)
        assert abs(vector @ component) == pytest.approx(1, rel=1e-10)
        assert vector @ (rows[-1] - rows[0]) > 0
    shadow = project(Plane(jax.tree.map(lambda leaf: leaf[-1], path), found.first, found.second), path)
    assert shadow.share == pytest.approx(sum(found.shares), rel=1e-10)
    np.testing.assert_allclose(shadow.coordinates[-1], 0, atol=1e-12)


@pytest.mark.parametrize("steps", [1.0, 0.0])
def test_a_path_that_spans_no_plane_gets_one_nonetheless(steps):
    found = pca_directions(steps * np.arange(4.0)[:, None] * [[3, 0, 4, 0, 0]])
    assert found.shares == pytest.approx((steps, 0), abs=1e-12)
    first, second = found.first, found.second
    assert abs(first @ second) < 1e-12
    np.testing.assert_allclose([first @ first, second @ second], 1)
    if steps:
        np.testing.assert_allclose(first, [0.6, 0, 0.8, 0, 0], atol=1e-12)


def test_a_path_of_one_row_or_of_nan_has_no_directions():
    for path in (np.ones((1, 3)), np.full((3, 3), np.nan)):
        with pytest.raises(ValueError, match="two or more, all of them finite"):
            pca_directions(path)


@pytest.mark.parametrize("size", [1, 0.01])
def test_a_plane_goes_through_its_three_places_at_their_true_distances(size):
    places = [at(*size * RANDOM.normal(size=5)) for _ in range(3)]
    plane = through(*places)
    rows = jax.tree.map(lambda *leaves: np.stack(leaves), *places)
    shadow = project(plane, rows)
    np.testing.assert_allclose(shadow.distances, 0, atol=1e-12)
    (zero, along, aside), vectors = shadow.coordinates, [as_vector(place) for place in places]
    np.testing.assert_allclose(zero, 0, atol=1e-12)
    assert along == pytest.approx((np.linalg.norm(vectors[1] - vectors[0]), 0), abs=1e-12)
    assert aside[1] > 0
    assert np.linalg.norm(aside - along) == pytest.approx(np.linalg.norm(vectors[2] - vectors[1]))
    for coordinates, place in zip(shadow.coordinates, places, strict=True):
        np.testing.assert_allclose(as_vector(plane.at(*coordinates)), as_vector(place), atol=1e-12)


@pytest.mark.parametrize("third", [at(3, 0, 3, 0, 0), at(0, 0, 0, 0, 0)])
def test_three_places_on_a_line_are_refused(third):
    with pytest.raises(ValueError, match="lie on one line"):
        through(at(0, 0, 0, 0, 0), at(1, 0, 1, 0, 0), third)


def test_the_shadow_is_the_nearest_place_though_directions_are_askew():
    centre, u, v, n = at(1, 2, 3, 4, 5), at(1, 0, 0, 0, 0), at(1, 2, 0, 0, 0), at(0, 0, 3, 0, 4)
    known = np.array([[0.5, -1], [2, 0.25], [0, 3], [-1, 1]])
    off = np.array([0, 1, -2, 0.5])
    rows = as_vector(centre) + known @ [as_vector(u), as_vector(v)] + off[:, None] * as_vector(n)
    shadow = project(Plane(centre, u, v), rows)
    np.testing.assert_allclose(shadow.coordinates, known, atol=1e-12)
    np.testing.assert_allclose(shadow.distances, 5 * np.abs(off), atol=1e-12)
    aside = 25 * np.var(off) / np.var(rows, axis=0).sum()
    assert shadow.share == pytest.approx(1 - aside, rel=1e-12)
    assert np.isnan(project(Plane(centre, u, v), np.ones((3, 5))).share)


def test_the_window_holds_the_whole_shadow_and_the_centre():
    plane = Plane(at(0, 0, 0, 0, 0), at(1, 0, 0, 0, 0), at(0, 1, 0, 0, 0))
    (a_low, a_high), (b_low, b_high) = extent_around(project(plane, np.eye(5)[:1] * 4 + [[0, 1, 0, 0, 0]]), margin=0.25)
    assert (a_low, a_high) == (-1, 5)
    assert (b_low, b_high) == (-2.5, 3.5)


def test_losses_over_a_plane_are_those_of_the_places():
    plane = Plane(at(1, 0, 0, 0, -1), at(1, 1, 0, 0, 0), at(0, 0, 2, 0, 1))
    found = loss_plane(bowl, plane, ((-1, 2), (0, 1)), size=7, data=(WEIGHTS,))
    np.testing.assert_allclose(found.a, np.linspace(-1, 2, 7))
    np.testing.assert_allclose(found.b, np.linspace(0, 1, 7))
    for row, b in enumerate(found.b):
        for column, a in enumerate(found.a):
            place = np.array([1 + a, a, 2 * b, 0, -1 + b])
            assert found.losses[row, column] == pytest.approx(WEIGHTS @ place**2, rel=1e-12)


@pytest.mark.parametrize("widths", [(), (5, 4)])
def test_the_faster_way_of_networks_leads_to_the_same_losses(widths):
    network = Network(3, 2, widths, "gelu")
    centre, (first, second) = initial_parameters(network, 1), random_directions(initial_parameters(network, 2), 3)
    first = like(first, as_vector(first) + 0.3)  # biases move too
    data = (RANDOM.normal(size=(11, 3)).astype(np.float32), RANDOM.randint(0, 2, 11))
    loss = cross_entropy(network)
    fast = loss_plane(loss, Plane(centre, first, second), 2.0, 5, data)
    plain = loss_plane(lambda *what: loss(*what), Plane(centre, first, second), 2.0, 5, data)
    np.testing.assert_allclose(fast.losses, plain.losses, rtol=1e-5)


def test_other_places_and_data_compile_nothing(compilations):
    plane = Plane(at(1, 0, 0, 0, -1), at(1, 1, 0, 0, 0), at(0, 0, 2, 0, 1))
    loss_plane(bowl, plane, size=7, data=(WEIGHTS,))
    compilations.clear()
    loss_plane(bowl, Plane(plane.first, plane.second, plane.centre), 3.0, 7, data=(2 * WEIGHTS,))
    assert not compilations


def test_the_line_between_two_wells_has_the_height_of_the_hill_for_its_barrier():
    def wells(x):
        return jnp.sum((x**2 - 1) ** 2) + 0.5 * jnp.sum(x)  # 1 between them, and a slope

    found = line(wells, np.array([-1.0]), np.array([1.0]), count=101)
    np.testing.assert_allclose(found.losses, ((2 * found.shares - 1) ** 2 - 1) ** 2 + found.shares - 0.5, atol=1e-12)
    assert found.barrier == pytest.approx(1)
    level = line(lambda x: jnp.sum(x), np.array([0.0]), np.array([5.0]), count=3)
    assert level.losses.tolist() == [0, 2.5, 5] and level.barrier == 0


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"extent": float("inf")}, "extent = inf is not allowed"),
        ({"extent": ((1, 0), (0, 1))}, "the low one first"),
        ({"extent": 0}, "the low one first"),
        ({"size": 1}, "1 places are not allowed: a whole number from 2 on"),
    ],
)
def test_planes_that_make_no_sense_are_refused(what, said):
    plane = Plane(at(0, 0, 0, 0, 0), at(1, 0, 0, 0, 0), at(0, 1, 0, 0, 0))
    with pytest.raises(ValueError, match=said):
        loss_plane(bowl, plane, **what)


def test_directions_of_an_unknown_kind_are_refused():
    with pytest.raises(ValueError, match="normalise = 'weights' is not allowed: filter, layer, none"):
        random_directions(TREE, normalise="weights")  # pyright: ignore[reportArgumentType]

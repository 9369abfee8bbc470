"""Parameters of any shape as vectors, and back."""

from typing import Any

import jax
import numpy as np


def as_vector(tree: Any) -> np.ndarray:
    """All numbers of a tree of arrays, leaf after leaf, shape (d,), float64."""
    return np.concatenate([np.asarray(leaf, float).reshape(-1) for leaf in jax.tree.leaves(tree)])


def as_rows(path: Any) -> np.ndarray:
    """A tree whose leaves have a leading axis of n rows as the matrix of its vectors, shape (n, d), float64."""
    leaves = [np.asarray(leaf, float) for leaf in jax.tree.leaves(path)]
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)


def like(tree: Any, vector: np.ndarray) -> Any:
    """The numbers of a vector, shape (d,), in the shapes and types of a tree."""
    leaves, form = jax.tree.flatten(tree)
    ends = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
    pieces = np.split(vector, ends)
    shaped = (piece.reshape(np.shape(leaf)).astype(leaf.dtype) for piece, leaf in zip(pieces, leaves, strict=True))
    return jax.tree.unflatten(form, list(shaped))


def row(path: Any, number: int) -> Any:
    """One row of a tree whose leaves have a leading axis, without it."""
    return jax.tree.map(lambda leaf: leaf[number], path)

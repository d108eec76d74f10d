"""Numbers and tensors over position: read with their shape checked, seen by a mesh of d dimensions, inverted."""

from __future__ import annotations

import numpy as np

from cellfem.errors import explain
from cellfem.geometry.checks import near

KEPT = {1: [2], 2: [0, 2], 3: [0, 1, 2]}  # of x, y, z: what a mesh of that dimension has
AXES = "Rows and columns of tensors are x, y, z; in two dimensions x and z."
SYMMETRIC = 1e-6  # [-] of the largest entry: round-off of a solve


def scalar_at(value, x: np.ndarray, where: str) -> np.ndarray:
    """(points,) of a number or a function of x (d, points) [m]; ValueError for anything else."""
    found = _numbers(value, x, where)
    if found.ndim and not (callable(value) and found.shape == x.shape[1:]):
        _wrong_shape(where, value, found, x, "one number")
    return np.broadcast_to(found, x.shape[1:]).copy()


def tensor_at(value, x: np.ndarray, where: str) -> np.ndarray:
    """(k, k, points) of a number, a symmetric tensor or a function of x (d, points) [m]; k is 3 where 3 x 3 is given.

    ValueError for any shape but 3 x 3 and d x d, entries that are not finite, and tensors that are not symmetric.
    """
    d, points = x.shape
    found = _numbers(value, x, where)
    if found.ndim < 2:
        found = scalar_at(value, x, where)
        _check_finite(where, np.isfinite(found), x)
        return np.eye(d)[..., None] * found
    fits = found.shape[2:] == () or (callable(value) and found.shape[2:] == (points,))
    if not (found.shape[:2] in ((3, 3), (d, d)) and fits):
        _wrong_shape(where, value, found, x, "one number or a tensor, 3 x 3 or of the mesh's dimension,")
    found = np.broadcast_to(found if found.ndim == 3 else found[..., None], (*found.shape[:2], points)).copy()
    _check_finite(where, np.all(np.isfinite(found), axis=(0, 1)), x)
    size = np.max(np.abs(found), axis=(0, 1))
    check(where, np.max(np.abs(found - found.swapaxes(0, 1)), axis=(0, 1)) <= SYMMETRIC * size,
          "found a tensor that is not symmetric", "xy = yx, xz = zx, yz = zy are needed", AXES, x)
    return found


def _wrong_shape(where: str, value, found: np.ndarray, x: np.ndarray, allowed: str):
    what = f"a function that returns an array of shape {found.shape} at {x.shape[1]} points" if callable(value) else \
        f"an array of shape {found.shape}"
    raise ValueError(explain(where, f"found {what}", f"{allowed} is needed, or a function of x that returns one"
                             " per point", "x has the shape (dimension, points), z last; points are the last axis."
                             f" {AXES}"))


def _check_finite(where: str, good: np.ndarray, x: np.ndarray) -> None:
    check(where, good, "found a value that is not finite", "finite values are needed", "Only sigma may be infinite, as"
          " the number inf: the host is then equipotential.", x)


def _numbers(value, x: np.ndarray, where: str) -> np.ndarray:
    try:
        found = np.asarray(value(x) if callable(value) else value)
        real = found.dtype.kind in "iuf"
    except ValueError:  # rows of different lengths
        real = False
    if not real:
        what = f"a function that returns {value(x)!r}" if callable(value) else repr(value)
        raise ValueError(explain(where, f"found {what if len(what) < 80 else what[:77] + '...'}", "real numbers are"
                                 " needed", "Give a number, an array of numbers, or a function of x [m]."))
    return found.astype(float)


def check(where: str, good: np.ndarray, found, allowed: str, do: str, x: np.ndarray) -> None:
    """Raise ValueError at the first point that is not good; `found` is a text, or makes one of that point's index."""
    if not np.all(good):
        bad = np.flatnonzero(~good)
        place = f" {near(x[:, bad[0]])}" if len(good) > 1 else ""
        more = f" and at {len(bad) - 1} more of {len(good)} points" if len(bad) > 1 else ""
        said = found if isinstance(found, str) else f"found {found(bad[0])}"
        raise ValueError(explain(where, said + place + more, allowed, do))


def seen(tensor: np.ndarray, d: int) -> np.ndarray:
    """(d, d, ...) of a 3 x 3 or d x d tensor: in 2-D x and z are kept, in 1-D z."""
    keep = KEPT[d] if len(tensor) == 3 else list(range(d))
    return tensor[np.ix_(keep, keep)]


def eigenvalues(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest (points,) of a symmetric tensor (k, k, points)."""
    values = np.linalg.eigvalsh(np.moveaxis((tensor + tensor.swapaxes(0, 1)) / 2, 2, 0))
    return values[:, 0], values[:, -1]


def inverse(tensor: np.ndarray) -> np.ndarray:
    """Inverse of a symmetric tensor (k, k) without negative eigenvalues, inf in blocked directions."""
    values, vectors = np.linalg.eigh((tensor + tensor.T) / 2)
    open_ = values > 1e-14 * max(values.max(), 1e-300)
    found = (vectors[:, open_] / values[open_]) @ vectors[:, open_].T
    blocked = vectors[:, ~open_] @ vectors[:, ~open_].T
    return np.where(np.abs(blocked) > 1e-12, np.copysign(np.inf, blocked), found)


def inverted(value, x: np.ndarray, where: str) -> np.ndarray:
    """1/value (points,) of numbers, the inverse (k, k, points) of tensors, whose axes may be blocked by inf.

    ValueError unless positive.
    """
    found = _numbers(value, x, where)
    if found.ndim < 2:
        found = scalar_at(value, x, where)
        check(where, found > 0, lambda k: f"{found[k]:.6g}", "a positive factor is needed", "It says how many times"
              " slower ions pass than in free electrolyte.", x)
        return 1 / found
    shut = np.isposinf(np.einsum("ii...->i...", found))
    open_ = ~shut[:, None] & ~shut[None]
    finite = np.where(open_, found, np.eye(len(found)).reshape(open_.shape[:2] + (1,) * (found.ndim - 2)))
    tensor = tensor_at((lambda x: finite) if callable(value) else finite, x, where)
    low, _ = eigenvalues(tensor)
    check(where, low > 0, lambda k: f"the eigenvalue {low[k]:.6g}", "positive eigenvalues are needed", "It says how"
          " many times slower ions pass than in free electrolyte.", x)
    by = np.moveaxis(np.linalg.inv(np.moveaxis(tensor, 2, 0)), 0, 2)
    return np.where(open_ if open_.ndim == 3 else open_[..., None], by, 0.0)

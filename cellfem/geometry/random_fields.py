"""Random fields as pure functions of position: patchy films, scattered nuclei, rough surfaces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from cellfem.errors import explain

MODES = 256  # terms of the sum; its departure from a Gaussian distribution falls as 1/MODES
CHUNK = 4_000_000  # entries of the largest array made on the way

Field = Callable[[np.ndarray], np.ndarray]


def random_field(correlation_length: float, seed: int, *, modes: int = MODES) -> Field:
    """A Gaussian random field of mean 0 and variance 1, as a function of position.

    A sum of plane waves, f(x) = sqrt(2/M) sum_k cos(q_k . x + a_k), q_k normally distributed with standard deviation
    1/l, so that <f(x) f(x + r)> = exp(-|r|^2/(2 l^2)).  A mesh of 2-D (x, z) or 1-D (z) sees the cut y = 0 (and
    x = 0) of the same field, so the three agree.  The seed fixes the field: it does not depend on the mesh.

    Parameters
    ----------
    correlation_length : l [m], where the correlation has fallen to exp(-1/2)
    seed : whole number
    modes : M, number of waves

    Returns a function of points (d, ...) [m], d = 1, 2 or 3, with values (...).  Mean and variance are those over all
    seeds; over a surface few correlation lengths wide they scatter.  Raises ValueError for a length that is not
    positive and for seeds and modes that are no whole numbers.

    Source: the randomisation method, R. H. Kraichnan, Phys. Fluids 1970, 13, 22 (doi:10.1063/1.1692799).

    >>> import numpy as np
    >>> f = random_field(2e-6, 7)
    >>> bool(f(np.zeros(3)) == f(np.zeros(2)) == f(np.zeros(1)))
    True
    """
    _check(correlation_length, seed, modes)
    rng = np.random.default_rng(seed)
    waves = rng.standard_normal((3, modes)) / correlation_length
    phases = rng.uniform(0, 2 * np.pi, modes)

    def field(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=float)
        kept = waves[{1: [2], 2: [0, 2], 3: [0, 1, 2]}[x.shape[0]]]
        points = x.reshape(x.shape[0], -1)
        step = max(CHUNK // modes, 1)
        sums = [np.cos(points[:, k : k + step].T @ kept + phases).sum(axis=1) for k in range(0, points.shape[1], step)]
        return np.sqrt(2 / modes) * np.concatenate(sums or [np.empty(0)]).reshape(x.shape[1:])

    return field


def mosaic(correlation_length: float, seed: int, *, share: float, on: tuple[np.ndarray, np.ndarray] | None = None,
           modes: int = MODES) -> Field:
    """Patches that cover the given share of a surface: 1.0 where `random_field` is below a level, else 0.0.

    Parameters
    ----------
    correlation_length, seed, modes : of the field; patches are some l across at a share of one half
    share : covered share, 0 to 1
    on : (points (d, n) [m], areas (n,)) of one surface on which the share holds as nearly as its n areas allow;
        without it the level is the normal distribution's, and the share holds in the mean over seeds and large areas

    >>> import numpy as np
    >>> x = np.random.default_rng(0).uniform(0, 1e-4, (3, 1000))
    >>> float(mosaic(5e-6, 1, share=0.25, on=(x, np.ones(1000)))(x).mean())
    0.25
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(explain("mosaic: share", f"found {share!r}", "a share from 0 to 1 is needed", "0.3, not 30."))
    field = random_field(correlation_length, seed, modes=modes)
    level = float(ndtri(share)) if on is None or not 0 < share < 1 else _level(field(on[0]), on[1], share)
    return lambda x: (field(x) < level).astype(float)


def _level(values: np.ndarray, areas: np.ndarray, share: float) -> float:
    """The level below which `values` cover `share` of the areas, as nearly as possible."""
    order = np.argsort(values)
    covered = np.concatenate([[0.0], np.cumsum(areas[order])]) / areas.sum()
    count = int(np.argmin(np.abs(covered - share)))
    edges = np.concatenate([[-np.inf], values[order], [np.inf]])
    if count in (0, len(values)):
        return float(edges[count + 1] if count == 0 else np.inf)
    return float((edges[count] + edges[count + 1]) / 2)


def _check(correlation_length: float, seed: int, modes: int) -> None:
    if isinstance(correlation_length, bool) or not isinstance(correlation_length, int | float | np.floating) \
            or not 0 < correlation_length < np.inf:
        raise ValueError(explain("random_field: correlation_length", f"found {correlation_length!r}",
                                 "a positive length [m] is needed", "5 * um is 5e-6."))
    for name, value, least in (("seed", seed, 0), ("modes", modes, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(explain(f"random_field: {name}", f"found {value!r}", f"a whole number from {least} on is"
                                     " needed", "The same seed gives the same field again."))

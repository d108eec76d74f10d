"""Random fields: moments, correlation, the same field in every dimension, covered shares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cellfem.geometry.random_fields import mosaic, random_field

LENGTH = 3e-6


def points(count: int, extent: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, extent, (3, count))


def test_mean_variance_and_distribution_over_seeds():
    x = points(20, 100 * LENGTH)
    values = np.concatenate([random_field(LENGTH, seed)(x) for seed in range(200)])
    assert abs(values.mean()) < 0.05
    assert values.var() == pytest.approx(1, abs=0.06)
    assert stats.kstest(values, "norm").pvalue > 1e-3


@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.0])
def test_correlation_falls_as_a_gaussian(ratio):
    x = points(40, 100 * LENGTH)
    step = np.array([[2.0], [-1.0], [2.0]]) / 3 * ratio * LENGTH
    pairs = [(random_field(LENGTH, seed)(x), random_field(LENGTH, seed)(x + step)) for seed in range(100)]
    a, b = np.array(pairs).transpose(1, 0, 2).reshape(2, -1)
    assert (a * b).mean() == pytest.approx(np.exp(-ratio**2 / 2), abs=0.07)


def test_lower_dimensions_are_cuts_of_the_same_field():
    field = random_field(LENGTH, 5)
    x = points(50, 1e-4)
    x[1] = 0
    np.testing.assert_allclose(field(x), field(x[[0, 2]]), rtol=0, atol=1e-12)
    x[0] = 0
    np.testing.assert_allclose(field(x), field(x[2:]), rtol=0, atol=1e-12)
    assert field(x.reshape(3, 5, 10)).shape == (5, 10)
    assert field(np.empty((2, 0))).shape == (0,)


def test_seeds_differ_and_repeat():
    x = points(10, 1e-4)
    assert np.array_equal(random_field(LENGTH, 1)(x), random_field(LENGTH, 1)(x))
    assert not np.allclose(random_field(LENGTH, 1)(x), random_field(LENGTH, 2)(x))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.93, 1.0])
def test_mosaic_covers_its_share(share):
    x, areas = points(4000, 30 * LENGTH), np.random.default_rng(3).uniform(0.1, 2, 4000)
    covered = mosaic(LENGTH, 4, share=share, on=(x, areas))(x)
    assert set(np.unique(covered)) <= {0.0, 1.0}
    assert (covered * areas).sum() / areas.sum() == pytest.approx(share, abs=1e-3)
    mean = np.mean([mosaic(LENGTH, seed, share=share)(x[:, :300]).mean() for seed in range(60)])
    assert mean == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("call, said", [
    (lambda: random_field(0.0, 1), "correlation_length: found 0.0"),
    (lambda: random_field(1e-6, 1.5), "seed: found 1.5"),
    (lambda: random_field(1e-6, 1, modes=0), "modes: found 0"),
    (lambda: mosaic(1e-6, 1, share=30), "share: found 30"),
])
def test_nonsense_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()

"""Effective media extrapolated from nested meshes: the algebra, and that meshes are nested."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_levelset_cells import design

import cellfem as cf
from cellfem.geometry.levelset_box import box_of
from cellfem.geometry.levelset_lattice import lattice
from cellfem.geometry.levelset_tree import grow, halved
from cellfem.materials import NICKEL
from cellfem.results import check_medium


@pytest.mark.parametrize("p", [0.7, 1.0, 1.6, 2.0])
def test_a_power_law_is_seen_through(p):
    values = [5.0 + 0.3 * h**p for h in (1.0, 0.5, 0.25)]
    limit, error = check_medium._limit(values)
    assert limit == pytest.approx(5.0) and error == pytest.approx(values[-1] - 5.0)


def test_what_does_not_shrink_is_not_extrapolated():
    assert check_medium._limit([5.0, 5.1, 5.3]) == (5.3, pytest.approx(0.2))
    assert check_medium._limit([5.0, 5.2, 5.1]) == (5.1, pytest.approx(0.2))
    assert check_medium._limit([1.0, math.inf]) == (math.inf, 0.0)
    assert check_medium._limit([0.0, 0.0, 0.0]) == (0.0, 0.0)


def test_errors_of_opposite_sign_do_not_cancel_in_the_bar():
    class Made:
        def mesh(self, coarsen, halvings):
            return {0: cf.Medium(eps=0.22, B=np.eye(3) * 0.1), 1: cf.Medium(eps=0.205, B=np.eye(3) * 0.1)}[halvings]

    made = pytest.MonkeyPatch()
    with made.context() as patch:
        patch.setattr(check_medium, "homogenise", lambda medium, host: medium)
        found = cf.homogenise_check(Made())
    assert found.medium.eps == pytest.approx(0.2) and found.error.eps == pytest.approx(0.005)
    assert np.diag(found.error.B) == pytest.approx(0.1 * 0.005 / 0.2)


def test_finer_meshes_halve_every_cube():
    """Not only those in gaps that are still narrow: cells next to necks and far away shrink alike."""
    box = box_of((1.0, 1.0, 1.0), 0.25, 0.06, layers=[("separator", 0.3)])
    tree = grow(box, lambda x, level: np.linalg.norm(x - 0.4, axis=0) < 0.3)
    fine = halved(tree)
    for level in range(box.levels + 1):
        cubes, finer = tree.leaves(level), fine.leaves(level)
        assert finer.shape[1] == 8 * cubes.shape[1]
        assert set(map(tuple, (finer // 2).T)) == set(map(tuple, cubes.T))
        assert np.allclose(fine.box.sides(level), tree.box.sides(level) / 2)
    at, finer = (made.box.places(made.at) for made in (lattice(tree), lattice(fine)))
    corners = {tuple(x) for x in np.round(finer.T, 9)}
    assert all(tuple(x) in corners for x in np.round(at.T, 9))
    made = design()
    assert made.mesh(coarsen=0.5).nelements == made.mesh(halvings=1).nelements > 6 * made.mesh().nelements


def test_of_a_design_with_its_host():
    found = cf.homogenise_check(design(), host=NICKEL)
    assert found.meshes[0].eps != found.meshes[1].eps
    for key in ("B", "sigma"):
        coarse, fine = (np.diag(getattr(medium, key)) for medium in found.meshes)
        assert np.diag(getattr(found.medium, key)) == pytest.approx(fine + (fine - coarse) / 3)
        assert (np.diag(getattr(found.error, key)) >= np.abs(fine - coarse) / 3 * (1 - 1e-9)).all()
    text = cf.format_check(found.rows)
    assert "D_eff/D, z [-]" in text and "+-" in text


def test_a_design_of_boxes_is_halved_too():
    walls = cf.Geometry.from_dict({"name": "w", "shape": "walls", "source": "made up", "dimension": 2,
                                   "size_um": [10.0, 20.0], "separator_um": 5.0, "cell_size_um": 2.0,
                                   "walls": {"pitch_um": 20.0, "thickness_um": 4.0}})
    found = cf.homogenise_check(walls)
    assert found.medium.B[2, 2] == pytest.approx(0.8) and found.error.B[2, 2] < 1e-12


@pytest.mark.parametrize("halvings", [0, 5, 1.0, True])
def test_meshes_to_compare_are_needed(halvings):
    with pytest.raises(ValueError, match=r"homogenise_check: halvings: found .*observes the order"):
        cf.homogenise_check(None, halvings=halvings)

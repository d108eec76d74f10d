"""The default meshes are fine enough: halving every cell moves no reported number but the raw extremes by 2 %."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, mA, mAh

GEOMETRIES = Path(__file__).parents[1] / "geometries"
LEFT_OUT = ("raw extremes", "charge balance", "salt balance")  # mesh-dependent by definition; round-off


def reported(design: str, coarsen: float) -> dict[str, float]:
    mesh = cf.Geometry.load(GEOMETRIES / f"{design}.toml").mesh(coarsen=coarsen)
    cell = cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, separator=CELGARD_2500)
    row = cf.report(cf.solve(cell, cf.Galvanostatic(current=2 * mA / cm**2, capacity=1 * mAh / cm**2)))
    # a difference of two overpotentials, a hundred times smaller than either: judged by the peak that it makes
    row["nucleation dip [mV]"] += row["plateau after nucleation [mV]"]
    return {name: value for name, value in row.items()
            if isinstance(value, float) and np.isfinite(value) and not any(part in name for part in LEFT_OUT)}


@pytest.mark.slow
@pytest.mark.parametrize("design", ["vga", "vga_2d", "hga_2d"])
def test_one_refinement_moves_no_number_by_two_percent(design):
    default, fine = reported(design, 1.0), reported(design, 0.5)
    moved = {name: abs(default[name] / fine[name] - 1) for name in default if fine[name] != 0}
    assert len(moved) > 12
    assert max(moved.values()) < 0.02, {name: f"{100 * by:.2f} %" for name, by in moved.items() if by >= 0.02}


@pytest.mark.slow
def test_the_flat_hga_stands_for_the_deep_one():
    """Slits run along y, so the depth of the symmetry cell changes nothing: the study above holds for hga, too."""
    flat, deep = reported("hga_2d", 1.0), reported("hga", 1.0)
    moved = {name: abs(flat[name] / deep[name] - 1) for name in deep if deep[name] != 0}
    assert max(moved.values()) < 0.01, {name: f"{100 * by:.2f} %" for name, by in moved.items() if by >= 0.01}

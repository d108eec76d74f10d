"""Time stages that keep their tangent, and hierarchies that serve many stages: counted, not timed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.model import solve as stage
from cellfem.model.solve import Worker
from cellfem.model.start import balanced
from cellfem.model.system import Load, Storage, System
from cellfem.numerics import linear

DESIGNS = Path(__file__).parents[1] / "geometries"


def stages(monkeypatch, tiny: int):
    """(worker, y) after three stages of 2, 4 and 8 s of a 2-D host, with multigrid; kept tangents beyond `tiny`."""
    monkeypatch.setattr(stage, "TINY", tiny)
    monkeypatch.setattr(linear, "TINY", 0)
    mesh = cf.Geometry.load(DESIGNS / "vga_2d.toml").mesh(coarsen=4)
    system = System.of(cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, separator=CELGARD_2500))
    worker, load = Worker(system, direct=False), Load(current=20.0)
    y, _ = balanced(worker, np.full(len(system.pore_volume), system.unknowns.c_0), load)
    worker.assemblies = 0
    for tau in (2.0, 4.0, 8.0):
        y = worker.stage(y, load, Storage(system.unknowns.unpack(y)[0], tau))
    return worker, y


def test_kept_tangents_save_assemblies_and_change_nothing(monkeypatch):
    kept, y = stages(monkeypatch, 0)
    fresh, z = stages(monkeypatch, 10**9)
    assert np.max(np.abs(y - z)) < 1e-8
    assert kept.assemblies <= 6 < fresh.assemblies
    through = kept.system.currents(y)[2]
    assert abs(through / 20.0 - 1) < 1e-9
    assert kept.full.setups <= 3

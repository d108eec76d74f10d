"""Starts by stages: used only when the plain start fails, equal in result, and named in the statistics."""

from __future__ import annotations

import numpy as np
import pytest

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.model import start
from cellfem.model.solve import Worker

SHEETS = {"name": "sheets", "shape": "baffles", "source": "test", "dimension": 2, "size_um": [20.0, 30.0],
          "separator_um": 25.0, "cell_size_um": 4.0, "baffles": {"pitch_um": 15.0, "thickness_um": 2.0, "gap_um": 8.0}}


@pytest.fixture(scope="module")
def cell():
    return cf.Cell(cf.Geometry.from_dict(SHEETS).mesh(), metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE,
                   separator=CELGARD_2500)


def failing(monkeypatch, how_often):
    """Worker.potentials that refuses a number of times where the kinetics are the true ones."""
    plain, left = Worker.potentials, [how_often]

    def potentials(self, y, load, plated=None):
        if not isinstance(self.system.reaction.kinetics, cf.Linear) and left[0] > 0:
            left[0] -= 1
            raise cf.ConvergenceError("refused")
        return plain(self, y, load, plated)

    monkeypatch.setattr(Worker, "potentials", potentials)


@pytest.mark.parametrize("failures, expected", [(0, start.PLAIN), (1, start.STAGED), (2, start.RAMPED)])
@pytest.mark.parametrize("protocol", [cf.Steady(current=20.0), cf.Galvanostatic(current=20.0, duration=5.0),
                                      cf.Potentiostatic(voltage=0.2, duration=5.0)])
def test_every_start_leads_to_the_same_answer(cell, monkeypatch, failures, expected, protocol):
    reference = cf.solve(cell, protocol)
    failing(monkeypatch, failures)
    solution = cf.solve(cell, protocol)
    assert reference.stats.start == start.PLAIN
    assert solution.stats.start == expected
    np.testing.assert_allclose(solution.sites["plating"][-1], reference.sites["plating"][-1], rtol=1e-6)


def test_without_any_start_there_is_no_field(cell, monkeypatch):
    failing(monkeypatch, 10**6)
    with pytest.raises(cf.ConvergenceError):
        cf.solve(cell, cf.Steady(current=20.0))


def test_the_current_ramp_is_named(cell, monkeypatch):
    plain, left = Worker.steady, [1]

    def steady(self, y, load):
        if left[0]:
            left[0] -= 1
            raise cf.ConvergenceError("refused")
        return plain(self, y, load)

    monkeypatch.setattr(Worker, "steady", steady)
    solution = cf.solve(cell, cf.Steady(current=20.0))
    assert solution.stats.start == "current ramp"
    assert solution.outcome.kind == "steady"

"""200 random cells, fixed seeds: each one solves or says why it cannot, none ends in anything else.

Ten decades of i_0, four of sigma, films from 0 to 0.1 Ohm m2, -20 to 60 degC, currents to 1.5 of the limiting current,
1-D and 2-D, steady and transient; hosts start bare.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

import cellfem as cf
from cellfem.materials import (
    CELGARD_2500,
    GRAPHENE,
    KFSI_DME,
    LIPF6_EC_DMC,
    LIPF6_EC_EMC,
    LIPF6_EMC_FEC,
    LITHIUM,
    NAPF6_EC_PC,
    POTASSIUM,
    SODIUM,
    constant,
)
from cellfem.model.protocol import STOP_RATIO

LAYERS = {"source": "test", "separator_um": 25.0}
DESIGNS = {
    "slab": {"shape": "slab", "dimension": 1, "size_um": [0.0], "cell_size_um": 3.0},
    "walls": {"shape": "walls", "dimension": 2, "size_um": [10.5, 60.0], "cell_size_um": 6.0,
              "walls": {"normal": "x", "pitch_um": 21.0, "thickness_um": 1.0}},
    "sheets": {"shape": "baffles", "dimension": 2, "size_um": [30.0, 40.0], "cell_size_um": 6.0,
               "baffles": {"pitch_um": 20.0, "thickness_um": 2.0, "gap_um": 8.0}},
    "posts": {"shape": "baffles", "dimension": 2, "size_um": [30.0, 40.0], "cell_size_um": 6.0,
              "baffles": {"pitch_um": 20.0, "thickness_um": 2.0, "gap_um": 10.0, "post_um": 3.0}},
}
ELECTROLYTES = (LIPF6_EC_DMC, LIPF6_EC_EMC, LIPF6_EMC_FEC, NAPF6_EC_PC, KFSI_DME,
                constant(D=3e-10, kappa=1.0, t_plus=0.38))
METALS = {"Li": LITHIUM, "Na": SODIUM, "K": POTASSIUM, None: LITHIUM}
COUNTERS = (cf.Foil(), cf.Foil(), cf.UniformFlux(), cf.Reservoir(uniform=False))


@pytest.fixture(scope="module")
def meshes():
    return {name: cf.Geometry.from_dict({"name": name, **LAYERS, **keys}).mesh() for name, keys in DESIGNS.items()}


def draw(seed: int, meshes):
    """(cell, share of the limiting current, whether steady)."""
    rng = np.random.default_rng(seed)
    name = rng.choice(list(DESIGNS))
    electrolyte = ELECTROLYTES[rng.integers(len(ELECTROLYTES))]
    i_0 = 10 ** rng.uniform(-6, 4)
    R = 0.0 if rng.random() < 0.2 else 0.1 * rng.random() ** 3
    sigma = 10 ** rng.uniform(-1, 3) if name == "posts" else math.inf
    share = rng.uniform(0.05, 0.95) if rng.random() < 0.6 else rng.uniform(1.05, 1.5)
    counter = COUNTERS[rng.integers(len(COUNTERS))]
    cell = cf.Cell(meshes[name], metal=METALS[electrolyte.cation], electrolyte=electrolyte,
                   host=replace(GRAPHENE, sigma=sigma),
                   separator=CELGARD_2500, kinetics=cf.ButlerVolmer(i_0=i_0), film=cf.Film(R=R), counter=counter,
                   temperature=273.15 + rng.uniform(-20, 60))
    return cell, share, rng.random() < 0.5


def check(seed: int, meshes) -> str:
    cell, share, steady = draw(seed, meshes)
    current = share * cf.limiting_current(cell)
    protocol = cf.Steady(current=current) if steady else cf.Galvanostatic(current=current, duration=3e4)
    solution = cf.solve(cell, protocol)
    outcome = solution.outcome
    assert all(np.all(np.isfinite(values)) for values in solution.sites.values())
    assert outcome.kind in ("steady", "finished", "depleted", "closed")
    if outcome.kind == "closed":  # hours of plating may fill a pore before the salt is gone
        assert not steady and outcome.place is not None
    elif share > 1:
        assert outcome.kind == "depleted"
    elif outcome.kind == "depleted":  # below the limit only behind a film or a slow reaction, with the place named
        assert outcome.place is not None
        if steady:
            assert outcome.sustainable_current < current
            assert len(solution.times) == 0
    else:
        busy = solution.sites["plating"][-1] >= 0.1 * cell.sites.mean(solution.sites["plating"][-1])
        assert solution.sites["c"][-1][busy].min() >= 0.99 * STOP_RATIO * cell.electrolyte.c_0
        assert solution.audit.charge <= 1e-9
        assert solution.audit.salt <= (1e-11 if cell.closed else 1e-10)  # a reservoir turns the salt over many times
    return outcome.kind


@pytest.mark.filterwarnings("ignore::cellfem.TrustWarning")
def test_a_few_random_cells(meshes):
    assert {check(seed, meshes) for seed in range(1000, 1004)} <= {"steady", "finished", "depleted", "closed"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::cellfem.TrustWarning")
def test_200_random_cells(meshes):
    kinds = [check(seed, meshes) for seed in range(200)]
    assert kinds.count("depleted") < 160

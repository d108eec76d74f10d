"""The tangent is exact: |R(y + h v) - R(y) - h J v| falls as h^2 for every law, film, counter electrode and region."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from verification import cells
from verification.manufactured import block_mesh

import cellfem as cf
from cellfem.materials import LIPF6_EC_DMC, LIPF6_EC_EMC
from cellfem.model.system import Load, Storage, System

B = np.array([[0.40, 0.04, 0.06], [0.04, 0.30, -0.05], [0.06, -0.05, 0.25]])
KINETICS = {"Butler-Volmer": cf.ButlerVolmer(i_0=40.0, alpha_a=0.35, alpha_c=0.65), "Tafel": cf.Tafel(i_0=20.0),
            "linear": cf.Linear(i_0=30.0, order=0.7), "first order": cf.FirstOrder(k=0.03)}
COUNTERS = {"foil": cf.Foil(), "uniform flux": cf.UniformFlux(), "reservoir": cf.Reservoir(),
            "reservoir, uniform potential": cf.Reservoir(uniform=False)}
FILM = cf.Film(R=lambda x: 1e-3 * (1 + x[-1] / 20e-6))


@functools.cache
def region(name: str):
    """(mesh, media, host) of the kinds of cell."""
    def over(low):
        return lambda x: np.where(x[-1] < 0.5, low(x), "separator")

    separator = cf.Medium(eps=0.5, B=B)
    own = cf.Medium(eps=0.5, B=B, electrolyte=LIPF6_EC_EMC)
    resistive = cf.Host(name="resistive", sigma=3.0, rho=2000.0)
    block = over(lambda x: np.where(x[0] < 0.5, "host", "pore"))
    electrode = over(lambda x: np.full(x.shape[1], "electrode"))
    return {
        "plane, 1-D": (cells.plane(separator=10.0, coarsen=3.0), None, None),
        "resolved, equipotential, 2-D": (block_mesh(2, 4, block), {"separator": separator}, cells.GRAPHENE),
        "resolved, conducting, 2-D": (block_mesh(2, 4, block), {"separator": separator}, resistive),
        "resolved, conducting, 3-D": (block_mesh(3, 2, block), {"separator": separator}, resistive),
        "homogenised, full tensors, 2-D": (block_mesh(2, 4, electrode), {
            "separator": separator, "electrode": cf.Medium(eps=0.5, B=B, sigma=5 * B, a_s=1e5)}, None),
        "separator with its own electrolyte": (block_mesh(2, 4, block), {"separator": own}, resistive),
    }[name]


REGIONS = ("plane, 1-D", "resolved, equipotential, 2-D", "resolved, conducting, 2-D", "resolved, conducting, 3-D",
           "homogenised, full tensors, 2-D", "separator with its own electrolyte")


def taylor_order(system: System, load: Load, storage: Storage | None, rng) -> float:
    """Slope of the remainder over h at a random state, in a random direction."""
    n, unknowns = len(system.pore_volume), system.unknowns
    hosts = 0 if system.electrons is None else len(system.electrons.pattern.nodes)
    scalar = rng.uniform(10, 50) if unknowns.scalar_is_current else rng.uniform(0.05, 0.1)
    y = unknowns.pack(rng.uniform(300, 1700, n), rng.uniform(-0.05, 0.05, n), rng.uniform(-0.02, 0.02, hosts), scalar)
    v = rng.uniform(-1, 1, unknowns.size)
    R, J = system.evaluate(y, load, storage)
    same = system.residual(y, load, storage)
    assert np.linalg.norm(R - same) <= 1e-12 * np.linalg.norm(same)
    steps = 1e-2 * 0.5 ** np.arange(4)
    left = [np.linalg.norm(system.residual(y + h * v, load, storage) - R - h * (J @ v)) for h in steps]
    return float(np.polyfit(np.log(steps), np.log(left), 1)[0])


@pytest.mark.parametrize("name", REGIONS)
def test_taylor(name):
    """Every law with every counter electrode; film, load and storage alternate so that every pair of choices occurs."""
    mesh, media, host = region(name)
    rng = np.random.default_rng(REGIONS.index(name))
    orders = {}
    for i, (law, kinetics) in enumerate(KINETICS.items()):
        for j, (end, counter) in enumerate(COUNTERS.items()):
            film = FILM if (i + j) % 2 else cf.Film(R=0.0)
            cell = cells.make(mesh, LIPF6_EC_DMC, kinetics=kinetics, counter=counter, film=film, host=host, media=media)
            system = System.of(cell)
            load = Load(voltage=0.1) if (i // 2 + j) % 2 else Load(current=20.0)
            n = len(system.pore_volume)
            storage = Storage(rng.uniform(500, 1500, n), 0.3) if (i + j // 2) % 2 else None
            orders[law, end, load, storage is None] = taylor_order(system, load, storage, rng)
    assert {key: order for key, order in orders.items() if abs(order - 2) > 0.02} == {}


def test_every_pair_of_choices_occurs():
    """What `test_taylor` alternates."""
    rows = [(i, j, (i + j) % 2, (i // 2 + j) % 2, (i + j // 2) % 2) for i in range(4) for j in range(4)]
    levels = (4, 4, 2, 2, 2)
    for a in range(5):
        for b in range(a):
            assert len({(row[a], row[b]) for row in rows}) == levels[a] * levels[b], (a, b)


def test_the_remainder_of_a_wrong_tangent_falls_with_the_first_power():
    """The test can fail: one entry off by a millionth."""
    mesh, media, host = region("resolved, conducting, 2-D")
    system = System.of(cells.make(mesh, LIPF6_EC_DMC, media=media, host=host))

    class Off:
        def __getattr__(self, name):
            return getattr(system, name)

        def evaluate(self, *arguments):
            R, J = system.evaluate(*arguments)
            J.data[np.argmax(np.abs(J.data))] *= 1 + 1e-3
            return R, J

    assert taylor_order(Off(), Load(current=20.0), None, np.random.default_rng(0)) < 1.9

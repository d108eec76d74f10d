"""Make the README's picture from the demo's runs on the HGA: python docs/images/make.py [COARSEN]"""

import sys
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, KFSI_DME, LIPF6_EC_DMC, LITHIUM, NAPF6_EC_PC, POTASSIUM, SODIUM
from cellfem.results.pictures import panels
from cellfem.units import cm, mA, mAh

HERE = Path(__file__).parent
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=1 * mAh / cm**2)


def main(coarsen: float = 1.0) -> None:
    mesh = cf.Geometry.load(HERE.parents[1] / "geometries" / "hga.toml").mesh(coarsen=coarsen)
    runs = {}
    for metal, electrolyte in [(LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC), (POTASSIUM, KFSI_DME)]:
        cell = cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=GRAPHENE, separator=CELGARD_2500)
        runs[f"hga-{metal.symbol}"] = cf.solve(cell, PLATING)
    (HERE / "risk.png").write_bytes(panels(runs, "risk"))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))

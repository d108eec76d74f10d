"""When does Sand's time strike?  A plane in a thick layer: six electrolytes of three metals, and a seventh set.

    python cases/sands_time.py
        -> results/sands_time/: report.csv, report.html, sand.png (time against current, both logarithmic)

A bare plane under 1 mm of free electrolyte against a foil of the same metal.  Well above the limiting current the time
falls with the square of the current; at it, it becomes infinite.  What is right of the dashed line's crossing depletes
before 1 mAh/cm2 is plated.  docs/sands-time.md explains the formula.
"""
from pathlib import Path

import cellfem as cf
from cellfem.materials import (
    KFSI_DME,
    LIPF6_EC_DMC,
    LIPF6_EC_DMC_VALOEN,
    LIPF6_EC_EMC,
    LIPF6_EC_EMC_NYMAN,
    LIPF6_EMC_FEC,
    LITHIUM,
    NAPF6_EC_PC,
    POTASSIUM,
    SODIUM,
)
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
PLANE = {"name": "plane", "shape": "slab", "source": "reference problem: a thick layer; dimensions assumed",
         "dimension": 1, "size_um": [1000.0], "cell_size_um": 20.0, "surface_cell_size_um": 0.2}
CHEMISTRIES = {"Li, EC:DMC": (LITHIUM, LIPF6_EC_DMC), "Li, EC:EMC": (LITHIUM, LIPF6_EC_EMC),
               "Li, EMC:FEC": (LITHIUM, LIPF6_EMC_FEC), "Li, PC:EC:DMC (Valoen)": (LITHIUM, LIPF6_EC_DMC_VALOEN),
               "Li, EC:EMC (Nyman)": (LITHIUM, LIPF6_EC_EMC_NYMAN), "Na, EC:PC": (SODIUM, NAPF6_EC_PC),
               "K, DME": (POTASSIUM, KFSI_DME)}
CURRENTS = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 30.0, 100.0]  # [mA/cm2]
NEAR = [1.01, 1.03, 1.1]  # times the limiting current of each: where the times bend toward it
CAPACITY = 1 * mAh / cm**2


def main(out=ROOT / "results" / "sands_time", coarsen=1.0):
    mesh = cf.Geometry.from_dict(PLANE).mesh(coarsen=coarsen)
    cells = {name: cf.Cell(mesh, metal=metal, electrolyte=electrolyte)
             for name, (metal, electrolyte) in CHEMISTRIES.items()}
    currents = CURRENTS if coarsen <= 1 else CURRENTS[::3]
    study = cf.sand_study(cells, [current * mA / cm**2 for current in currents], near=NEAR, errors=coarsen <= 1)
    return cf.write_sand(out, study, capacity=CAPACITY)


if __name__ == "__main__":
    print(cf.format_table(main()))

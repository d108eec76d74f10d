"""How fast may a host be plated, and how full, before it runs dry?  VGA, HGA and a graded host, for Li, Na and K.

    python cases/safe_operation.py
        -> results/safe_operation/: report.csv, report.html, safe.png (largest current for 1 mAh/cm2);
           capacity/: the largest capacity at 5 mA/cm2; risk.html: where each host is when its current is safe

Safe: the worst place keeps half of its salt (risk 0.5) until the target is plated.  Both edges are solved for by
transient runs.  VGA and HGA are their cross-sections; the graded host is homogenised, with a porosity that falls from
the mouth to the collector.
"""
from pathlib import Path

import cellfem as cf
from cellfem.materials import (
    CELGARD_2500,
    GRAPHENE,
    KFSI_DME,
    LIPF6_EC_DMC,
    LITHIUM,
    NAPF6_EC_PC,
    POTASSIUM,
    SODIUM,
)
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
DESIGNS = {"VGA": "vga_2d", "HGA": "hga_2d", "graded": "graded_porosity"}
CHEMISTRIES = [(LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC), (POTASSIUM, KFSI_DME)]
CAPACITY, CURRENT, RISK = 1 * mAh / cm**2, 5 * mA / cm**2, 0.5
TOLERANCE = 2e-3


def main(out=ROOT / "results" / "safe_operation", coarsen=1.0):
    cells = {}
    for name, stem in DESIGNS.items():
        design = cf.Geometry.load(ROOT / "geometries" / f"{stem}.toml")
        mesh = design.mesh(coarsen=1.5 * coarsen)
        for metal, electrolyte in CHEMISTRIES:
            cells[f"{name}-{metal.symbol}"] = cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=GRAPHENE,
                                                      separator=CELGARD_2500, **cf.graded(design))
    asked = {"risk": RISK, "tolerance": min(coarsen, 3) * TOLERANCE}
    currents = {name: cf.safe_current(cell, CAPACITY, **asked) for name, cell in cells.items()}
    capacities = {name: cf.safe_capacity(cell, CURRENT, **asked) for name, cell in cells.items()}
    rows = cf.write_safe(out, cells, currents, title="How fast may 1 mAh/cm2 be plated?")
    cf.write_safe(Path(out) / "capacity", cells, capacities, title="How much may be plated at 5 mA/cm2?")
    cf.write_risk_maps(out, {name: found.solution for name, found in currents.items()})
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

"""How far may a scaffold be replaced by its effective medium?  VGA, and HGA with ever finer layers, on both scales.

    python cases/resolved_vs_homogenised.py
        -> results/resolved_vs_homogenised/: report.csv, report.html, differences.csv, one .pvd per cell for ParaView

Straight channels are what homogenising assumes, so VGA and its twin agree.  Between the sheets of HGA the metal plates
on both faces along a winding path whose cells are as long as the half period: the twin, which has forgotten them, lies
below.  Sheets, gaps and period made smaller together keep the effective medium and shrink the difference.
"""
from dataclasses import replace
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=1 * mAh / cm**2)
CELL = {"metal": LITHIUM, "electrolyte": LIPF6_EC_DMC, "separator": CELGARD_2500}


def finer(design, factor):
    """An HGA with sheets, gaps and period divided by `factor`; the height stays."""
    sheets = design.baffles
    return replace(design, size=(design.size[0] / factor, design.size[1]), cell_size=design.cell_size / factor,
                   baffles=replace(sheets, pitch=sheets.pitch / factor, thickness=sheets.thickness / factor,
                                   gap=sheets.gap / factor))


def main(out=ROOT / "results" / "resolved_vs_homogenised", coarsen=1.0):
    vga, hga = (cf.Geometry.load(ROOT / "geometries" / f"{name}.toml") for name in ("vga_2d", "hga_2d"))
    designs = {"vga": vga, "hga-10um": hga, "hga-5um": finer(hga, 2), "hga-2.5um": finer(hga, 4)}
    runs, differences = {}, []
    for name, design in designs.items():
        mesh = design.mesh(coarsen=coarsen)
        resolved = cf.solve(cf.Cell(mesh, host=GRAPHENE, **CELL), PLATING)
        medium = cf.homogenise(mesh, host=GRAPHENE)
        twin = cf.Cell(design.envelope(dimension=1).mesh(), media={"electrode": medium}, **CELL)
        runs[f"{name}-resolved"], runs[f"{name}-homogenised"] = resolved, cf.solve(twin, PLATING)
        numbers = cf.twin_differences(resolved, runs[f"{name}-homogenised"])
        differences.append({"run": name, "tortuosity factor, z [-]": medium.tortuosity_factor[2, 2], **numbers})
    rows = cf.write_report(out, runs)
    cf.write_table(out, "differences", differences)
    print(cf.format_table(differences))
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

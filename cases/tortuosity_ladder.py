"""What does a tortuosity factor decide?  Designs from straight pores to long labyrinths, Li, Na and K, on both scales.

    python cases/tortuosity_ladder.py
        -> results/tortuosity_ladder/: ladder.csv and ladder.png (drop, spread and risk against the tortuosity factor),
           reached.csv (where each published number, and both of a design, are met, and what else holds there),
           report.csv, report.html and .pvd files of VGA and HGA

Gap, overlap and spacing of the sheets are varied one at a time from the shipped HGA; every design runs at several
currents and exchange currents.  Surfaces are bare (no film) and slow (a hundredth of the default exchange currents),
both assumed: with fast kinetics nothing at all plates deep in a labyrinth.  Runs are steady states; on the homogenised
scale 1 mAh/cm2 is plated from rest as well, at 2 and 3 mA/cm2, since a cell may never become steady.  The published
numbers, drops of 2.7 and 43.2 % and spreads of 3.6 and 283 % (Chen et al., Joule 2020, 4, 938), stand as dashed lines:
their geometry is not known, so meeting them is no validation, but it shows what has to hold besides the tortuosity
factor.
"""
from dataclasses import replace
from math import exp, isfinite, log
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, KFSI_DME, LIPF6_EC_DMC, LITHIUM, NAPF6_EC_PC, POTASSIUM, SODIUM
from cellfem.units import cm, mA, mAh, um

ROOT = Path(__file__).parents[1]
CHEMISTRIES = [(LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC), (POTASSIUM, KFSI_DME)]
# name -> (current [mA/cm2], share of the metal's default exchange current)
CONDITIONS = {"base": (2.0, 0.01), "low current": (1.0, 0.01), "high current": (3.0, 0.01), "faster": (2.0, 0.03),
              "slower": (2.0, 0.001)}
TAU, DROP = "tortuosity factor, z [-]", "concentration drop across host [%]"
SPREAD, RISK = "plating current, max/min - 1 [%]", "risk, max [-]"
LATER = "risk, max, after 1 mAh/cm2 from rest [-]"
PUBLISHED = {"vga": {DROP: 2.7, SPREAD: 3.6}, "hga": {DROP: 43.2, SPREAD: 283.0}}
MARKED = {key: [(numbers[key], f"published, {name.upper()}") for name, numbers in PUBLISHED.items()]
          for key in (DROP, SPREAD)}


def designs():
    vga, hga = (cf.Geometry.load(ROOT / "geometries" / f"{name}.toml") for name in ("vga_2d", "hga_2d"))
    rungs = {"vga": vga, "hga": hga}
    rungs |= {f"gap-{b}um": replace(hga, baffles=replace(hga.baffles, gap=b * um)) for b in (5, 20)}
    rungs |= {f"overlap-{a - 20}um": replace(hga, size=(a * um, hga.size[1])) for a in (22, 30, 80)}
    return rungs | {f"spacing-{h}um": replace(hga, baffles=replace(hga.baffles, pitch=h * um)) for h in (5, 20)}


def make(mesh, metal, electrolyte, share, media=None):
    """A cell with bare surfaces whose exchange current is `share` of the metal's."""
    kinetics = replace(metal.kinetics, i_0=share * metal.kinetics.i_0)
    return cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=GRAPHENE, separator=CELGARD_2500, media=media,
                   kinetics=kinetics, film=cf.Film(R=0.0))


def rungs(coarsen):
    """(row, run) of every design, metal, condition and scale."""
    for name, design in designs().items():
        mesh = design.mesh(coarsen=coarsen)
        twin = design.envelope(dimension=1).mesh(coarsen=coarsen)
        media = {"electrode": cf.homogenise(mesh, host=GRAPHENE)}
        for metal, electrolyte in CHEMISTRIES:
            for condition, (current, share) in CONDITIONS.items():
                for scale, place in (("resolved", (mesh, None)), ("homogenised", (twin, media))):
                    cell = make(place[0], metal, electrolyte, share, place[1])
                    run = cf.solve(cell, cf.Steady(current=current * mA / cm**2))
                    row = cf.report(run)
                    if scale == "homogenised" and condition in ("base", "high current"):
                        later = cf.solve(cell, cf.Galvanostatic(current=current * mA / cm**2, capacity=1 * mAh / cm**2))
                        row[LATER] = cf.report(later)[RISK]
                    yield {"run": f"{name}-{metal.symbol}-{condition}-{scale}", "design": name, "metal": metal.symbol,
                           "condition": condition, "scale": scale, "who": f"{metal.symbol}, {scale}",
                           "current density [mA/cm2]": current, "i_0 over default [-]": share,
                           TAU: float(media["electrode"].tortuosity_factor[2, 2]),
                           **{key: row.get(key, float("nan")) for key in (
                               "electrode tortuosity factor, z [-]", DROP, SPREAD, RISK, LATER,
                               "limiting current [mA/cm2]")}}, run


def reached(rows):
    """The rows that come nearest to each published number and to both of a design, in the mean of the logarithms."""
    found = []
    for name, numbers in PUBLISHED.items():
        for what, targets in (("both", numbers), *((key, {key: value}) for key, value in numbers.items())):
            def far(row, targets=targets):
                values = [row[key] for key in targets]
                if not all(isfinite(v) and v > 0 for v in values):
                    return float("inf")
                off = [abs(log(value / target)) for value, target in zip(values, targets.values(), strict=True)]
                return sum(off) / len(off)
            best = min(rows, key=far)
            found.append({"run": f"published-{name}: {what}", "nearest": best["run"],
                          "mean factor off [-]": exp(far(best)),
                          "limiting over applied current [-]": best["limiting current [mA/cm2]"]
                          / best["current density [mA/cm2]"],
                          **{f"published: {key}": value for key, value in targets.items()},
                          **{key: value for key, value in best.items() if key not in ("run", "who")}})
    return found


def main(out=ROOT / "results" / "tortuosity_ladder", coarsen=1.0):
    rows, shown = [], {}
    for row, run in rungs(coarsen):
        rows.append(row)
        if row["design"] in PUBLISHED and row["condition"] == "base" and row["scale"] == "resolved":
            shown[f"{row['design']}-{row['metal']}"] = run
    report = cf.write_report(out, shown, title="What does a tortuosity factor decide?")
    cf.write_table(out, "ladder", rows)
    cf.write_curves(out, "ladder", rows, x=TAU, values=[DROP, SPREAD, RISK, LATER], group="who", marked=MARKED)
    nearest = reached(rows)
    cf.write_table(out, "reached", nearest)
    print(cf.format_table(nearest))
    return report


if __name__ == "__main__":
    print(cf.format_table(main()))

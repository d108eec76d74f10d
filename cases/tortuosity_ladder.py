"""What does a tortuosity factor decide?  Designs from straight pores to long labyrinths, Li, Na and K, on both scales.

    python cases/tortuosity_ladder.py
        -> results/tortuosity_ladder/: ladder.csv and ladder.png (drop, spread and risk against the tortuosity factor),
           reached.csv and verdict.txt (where each published number, and both of a design, are met, and what else has
           to hold there), report.csv, report.html and .pvd files of VGA and HGA

Gap, overlap and spacing of the sheets are varied one at a time from the shipped HGA; every design runs at several
currents and exchange currents.  Surfaces are bare (no film) and slow (a hundredth of the default exchange currents),
both assumed: with fast kinetics nothing at all plates deep in a labyrinth.  Runs are steady states; since a cell may
never become steady, 1 mAh/cm2 is plated from rest as well: on the homogenised scale by all at 2 and 3 mA/cm2, resolved
by the two shipped designs at 2 mA/cm2.  The transport of the twins does not follow the deposit, as the meshes do not.
The published numbers, drops of 2.7 and 43.2 % and spreads of 3.6 and 283 % (Chen et al., Joule 2020, 4, 938), stand as
dashed lines: their geometry is not known, so meeting them is no validation, but it shows what has to hold besides the
tortuosity factor.
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
LONG = {("homogenised", "base"), ("homogenised", "high current"), *(("resolved", "base", name) for name in PUBLISHED)}
STILL = cf.Growth(transport=0.0, electronic=0.0)
MEASURED = 4.46  # [-] tortuosity of HGA, the same source; whether a factor or its root is not said
NEAR = 1.3  # [-] mean factor up to which both numbers of a design count as met
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
        media = {"electrode": replace(cf.homogenise(mesh, host=GRAPHENE), growth=STILL)}
        for metal, electrolyte in CHEMISTRIES:
            for condition, (current, share) in CONDITIONS.items():
                for scale, place in (("resolved", (mesh, None)), ("homogenised", (twin, media))):
                    cell = make(place[0], metal, electrolyte, share, place[1])
                    run = cf.solve(cell, cf.Steady(current=current * mA / cm**2))
                    row = cf.report(run)
                    if (scale, condition) in LONG or (scale, condition, name) in LONG:
                        later = cf.solve(cell, cf.Galvanostatic(current=current * mA / cm**2, capacity=1 * mAh / cm**2))
                        row[LATER] = cf.report(later)[RISK]
                    yield {"run": f"{name}-{metal.symbol}-{condition}-{scale}", "design": name, "metal": metal.symbol,
                           "condition": condition, "scale": scale, "who": f"{metal.symbol}, {scale}",
                           "current density [mA/cm2]": current, "i_0 over default [-]": share,
                           TAU: float(media["electrode"].tortuosity_factor[2, 2]),
                           **{key: row.get(key, float("nan")) for key in (
                               "electrode tortuosity factor, z [-]", DROP, SPREAD, RISK, LATER,
                               "limiting current [mA/cm2]")}}, run


def off(row, targets):
    """The mean factor by which a row misses the published numbers."""
    values = [row[key] for key in targets]
    if not all(isfinite(v) and v > 0 for v in values):
        return float("inf")
    return exp(sum(abs(log(v / target)) for v, target in zip(values, targets.values(), strict=True)) / len(values))


def reached(rows):
    """The rows that come nearest to each published number and to both of a design, in the mean of the logarithms."""
    found = []
    for name, numbers in PUBLISHED.items():
        for what, targets in (("both", numbers), *((key, {key: value}) for key, value in numbers.items())):
            best = min(rows, key=lambda row, targets=targets: off(row, targets))
            found.append({"run": f"published-{name}: {what}", "nearest": best["run"],
                          "mean factor off [-]": off(best, targets),
                          "limiting over applied current [-]": best["limiting current [mA/cm2]"]
                          / best["current density [mA/cm2]"],
                          **{f"published: {key}": value for key, value in targets.items()},
                          **{key: value for key, value in best.items() if key not in ("run", "who")}})
    return found


def span(rows, key):
    low, high = (pick(row[key] for row in rows) for pick in (min, max))
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def verdict(rows):
    """In words: where the published numbers of each design are met, what holds there, what the factor leaves open."""
    text = []
    for name, numbers in PUBLISHED.items():
        best = min(rows, key=lambda row, numbers=numbers: off(row, numbers))
        text.append(f"Published {name.upper()} (drop {numbers[DROP]:g} %, spread {numbers[SPREAD]:g} %): nearest is"
                    f" {best['run']} with {best[DROP]:.3g} and {best[SPREAD]:.3g} %, a mean factor of"
                    f" {off(best, numbers):.2f} off.")
        for what, targets in (("drop alone", {DROP: numbers[DROP]}), ("spread alone", {SPREAD: numbers[SPREAD]}),
                              ("both", numbers)):
            met = [row for row in rows if off(row, targets) <= NEAR]
            text.append(f"  {what}: within a factor of {NEAR:g} in {len(met)} of {len(rows)} runs" + (
                f", at tortuosity factors of {span(met, TAU)}, {span(met, 'current density [mA/cm2]')} mA/cm2 and"
                f" {span(met, 'i_0 over default [-]')} of the default exchange currents." if met else "."))
        text += [f"    {row['run']}: factor {row[TAU]:.3g}, {row['current density [mA/cm2]']:g} mA/cm2,"
                 f" {row['i_0 over default [-]']:g} i_0; {row[DROP]:.3g} and {row[SPREAD]:.3g} %" for row in met]
        same = [row for row in rows if row["design"] == best["design"] and isfinite(row[SPREAD])]
        text.append(f"  What else has to hold: at the factor of {best['design']}, {best[TAU]:.3g}, metals, currents and"
                    f" exchange currents make drops of {span(same, DROP)} % and spreads of {span(same, SPREAD)} %.")
    return [*text, *_together(rows)]


def _together(rows):
    """Which one set of metal, current, exchange current and scale serves both published designs best."""
    (straight, low), (_, high) = PUBLISHED.items()
    alike = ("metal", "condition", "scale")
    pairs = [(a, b) for a in rows if a["design"] == straight for b in rows
             if b["design"] != straight and all(a[key] == b[key] for key in alike)]
    a, b = min(pairs, key=lambda pair: off(pair[0], low) * off(pair[1], high))
    below, above = (pick(row[TAU] for row in rows if (row[TAU] <= MEASURED) == (pick is max)) for pick in (max, min))
    return [f"One set of conditions for both designs: {', '.join(str(a[key]) for key in alike)}; {a['design']} then"
            f" misses its two by a mean factor of {off(a, low):.2f}, {b['design']} (factor {b[TAU]:.3g}) by"
            f" {off(b, high):.2f}.",
            f"The measured {MEASURED:g}, taken as a factor, lies between the {below:.3g} and the {above:.3g} of two of"
            f" these designs; squared, it is {MEASURED**2:.3g}."]


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
    said = "\n".join(verdict(rows))
    (Path(out) / "verdict.txt").write_text(said + "\n", encoding="utf-8")
    print(f"\n{said}\n")
    return report


if __name__ == "__main__":
    print(cf.format_table(main()))

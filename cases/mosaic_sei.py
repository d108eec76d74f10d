"""When do the patches of a mosaic film make hot spots?  One film, fine patches, and patches of growing size.

    python cases/mosaic_sei.py
        -> results/mosaic_sei/: report.csv, report.html, view.py and a .pvd time series per film;
           hot_spots.csv and hot_spots.png: percentiles of the plating current against the size of the patches

A fifth of the sheets of VGA (in 2-D) lies under a film that conducts ten times better than the rest.  `even` has the
same film everywhere, of the resistance that all patches have in parallel; `fine` has patches much smaller than any
pore; the others are laid out at random with a correlation length.  What makes a hot spot is the ratio of the films, at
any size of patch far below kappa R, some millimetres here, over which the electrolyte would even it out.
"""
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, mA, mAh, um

ROOT = Path(__file__).parents[1]
SHARES, FILMS = (0.8, 0.2), (cf.Film(R=1e-2), cf.Film(R=1e-3))     # [Ohm m2] per true area
LENGTHS_UM, SEED = [5.0, 10.0, 20.0], 1
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=0.5 * mAh / cm**2)
LENGTH = "film correlation length [um]"
CURRENTS = [f"plating current, {name} percentile [mA/cm2]" for name in ("1st", "50th", "99th")]


def films():
    fine = cf.MosaicFilm(shares=SHARES, films=FILMS)
    in_parallel = 1 / sum(share / film.R for share, film in zip(SHARES, FILMS, strict=True))
    laid_out = {f"{length:g} um": cf.MosaicFilm(shares=SHARES, films=FILMS, correlation_length=length * um, seed=SEED)
                for length in LENGTHS_UM}
    return {"even": cf.Film(R=in_parallel), "fine": fine, **laid_out}


def main(out=ROOT / "results" / "mosaic_sei", coarsen=1.0):
    mesh = cf.Geometry.load(ROOT / "geometries" / "vga_2d.toml").mesh(coarsen=coarsen)
    runs = {name: cf.solve(cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, film=film,
                                   separator=CELGARD_2500), PLATING) for name, film in films().items()}
    rows = cf.write_report(out, runs, title="When do the patches of a mosaic film make hot spots?")
    spots = [{"run": row["run"], LENGTH: row[LENGTH], "percentile": key.split()[2],
              "plating current [mA/cm2]": row[key]} for row in rows if row["run"] != "even" for key in CURRENTS]
    cf.write_table(out, "hot_spots", spots)
    cf.write_curves(out, "hot_spots", spots, x=LENGTH, values=["plating current [mA/cm2]"], group="percentile",
                    logarithmic=False)
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

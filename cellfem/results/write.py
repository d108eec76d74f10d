"""The results of runs as files: report.csv, report.html, one .pvd per run, and view.py for ParaView."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from string import Template

import numpy as np

from cellfem.errors import did_you_mean, explain
from cellfem.fields import FIELDS, label
from cellfem.model.solution import Solution
from cellfem.results.atomic import check_folder, write_text
from cellfem.results.check import Checked, check_csv
from cellfem.results.curves import depth_profiles, nucleation_traces, voltages
from cellfem.results.deposit import drawn_thickness, filled
from cellfem.results.export import check_name, write_solution
from cellfem.results.html import report_html
from cellfem.results.pages import Picture
from cellfem.results.pictures import several_panels
from cellfem.results.report import report
from cellfem.results.tables import RUN, csv_text, format_table, need_rows
from cellfem.studies.asked import need_runs

__all__ = ["format_table", "write_report", "write_table"]

TITLE = "Where does the metal plate, how far do the ions deplete, and when does Sand's time strike?"
_MIRRORED = " Slender symmetry cells are continued across their symmetry sides."


def write_report(out: str | Path, runs: Mapping[str, Solution], *, title: str | None = None,
                 checks: Mapping[str, Sequence[Checked]] | None = None) -> list[dict[str, float | str]]:
    """Write the report of `runs` (name -> Solution) into the folder `out`; returns its rows, one dict per run.

    report.csv has a row per run and a column per reported number; report.html stands alone; each run's .pvd and
    view.py are for ParaView.  A run without a solved moment (a steady current above the limit) has its row and its
    outcome, but no fields.  `title` is the question that the runs answer.  `checks` (name of a run -> what
    `refine_check` returns) adds the discretisation errors to the page, and errors.csv.  All that can fail is computed
    before the first file is touched; an earlier report in the folder is taken away first, so that the report that
    stands there always belongs to the fields beside it.

    Raises ValueError where there are no runs, where a run's name is no file name, or where `out` cannot be written.
    """
    out = check_folder(out)
    need_runs("write_report", runs)
    for name in runs:
        check_name(name)
    for name in checks or {}:
        if name not in runs:
            raise ValueError(explain("write_report: checks", f"found {name!r}", "the name of a run is needed",
                                     did_you_mean(name, runs)))
    rows = [{RUN: name, **report(run)} for name, run in runs.items()]
    solved = {name: run for name, run in runs.items() if len(run.times)}  # a steady current may have had no solution
    page = report_html(runs, rows, pictures_of(solved), title=title or TITLE,
                       when=datetime.now().astimezone(), checks=checks or {})
    out.mkdir(parents=True, exist_ok=True)
    _take_away_earlier(out, runs)
    for name, run in solved.items():
        write_solution(run, out, name)
    if solved:
        write_text(out / "view.py", view_script(out, solved))
    if checks:
        write_text(out / "errors.csv", check_csv(checks))
    write_text(out / "report.csv", csv_text(rows))
    write_text(out / "report.html", page)
    return rows


def _take_away_earlier(out: Path, runs: Mapping[str, Solution]) -> None:
    """Remove the report that stands in the folder, its pictures, and the fields of runs that the new one has not."""
    table = out / "report.csv"
    text = table.read_text(encoding="utf-8") if table.exists() else ""
    gone = [row.get(RUN) for row in csv.DictReader(io.StringIO(text)) if row.get(RUN) not in runs]
    for name in (name for name in gone if name and Path(name).name == name):
        (out / f"{name}.pvd").unlink(missing_ok=True)
        for file in (out / name).glob("*.vtu"):
            file.unlink()
        with contextlib.suppress(OSError):  # the user's own files lie there too, or no folder does
            (out / name).rmdir()
    names = ["report.html", "report.csv", "errors.csv", "view.py", "view.png",
             *(["risk.html", "risk.csv"] if gone else [])]
    for file in [*(out / name for name in names), *out.glob("growth_*.png")]:
        file.unlink(missing_ok=True)


def write_table(out: str | Path, name: str, rows: Sequence[Mapping[str, float | str]]) -> Path:
    """Write rows, each with its name under `run`, as `name.csv` into the folder `out`; returns the path."""
    check_name(name)
    need_rows("write_table", rows)
    out = check_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    return write_text(out / f"{name}.csv", csv_text(rows))


def pictures_of(runs: Mapping[str, Solution]) -> list[Picture]:
    """The pictures of a report, each with the words that it needs; runs in 1-D are curves and get their own."""
    flat = {name: run for name, run in runs.items() if run.cell.mesh.dim() == 1}
    solid = {name: run for name, run in runs.items() if name not in flat}
    drawn = [picture for group in (solid, flat) if group for picture in _field_pictures(group)]
    if runs:
        drawn.append(Picture("Plating against depth",
                             "Area mean of the plating current at each depth below the top of the host, at the last"
                             " moment of plating.", depth_profiles(runs)))
    start = nucleation_traces(runs)
    if start is not None:
        drawn.append(Picture("Start on the bare host",
                             "Mean overpotential of the surface, film included and electrolyte left out, against what"
                             " has been plated: nucleation's peak, and the plateau after it. Triangles: where the dip"
                             " of the table begins and ends. Cut off where depletion drives it far above the peaks.",
                             start))
    voltage = voltages(runs)
    if voltage is not None:
        drawn.append(Picture("Cell voltage", "Counter electrode against collector; x marks depletion, + a closed pore.",
                             voltage))
    return drawn


def _field_pictures(runs: Mapping[str, Solution]) -> list[Picture]:
    grown = any(np.any(run.sites["q"] > 0) for run in runs.values())
    png = several_panels(runs, ["c_ratio", "plating", "risk", *(["thickness"] if grown else [])])
    deposit = [] if not grown else [Picture(
        "Deposit", "Thickness of the dense deposit at the last moment of plating, one scale for all runs, from the 1st"
        " to the 99th area percentile. The mesh does not move; view.py shows it grow." + _MIRRORED, png["thickness"])]
    return [
        Picture("Salt concentration over its initial value",
                "c/c_0 at the last moment of plating, one scale for all runs: white at 1, red below, blue above; it"
                " spans at least 0.5 to 1.5. Grey: solid host. Dashed: top of the host, faces of the separator. 3-D"
                " runs: the plane in the middle of y." + _MIRRORED, png["c_ratio"]),
        Picture("Plating current on the host",
                "Per true area at the last moment of plating, one scale for all runs, from the 1st to the 99th area"
                " percentile: raw extremes at sharp edges depend on the mesh." + _MIRRORED, png["plating"]),
        Picture("Risk map",
                "Predicted depletion of each place when the target capacity is plated. From 1 on (orange to red) the"
                " electrolyte there runs out of ions before; below (blue) it does not." + _MIRRORED, png["risk"]),
        *deposit,
    ]


def view_script(out: Path, runs: Mapping[str, Solution]) -> str:
    """view.py for ParaView."""
    source = Path(__file__).with_name("view.py.in").read_text(encoding="utf-8")
    thicker, most = drawn_thickness(list(runs.values()))
    surfaces, shown = any(len(run.cell.sites.facets) for run in runs.values()), "thickness"
    if not surfaces:  # a thickness in fine pores says little beside one in coarse pores
        shown, most = "filling", max(float(filled(run, k).max()) for run in runs.values()
                                     for k in range(len(run.times)))
    end = max(float(run.times[-1]) for run in runs.values())
    fullest = {name: 100 * float(filled(run, -1).max()) for name, run in runs.items()}
    return Template(source).substitute(
        folder=repr(str(out.absolute())), runs=repr(list(runs)), array=repr(label("risk")),
        growth=repr(label("growth")), shown=repr(label(shown)), thicker=repr(thicker), surfaces=repr(bool(surfaces)),
        most=repr(most / FIELDS[shown].shown), end=repr(end),
        fullest=repr({name: round(most, 3) for name, most in fullest.items() if most > 0}))

"""The command line: `cellfem compare`, `solve`, `limit`, `sand`, `safe`, `mesh`, `tortuosity`, `materials`.

It turns words into the library's objects, runs them, and prints.  Exit codes: 0 done (depletion is a result),
2 bad input, 3 not converged, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

from tqdm import tqdm

import cellfem as cf
from cellfem.cli.designs import load, run_mesh, run_tortuosity
from cellfem.cli.flags import AGAINST, CUTOFF, METALS, parse
from cellfem.cli.limits import run_limit, run_safe, run_sand
from cellfem.errors import explain
from cellfem.materials import catalogue, default_electrolyte
from cellfem.results.atomic import check_folder
from cellfem.results.check import check_factors
from cellfem.results.library import format_materials
from cellfem.results.verdict import verdict
from cellfem.units import cm, from_celsius, mA, mAh

BAD_INPUT, NOT_CONVERGED, INTERRUPTED = 2, 3, 130


def main(argv: list[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    try:
        arguments = parse(argv)
    except SystemExit as stop:  # argparse: 0 after --help and --version, 2 after bad flags
        return int(stop.code or 0)
    try:
        with _warnings_on_one_line():
            COMMANDS[arguments.command](arguments)
    except cf.ConvergenceError as error:
        return _fail(error, NOT_CONVERGED, arguments)
    except BrokenPipeError:  # the reader of our output left: `cellfem materials | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        return _fail(error, BAD_INPUT, arguments)
    except KeyboardInterrupt:
        print("cellfem: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def run_cells(a: argparse.Namespace) -> None:
    """`compare` and `solve`: everything is read and checked before anything runs."""
    step = protocol(a)
    check_factors("--check-against", a.check_against)
    out = check_folder(a.out or default_folder(a))
    cells, checks = {}, {}
    for name, geometry, mesh, make in combinations(a):
        cells[name] = make(mesh)
        checks[name] = partial(cf.refine_check, geometry, make, step, coarsen=a.coarsen, against=a.check_against)
    runs = run_all(cells, step)
    rows = cf.write_report(out, runs)
    for name, run in runs.items():
        for text in run.warnings:
            print(f"cellfem: warning: {name}: {text}", file=sys.stderr)
    print(cf.format_table(rows))
    if said := verdict(rows):
        print("", *said, sep="\n")
    for name, run in runs.items():
        if a.cycles is not None:
            print(f"\nCycles of {name}\n{cf.format_table(cf.cycle_table(run))}")
    print(f"\nReport with pictures and assumptions: {out / 'report.html'}")
    if any(len(run.times) for run in runs.values()):
        print(f"ParaView: open {out}/*.pvd, or run  pvpython {out / 'view.py'}")
    if a.risk_maps and any(len(run.times) for run in runs.values()):
        cf.write_risk_maps(out, runs)
        print(f"Risk maps: {out / 'risk.html'}")
    if a.check or a.check_against != AGAINST:
        add_checks(out, runs, checks)


def combinations(a: argparse.Namespace):
    """(name, design, mesh, mesh -> cell) of every design with every metal."""
    chosen = {metal.symbol: electrolyte(metal, a.electrolyte) for metal in a.metal}
    if len(chosen) < len(a.metal):
        raise ValueError(explain("--metal", f"found {' '.join(metal.symbol for metal in a.metal)}", "each metal once is"
                                 " needed", "Leave out what stands there twice."))
    _refuse_idle_electrolytes(a.electrolyte, chosen)
    for stem, geometry in load(a.designs).items():
        mesh = geometry.mesh(coarsen=a.coarsen)
        for metal, own in chosen.items():
            yield f"{stem}-{metal}", geometry, mesh, partial(cell, a, metal=METALS[metal], own=own,
                                                             given=cf.graded(geometry))


def default_folder(a: argparse.Namespace) -> Path:
    """Where results go that are told no folder."""
    return Path("results") / "_vs_".join(Path(design).stem for design in a.designs)


def study(run):
    """A command that finds limits: `run(arguments, cells, folder)` after everything is read and checked."""
    def command(a: argparse.Namespace) -> None:
        out = check_folder(a.out or Path(f"{default_folder(a)}_{a.command}"))
        run(a, {name: make(mesh) for name, _, mesh, make in combinations(a)}, out)
    return command


def add_checks(out: Path, runs: dict[str, cf.Solution], checks: dict) -> None:
    """Estimate the discretisation errors, print them, and write the report again with them."""
    found = {}
    for name, run in tqdm(runs.items(), desc="check", disable=None):
        found[name] = checks[name](run=run)
        tqdm.write(f"\nDiscretisation errors of {name}\n{cf.format_check(found[name])}", file=sys.stdout)
    cf.write_report(out, runs, checks=found)


def run_all(cells: dict[str, cf.Cell], step) -> dict[str, cf.Solution]:
    """Solve every cell, with a progress bar where stderr is a terminal."""
    runs = {}
    shown = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} runs [{elapsed}<{remaining}]"
    with tqdm(total=len(cells), bar_format=shown, disable=None) as bar:  # None: quiet where there is no terminal
        for done, (name, one) in enumerate(cells.items()):
            bar.set_description(name)

            def advance(fraction: float, time: float = 0.0, done: int = done) -> None:
                bar.update(done + fraction - bar.n)

            runs[name] = cf.solve(one, step, progress=advance)
            advance(1.0)
    return runs


def protocol(a: argparse.Namespace) -> cf.Galvanostatic | cf.Steady | list[cf.Galvanostatic]:
    """What the flags ask for: a step, or the steps of cycles."""
    step = plating(a)
    if a.cycles is None:
        if a.strip_cutoff_V is not None:
            raise ValueError(explain("--strip-cutoff-V", f"found {a.strip_cutoff_V:g} without --cycles", "--cycles N is"
                                     " needed beside it", "Say how often to plate and strip: --cycles 1."))
        return step
    if a.steady:
        raise ValueError(explain("--cycles", f"found {a.cycles} with --steady", "--capacity-mAh-cm2 or --duration-s is"
                                 " needed beside it", "A steady state neither begins nor ends; say how much to plate."))
    strip = cf.Galvanostatic(current=-step.current, capacity=2 * step.current * step.time,  # ends where none is left
                             cutoff=CUTOFF if a.strip_cutoff_V is None else a.strip_cutoff_V)
    return [step, strip] * a.cycles


def plating(a: argparse.Namespace) -> cf.Galvanostatic | cf.Steady:
    """The step that plates."""
    current = a.current_mA_cm2 * mA / cm**2
    if current <= 0:
        raise ValueError(explain("--current-mA-cm2", f"found {a.current_mA_cm2:g}", "a plating current (> 0) is needed",
                                 "To strip after plating, add --cycles 1; only scripts rest (cf.Rest)."))
    ends = {"--capacity-mAh-cm2": a.capacity_mAh_cm2, "--duration-s": a.duration_s, "--steady": a.steady or None}
    given = [flag for flag, value in ends.items() if value is not None]
    if len(given) != 1:
        raise ValueError(explain("end of the run", f"found {' and '.join(given) or 'none'}",
                                 f"exactly one of {', '.join(ends)} is needed", "Say when to stop."))
    if a.steady:
        return cf.Steady(current=current)
    capacity = None if a.capacity_mAh_cm2 is None else a.capacity_mAh_cm2 * mAh / cm**2
    return cf.Galvanostatic(current=current, capacity=capacity, duration=a.duration_s)


def electrolyte(metal: cf.Metal, given: list[cf.Electrolyte]) -> cf.Electrolyte:
    """The electrolyte for a metal: of those given the one with its cation, else the default."""
    fitting = [one for one in given if one.cation in (metal.symbol, None)]
    if len(fitting) > 1:
        raise ValueError(explain("--electrolyte", f"found {' and '.join(one.name for one in fitting)} for {metal.name}",
                                 "one per metal is needed", "Run them one after the other."))
    return fitting[0] if fitting else default_electrolyte(metal)


def _refuse_idle_electrolytes(given: list[cf.Electrolyte], chosen: dict[str, cf.Electrolyte]) -> None:
    for one in given:
        if one not in chosen.values():
            raise ValueError(explain("--electrolyte", f"found {one.name}, whose cation is {one.cation}",
                                     f"the metals of this run are {', '.join(chosen)}",
                                     "Add that metal with --metal, or choose another electrolyte."))


def cell(a: argparse.Namespace, mesh, metal: cf.Metal, own: cf.Electrolyte, given: dict | None = None) -> cf.Cell:
    """The cell that the flags describe, on a mesh, for a metal and its electrolyte; flags go before what a design says
    of its film (`given`)."""
    given = dict(given or {})
    if a.substrate is not None:
        given["substrate"] = a.substrate
    if a.film_Ohm_m2 is not None:
        given["film"] = cf.Film(R=a.film_Ohm_m2)
    kinetics = None if a.i0_A_m2 is None else replace(metal.kinetics, i_0=a.i0_A_m2)
    return cf.Cell(mesh, metal=metal, electrolyte=own, host=a.host, separator=a.separator, kinetics=kinetics,
                   temperature=from_celsius(a.temperature_degC), counter=a.counter, **given)


def run_materials(a: argparse.Namespace) -> None:
    print(format_materials([row for row in catalogue() if not a.names or row["name"] in a.names]))


@contextlib.contextmanager
def _warnings_on_one_line():
    """Show each trust warning once, as one line on stderr."""
    seen = set()

    def show(message, category, *_, **__):
        if str(message) not in seen:
            seen.add(str(message))
            tqdm.write(f"cellfem: {'warning' if category is cf.TrustWarning else category.__name__}: {message}",
                       file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", cf.TrustWarning)
        warnings.showwarning = show
        yield


def _fail(error: Exception, code: int, arguments: argparse.Namespace) -> int:
    if arguments.traceback:
        traceback.print_exception(error)
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = explain(str(error.filename or "file system"), error.strerror, "files and folders that can be read and"
                       " written are needed", "Check the path, its permissions and the space on the disk.")
    print(f"cellfem: {text}", file=sys.stderr)
    return code


COMMANDS = {"compare": run_cells, "solve": run_cells, "limit": study(run_limit), "sand": study(run_sand),
            "safe": study(run_safe), "mesh": run_mesh,
            "tortuosity": run_tortuosity, "materials": run_materials}

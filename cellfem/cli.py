"""The command line: `cellfem compare`, `solve`, `mesh`, `materials`.

It turns words into the library's objects, runs them, and prints.  Exit codes: 0 done (depletion is a result),
2 bad input, 3 not converged, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import re
import sys
import traceback
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

from tqdm import tqdm

import cellfem as cf
from cellfem.errors import did_you_mean, explain
from cellfem.materials import DEFAULT_ELECTROLYTES, LIBRARY, catalogue, default_electrolyte, find
from cellfem.results.atomic import check_folder
from cellfem.results.library import format_materials
from cellfem.results.meshes import format_mesh, write_mesh
from cellfem.units import cm, from_celsius, mA, mAh

BAD_INPUT, NOT_CONVERGED, INTERRUPTED = 2, 3, 130
METALS = {metal.symbol: metal for metal in LIBRARY["metal"].values()}
COUNTERS = {"foil": cf.Foil(), "uniform-flux": cf.UniformFlux(), "reservoir": cf.Reservoir()}
EXAMPLES = """
examples:
  cellfem compare geometries/vga.toml geometries/hga.toml --metal Li Na K \\
          --current-mA-cm2 2 --capacity-mAh-cm2 1 --out results/x
  cellfem solve geometries/hga.toml --metal Na --current-mA-cm2 1 --steady
  cellfem mesh geometries/hga_holes.toml --out results/mesh
  cellfem materials lipf6-ec-dmc
"""


def main(argv: list[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    try:
        arguments = parse(argv)
    except SystemExit as stop:  # argparse: 0 after --help and --version, 2 after bad flags
        return int(stop.code or 0)
    try:
        with _warnings_on_one_line():
            arguments.run(arguments)
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


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The arguments; exits with code 2 and a message for what cannot be understood."""
    parser, commands = _parser()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        command = commands[arguments.command]
        flags = re.findall(r"--[\w-]+", command.format_help())
        hint = did_you_mean(unknown[0].split("=")[0], flags) if unknown[0].startswith("-") else "Leave it out."
        command.error(explain("arguments", f"found {' '.join(unknown)}", "only the flags of --help are known", hint))
    return arguments


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    formatted = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    parser = argparse.ArgumentParser(
        prog="cellfem", description="Where does the metal plate, and how far do the ions deplete, in a porous anode?",
        epilog=EXAMPLES, **formatted)
    parser.add_argument("--version", action="version", version=f"cellfem {cf.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run, usage: str, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, epilog=EXAMPLES, usage=f"cellfem {name} {usage}",
                                  **formatted)
        sub.set_defaults(run=run)
        sub.add_argument("--traceback", action="store_true", help="with an error, show where in the code it arose")
        return sub

    compare = command("compare", run_cells, "DESIGN.toml DESIGN.toml ... --current-mA-cm2 J [flags]",
                      "Run several designs with several metals and report them side by side.")
    solve = command("solve", run_cells, "DESIGN.toml --current-mA-cm2 J [flags]", "Run one design.")
    mesh = command("mesh", run_mesh, "DESIGN.toml [flags]",
                   "Mesh a design: quality, volumes, areas; VTU and a picture.")
    for sub, count in ((compare, "+"), (solve, 1), (mesh, 1)):
        sub.add_argument("designs", nargs=count, metavar="DESIGN.toml")
    _add_cell_flags(compare, ["Li", "Na", "K"])
    _add_cell_flags(solve, ["Li"])
    for sub in (compare, solve, mesh):
        _add_mesh_flags(sub)
    listing = command("materials", run_materials, "[NAME ...]",
                      "The library of materials: values with units, ranges, sources and marks.")
    listing.add_argument("names", nargs="*", metavar="NAME", type=any_material, help="only these")
    return parser, {"compare": compare, "solve": solve, "mesh": mesh, "materials": listing}


def _add_cell_flags(parser: argparse.ArgumentParser, metals: list[str]) -> None:
    exchange = ", ".join(f"{symbol} {metal.kinetics.i_0:g}" for symbol, metal in METALS.items())
    film = ", ".join(f"{symbol} {metal.R_film:g}" for symbol, metal in METALS.items())
    defaults = ", ".join(f"{metal} {name}" for metal, name in DEFAULT_ELECTROLYTES.items())
    add = parser.add_argument_group("cell").add_argument
    add("--metal", nargs="+", type=material("metal"), default=[METALS[symbol] for symbol in metals], metavar="M",
        help=f"of {', '.join(METALS)} (default: {' '.join(metals)})")
    add("--electrolyte", nargs="+", type=material("electrolyte"), default=[], metavar="NAME",
        help=f"one per metal (default: {defaults})")
    add("--separator", type=material("separator"), default="celgard-2500", metavar="NAME",
        help="(default: %(default)s)")
    add("--host", type=material("host"), default="graphene", metavar="NAME", help="(default: %(default)s)")
    add("--temperature-degC", type=number, default=25.0, metavar="T", help="(default: %(default)g)")
    add("--i0-A-m2", type=positive, metavar="I0", help=f"exchange current density at 1 mol/L (default: {exchange})")
    add("--film-Ohm-m2", type=not_negative, metavar="R", help=f"film resistance per true area (default: {film})")
    add("--counter", type=counter, default="foil", metavar="KIND",
        help=f"counter electrode, of {', '.join(COUNTERS)} (default: %(default)s)")
    add = parser.add_argument_group("protocol").add_argument
    add("--current-mA-cm2", type=number, required=True, metavar="J", help="superficial plating current, > 0")
    add("--capacity-mAh-cm2", type=positive, metavar="Q", help="plate until this superficial charge has passed")
    add("--duration-s", type=positive, metavar="t", help="or: plate for this time")
    add("--steady", action="store_true", help="or: the steady state under this current")


def _add_mesh_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("mesh and files").add_argument
    add("--coarsen", type=positive, default=1.0, metavar="F", help="factor on all cell sizes (default: %(default)g)")
    add("--out", type=Path, metavar="FOLDER", help="folder for the results (default: results/ and the designs' names)")


def number(text: str, allowed: str = "a finite number", good=math.isfinite) -> float:
    """A number from a flag; nan and inf are none."""
    with contextlib.suppress(ValueError):
        value = float(text)
        if math.isfinite(value) and good(value):
            return value
    raise argparse.ArgumentTypeError(f"found {text!r}; {allowed} is needed. Write it like 0.5 or 1e-3; mind the unit.")


positive = partial(number, allowed="a number above 0", good=lambda value: value > 0)
not_negative = partial(number, allowed="0 or a number above", good=lambda value: value >= 0)


def material(kind: str):
    """A converter from a command-line name to a material of the library."""
    def convert(text: str):
        try:
            return find(kind, text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
    return convert


def counter(text: str):
    if text not in COUNTERS:
        raise argparse.ArgumentTypeError(f"found {text!r}; a kind of counter electrode is needed. "
                                         + did_you_mean(text, COUNTERS))
    return COUNTERS[text]


def any_material(text: str) -> str:
    """The material's name, as rows of the catalogue call it (metals also go by symbol)."""
    known = {row["name"] for row in catalogue()}
    name = METALS[text].name if text in METALS else text
    if name not in known:
        raise argparse.ArgumentTypeError(f"found {text!r}; a material of the library is needed. "
                                         + did_you_mean(text, known | set(METALS)))
    return name


def run_cells(a: argparse.Namespace) -> None:
    """`compare` and `solve`: everything is read and checked before anything runs."""
    step = protocol(a)
    stems = [Path(design).stem for design in a.designs]
    if len(set(stems)) < len(stems):
        raise ValueError(explain("designs", f"found {' '.join(a.designs)}", "the file names tell the runs apart and"
                                 " have to differ", "Copy or rename one of the designs."))
    out = check_folder(a.out or Path("results") / "_vs_".join(stems))
    chosen = {metal.symbol: electrolyte(metal, a.electrolyte) for metal in a.metal}
    _refuse_idle_electrolytes(a.electrolyte, chosen)
    geometries = {stem: cf.Geometry.load(design) for stem, design in zip(stems, a.designs, strict=True)}
    cells = {}
    for stem, geometry in geometries.items():
        mesh = geometry.mesh(coarsen=a.coarsen)
        cells |= {f"{stem}-{metal}": cell(a, mesh, METALS[metal], own) for metal, own in chosen.items()}
    runs = run_all(cells, step)
    print(cf.format_table(cf.write_report(out, runs)))
    print(f"\n{out / 'report.html'}: the report; open {out}/*.pvd in ParaView, or run  pvpython {out / 'view.py'}")


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


def protocol(a: argparse.Namespace) -> cf.Galvanostatic | cf.Steady:
    """What the flags ask for."""
    current = a.current_mA_cm2 * mA / cm**2
    if current < 0:
        raise ValueError(explain("--current-mA-cm2", f"found {a.current_mA_cm2:g}", "a plating current (> 0) is needed",
                                 "To strip after plating, give cf.solve a list of steps in Python."))
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


def cell(a: argparse.Namespace, mesh, metal: cf.Metal, own: cf.Electrolyte) -> cf.Cell:
    """The cell that the flags describe, on a mesh, for a metal and its electrolyte."""
    kinetics = None if a.i0_A_m2 is None else replace(metal.kinetics, i_0=a.i0_A_m2)
    film = None if a.film_Ohm_m2 is None else cf.Film(R=a.film_Ohm_m2)
    return cf.Cell(mesh, metal=metal, electrolyte=own, host=a.host, separator=a.separator, kinetics=kinetics, film=film,
                   temperature=from_celsius(a.temperature_degC), counter=a.counter)


def run_mesh(a: argparse.Namespace) -> None:
    geometry = cf.Geometry.load(a.designs[0])
    stem = Path(a.designs[0]).stem
    out = check_folder(a.out or Path("results") / f"{stem}_mesh")
    mesh = geometry.mesh(coarsen=a.coarsen)
    print(format_mesh(geometry, mesh))
    for path in write_mesh(out, stem, mesh):
        print(path)


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


if __name__ == "__main__":
    sys.exit(main())

"""What the command line understands: its flags, their converters and their defaults."""

from __future__ import annotations

import argparse
import contextlib
import math
import re
import sys
from functools import partial
from pathlib import Path

import cellfem as cf
from cellfem.errors import did_you_mean, explain
from cellfem.materials import DEFAULT_ELECTROLYTES, LIBRARY, catalogue, find

METALS = {metal.symbol: metal for metal in LIBRARY["metal"].values()}
AGAINST = [0.5]  # factor on the cell sizes: of `refine_check`
MOST_POINTS = 200  # currents of one study
CUTOFF = 1.0  # [V] at which stripping ends
COUNTERS = {"foil": cf.Foil(), "uniform-flux": cf.UniformFlux(), "reservoir": cf.Reservoir()}
EXAMPLES = {
    "compare": ["geometries/vga.toml geometries/hga.toml --metal Li Na K \\\n"
                "          --current-mA-cm2 2 --capacity-mAh-cm2 1 --out results/x"],
    "solve": ["geometries/hga.toml --metal Na --current-mA-cm2 1 --steady",
              "geometries/vga_2d.toml --current-mA-cm2 2 --capacity-mAh-cm2 1 --substrate gold --cycles 2"],
    "limit": ["geometries/vga_2d.toml geometries/hga_2d.toml --metal Li Na"],
    "sand": ["geometries/slab.toml --current-mA-cm2 100 150 300 --capacity-mAh-cm2 1 --out results/sand"],
    "safe": ["geometries/vga_2d.toml --capacity-mAh-cm2 1 --risk 0.5"],
    "mesh": ["geometries/hga_holes.toml --out results/mesh"],
    "tortuosity": ["geometries/vga_2d.toml geometries/hga_2d.toml --out results/tortuosity"],
    "materials": ["", "lipf6-ec-dmc"],
}


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The arguments; exits with code 2 and a message for what cannot be understood."""
    parser, commands = _parser()
    word = next(iter(sys.argv[1:] if argv is None else argv), "-")
    if not word.startswith("-") and word not in commands:
        parser.error(explain("COMMAND", f'found "{word}"', "a command is needed", did_you_mean(word, commands)))
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        command = commands[arguments.command]
        flags = re.findall(r"--[\w-]+", command.format_help().split("\nexamples:")[0])  # those are of other commands
        if unknown[0].endswith(".toml"):
            command.error(explain("designs", f"found {' '.join(unknown)} beside another", "one design is taken here",
                                  'Call it for each of them, or run several side by side by "cellfem compare".'))
        hint = did_you_mean(unknown[0].split("=")[0], flags) if unknown[0].startswith("-") else "Leave it out."
        command.error(explain("arguments", f"found {' '.join(unknown)}", "only the flags of --help are known", hint))
    return arguments


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    formatted = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    parser = argparse.ArgumentParser(
        prog="cellfem", description="Where does the metal plate, and how far do the ions deplete, in a porous anode?",
        epilog=_examples(*EXAMPLES), **formatted)
    parser.add_argument("--version", action="version", version=f"cellfem {cf.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, usage: str, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text.replace("%", "%%"), description=text, epilog=_examples(name),
                                  usage=f"cellfem {name} {usage}", **formatted)
        sub.add_argument("--traceback", action="store_true", help="with an error, show where in the code it arose")
        return sub

    compare = command("compare", "DESIGN.toml DESIGN.toml ... --current-mA-cm2 J [flags]",
                      "Run several designs with several metals and report them side by side.")
    solve = command("solve", "DESIGN.toml --current-mA-cm2 J [flags]", "Run one design.")
    mesh = command("mesh", "DESIGN.toml [flags]",
                   "Mesh a design: quality, volumes, areas; VTU and a picture.")
    studies = _add_studies(command)
    for sub, count in ((compare, "+"), (solve, 1), (mesh, 1), *((sub, "+") for sub in studies.values())):
        sub.add_argument("designs", nargs=count, metavar="DESIGN.toml")
    _add_cell_flags(compare, ["Li", "Na", "K"])
    for sub in (solve, *studies.values()):
        _add_cell_flags(sub, ["Li"])
    for sub in (compare, solve):
        _add_protocol_flags(sub)
    for sub in (compare, solve, mesh, *studies.values()):
        _add_mesh_flags(sub)
    for sub in (compare, solve):
        _add_check_flags(sub)
        sub.add_argument("--risk-maps", action="store_true", help="write risk.html too: risk, local Sand's time, regime"
                         " and depletion, run beside run")
    numbers = command("tortuosity", "DESIGN.toml ... [flags]", "Porosity, specific surface, MacMullin numbers,"
                      " tortuosity factors and conductivity of a design's host; no run.")
    numbers.add_argument("designs", nargs="+", metavar="DESIGN.toml")
    numbers.add_argument("--host", type=material("host"), default="graphene", metavar="NAME",
                         help="(default: %(default)s)")
    _add_mesh_flags(numbers, "folder for a table (CSV) and a picture (default: none, only printed)")
    listing = command("materials", "[NAME ...]",
                      "The library of materials: values with units, ranges, sources and marks.")
    listing.add_argument("names", nargs="*", metavar="NAME", type=any_material, help="only these")
    return parser, {"compare": compare, "solve": solve, "mesh": mesh, "tortuosity": numbers,
                    "materials": listing, **studies}


def _examples(*commands: str) -> str:
    return "\n".join(["examples:", *(f"  cellfem {name} {line}".rstrip() for name in commands
                                     for line in EXAMPLES[name])])


def _add_studies(command) -> dict[str, argparse.ArgumentParser]:
    """The commands that find limits: `limit`, `sand`, `safe`."""
    limit = command("limit", "DESIGN.toml ... [flags]", "Limiting current, and the current at 1 %: the least one whose"
                    " steady state has c = 0.01 c_0 somewhere on the surface.")
    limit.add_argument("--limiting-only", action="store_true", help="leave the current at 1 %% out: one linear solve")
    sand = command("sand", "DESIGN.toml ... --current-mA-cm2 J [J ...] [flags]", "Time to depletion (Sand's time) over"
                   " the current: table, picture and page.")
    add = sand.add_argument_group("currents").add_argument
    add("--current-mA-cm2", type=positive, nargs="+", required=True, metavar="J", help="superficial plating currents;"
        " with --points, the lowest and the highest. Currents just above the limiting one of each cell, 1.01, 1.03 and"
        " 1.1 times, are added where they lie in between")
    add("--points", type=count_of_points, metavar="N", help="this many currents from the lowest to the highest, evenly"
        " in their logarithm")
    add("--capacity-mAh-cm2", type=positive, metavar="Q", help="a target capacity: its line in the picture")
    safe = command("safe", "DESIGN.toml ... (--capacity-mAh-cm2 Q | --current-mA-cm2 J) [flags]", "The largest current"
                   " for a capacity, or the largest capacity at a current, at a bound of the Sand's-time risk.")
    add = safe.add_argument_group("operation").add_argument
    add("--capacity-mAh-cm2", type=positive, metavar="Q", help="find the largest current for this capacity")
    add("--current-mA-cm2", type=positive, metavar="J", help="or: find the largest capacity at this current")
    add("--risk", type=share, default=1.0, metavar="R", help="bound of the risk, above 0 and up to 1: 1 lets the worst"
        " place deplete just as the target is plated (default: %(default)g)")
    return {"limit": limit, "sand": sand, "safe": safe}


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
    add("--temperature-degC", type=celsius, default=25.0, metavar="T", help="(default: %(default)g)")
    add("--i0-A-m2", type=positive, metavar="I0", help=f"exchange current density at 1 mol/L (default: {exchange})")
    add("--film-Ohm-m2", type=not_negative, metavar="R", help=f"film resistance per true area (default: {film})")
    add("--substrate", type=material("substrate"), metavar="NAME", help="what the bare host is covered with (default:"
        " what it is made of)")
    add("--counter", type=counter, default="foil", metavar="KIND",
        help=f"counter electrode, of {', '.join(COUNTERS)} (default: %(default)s)")


def _add_protocol_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("protocol").add_argument
    add("--current-mA-cm2", type=number, required=True, metavar="J", help="superficial plating current, > 0")
    add("--capacity-mAh-cm2", type=positive, metavar="Q", help="plate until this superficial charge has passed")
    add("--duration-s", type=positive, metavar="t", help="or: plate for this time")
    add("--steady", action="store_true", help="or: the steady state under this current")
    add("--cycles", type=whole, metavar="N", help="after plating, strip at the same current; N times")
    add("--strip-cutoff-V", type=positive, metavar="U", help="strip until the cell voltage falls to -U (default:"
        f" {CUTOFF:g}; with --cycles)")


def _add_mesh_flags(parser: argparse.ArgumentParser,
                    out: str = "folder for the results (default: results/ and the designs' names)") -> None:
    add = parser.add_argument_group("mesh and files").add_argument
    add("--coarsen", type=positive, default=1.0, metavar="F", help="factor on all cell sizes (default: %(default)g)")
    add("--out", type=Path, metavar="FOLDER", help=out)


def _add_check_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("trust").add_argument
    add("--check", action="store_true", help="solve on a second mesh too and print each number with its estimated"
        " discretisation error")
    add("--check-against", nargs="+", type=positive, default=AGAINST, metavar="F", help="cell sizes of that mesh over"
        " those of the first; two of them, 2 0.5, say, give the order of convergence (default: 0.5, all cells halved;"
        " 2 costs least)")


def number(text: str, allowed: str = "a finite number", good=math.isfinite,
           do: str = "Write it like 0.5 or 1e-3; mind the unit.") -> float:
    """A number from a flag; nan and inf are none."""
    with contextlib.suppress(ValueError):
        value = float(text)
        if math.isfinite(value) and good(value):
            return value
    raise argparse.ArgumentTypeError(f"found {text!r}; {allowed} is needed. {do}")


def whole(text: str) -> int:
    """A count from a flag."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"found {text!r}; a whole number above 0 is needed. Write it like 3.")


positive = partial(number, allowed="a number above 0", good=lambda value: value > 0)
share = partial(number, allowed="a number above 0 and up to 1", good=lambda value: 0 < value <= 1,
                do="Write it like 0.5.")
celsius = partial(number, allowed="a temperature from -123 to 226 degC", good=lambda value: -123 <= value <= 226,
                  do="The flag is in degC, not in kelvin: room temperature is 25.")
not_negative = partial(number, allowed="0 or a number above", good=lambda value: value >= 0)


def count_of_points(text: str) -> int:
    return int(number(text, f"a whole number from 2 to {MOST_POINTS}",
                      lambda value: 2 <= value <= MOST_POINTS and value == int(value)))


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

"""Mutated design files: every fault is a ValueError that names the file and the key or the line."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from cellfem.errors import TrustWarning
from cellfem.geometry import Geometry, bodies, coatings, plan

ALL = sorted((Path(__file__).parents[1] / "geometries").glob("*.toml"))
DESIGNS = [path for path in ALL if Geometry.load(path).body is None]
BODIES = [path for path in ALL if path not in DESIGNS]
VALUES = [
    "-1.0", "0", "0.0", "-0.0", "nan", "-inf", "inf", "1e308", "1e-308", "1e400", "9" * 400, "9" * 5000,
    "true", "false", '""', '"x"', '"y"', '"slab"', '"walls"', '"baffles"', '"envelope"', '"\\u0000"', '"a/b"',
    '"' + "n" * 1000 + '"', "='", "1979-05-27", "07:32:00", "1", "2", "3", "4", "0x10", "1_000", "1e-7",
    "1e5", "19.999", "0.001", "{}", "{a = 1}", "[]", "[1.0]", "[1.0, 2.0]", "[nan, 1, 1]", "[[1.0], 2.0, 3.0]",
    "[-1.0, 5.0, 5.0]", '["a", 1, 2]', "[1e300, 1e300, 1e300]", "[10, 5, 100]", "[" * 3000 + "]" * 3000]
KEYS = [
    "pitch_mm", "pitch", "size", "size_mm", "cell_size_nm", "colour", "gap", "post_mm", "Name", "dimensions", '"a b"',
    '""', '"\\n"', "walls.pitch_um", "__class__", "thickness_um", "walls", "surface_cell_size_um",
    "counter_electrolyte_um"]
ASSIGNMENT = re.compile(r"^(\s*[A-Za-z_\[]+\S*)(\s*=\s*)([^#\n]*)(.*)$")


def mutated_lines(lines: list[str], rng: random.Random) -> list[str]:
    """One random change of a key, a value or a line."""
    places = [k for k, line in enumerate(lines) if ASSIGNMENT.match(line)]
    k = rng.choice(places)
    key, sign, value, rest = ASSIGNMENT.match(lines[k]).groups()
    match rng.randrange(8):
        case 0:
            lines[k] = rng.choice(KEYS) + sign + value + rest
        case 1 | 2:
            lines[k] = key + sign + rng.choice(VALUES)
        case 3:
            del lines[k]
        case 4:
            lines.insert(rng.randrange(len(lines) + 1), lines[k])
        case 5:
            lines[k] = key + sign + re.sub(r"\d+\.\d+", lambda m: str(10 ** rng.uniform(-5, 8)), value)
        case 6:
            lines[k] = key + sign + re.sub(r"(\d)", r"-\1", value, count=1)
        case 7:
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(KEYS) + " = " + rng.choice(VALUES))
    return lines


def mutant(source: bytes, rng: random.Random) -> bytes:
    """A design file with something wrong (or not)."""
    match rng.randrange(12):
        case 0:
            data = bytearray(source)
            for _ in range(rng.randrange(1, 20)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            return bytes(data)
        case 1:
            return source[: rng.randrange(len(source))]
        case 2:
            return rng.choice([b"", b"\x00" * 50, rng.randbytes(300), source.decode().encode("utf-16"), b"\xef\xbb\xbf"
                               + source, source.replace(b'"', "\u201c".encode()), source.replace(b"name", b"n\xe4me"),
                               b"\x7fELF" + rng.randbytes(1000), source.replace(b"\n", b"\r"), source + source])
        case _:
            lines = source.decode().splitlines()
            for _ in range(rng.choice([1, 1, 1, 2, 4])):
                lines = mutated_lines(lines, rng)
            return "\n".join(lines).encode()


def fault(path: Path) -> str | None:
    """The message of the ValueError that loading or meshing raises; any other error passes through."""
    try:
        design = Geometry.load(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrustWarning)
            if design.body is not None:
                bodies.body_of(design)(np.zeros((3, 2)))
                coatings.labels_of(design)
            elif plan.grid(design, 3).cells < 20_000:
                design.mesh(coarsen=3)
            else:
                plan.check(design, plan.grid(design, 3))
    except ValueError as error:
        return str(error)
    return None


def check_mutants(number: int, seed: int, folder: Path, designs=DESIGNS) -> int:
    rng = random.Random(seed)
    path = folder / "mutant.toml"
    faults = 0
    for _ in range(number):
        data = mutant(rng.choice(designs).read_bytes(), rng)
        path.write_bytes(data)
        message = fault(path)
        if message is not None:
            faults += 1
            assert message.startswith(str(path)), message
            assert len(message) < 1000, message
            assert "pydantic" not in message and "Traceback" not in message
            assert names_key_or_line(message.removeprefix(str(path))), (message, data)
    return faults


def names_key_or_line(message: str) -> bool:
    """Whether the rest of a message, after the file, begins with a key, or speaks of a line or the file's end."""
    whole = r"line \d+|end of document|cannot be read|nested too deeply"
    return bool(re.match(r": ([\w.#\[\]-]+('.*?')?|'.*?'): ", message) or re.search(whole, message))


def test_mutated_design_files(tmp_path):
    assert check_mutants(150, seed=1, folder=tmp_path) > 75


@pytest.mark.slow
def test_two_thousand_mutated_design_files(tmp_path):
    assert check_mutants(2000, seed=2, folder=tmp_path) > 1000


@pytest.mark.slow
def test_mutated_designs_of_bodies(tmp_path):
    assert check_mutants(300, 11, tmp_path, BODIES) > 100

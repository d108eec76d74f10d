"""The public verbs refuse what they cannot take, in four parts and by its kind."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM

DESIGN = cf.Geometry.load(Path(__file__).parents[1] / "geometries" / "vga_2d.toml")
MESH = DESIGN.mesh(coarsen=8)
MAKE = partial(cf.Cell, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, separator=CELGARD_2500)
CELL = MAKE(MESH)
REST = cf.Rest(duration=1.0)

WRONG = {  # what a script may say in error -> (the call, where, what it found)
    "a cell of a design": (lambda _: MAKE(DESIGN), "Cell.mesh", "Geometry"),
    "a cell of a file": (lambda _: MAKE("vga.toml"), "Cell.mesh", "'vga.toml'"),
    "a metal by a cell": (lambda _: cf.Cell(MESH, metal=CELL, electrolyte=LIPF6_EC_DMC), "Cell.metal", "Cell"),
    "a run on a mesh": (lambda _: cf.solve(MESH, REST), "solve.cell", "MeshTri1"),
    "a run of a design": (lambda _: cf.solve(DESIGN, REST), "solve.cell", "Geometry"),
    "a protocol that is a cell": (lambda _: cf.solve(CELL, CELL), "solve", "Cell"),
    "a report of a number": (lambda _: cf.report(3), "report", "3"),
    "a report of a cell": (lambda _: cf.report(CELL), "report", "Cell"),
    "cycles of a number": (lambda _: cf.cycle_table(3), "cycle_table", "3"),
    "filling of a number": (lambda _: cf.filling_table(3, every=1.0), "filling_table", "3"),
    "filling drawn of a cell": (lambda out: cf.write_filling(out, "f", CELL, every=1.0), "write_filling", "Cell"),
    "a report of one cell": (lambda out: cf.write_report(out, CELL), "write_report", "Cell"),
    "a report with its arguments exchanged": (lambda out: cf.write_report({}, out), "output folder", "dict"),
    "a table with its arguments exchanged": (lambda out: cf.write_table(out, [{"run": "a"}], "t"), "name of a run",
                                             "[{'run': 'a'}]"),
    "a report of nothing": (lambda out: cf.write_report(out, {}), "write_report", "dict"),
    "risk of a cell": (lambda _: cf.risk_rows(CELL), "risk_rows", "Cell"),
    "risk maps of a cell": (lambda out: cf.write_risk_maps(out, CELL), "write_risk_maps", "Cell"),
    "a table of a report": (lambda _: cf.format_table({"run": "a"}), "format_table", "dict"),
    "rows without names": (lambda out: cf.write_table(out, "t", [{"x": 1.0}]), "write_table", "[{'x': 1.0}]"),
    "a check with a cell": (lambda _: cf.refine_check(DESIGN, CELL, REST), "refine_check.make_cell", "Cell"),
    "a check of a mesh": (lambda _: cf.refine_check(MESH, MAKE, REST), "refine_check.geometry", "MeshTri1"),
    "a check against a number": (lambda _: cf.refine_check(DESIGN, MAKE, REST, against=2), "refine_check: against",
                                 "found 2;"),
    "a medium's check of a mesh": (lambda _: cf.homogenise_check(MESH), "homogenise_check.geometry", "MeshTri1"),
    "a medium of a design": (lambda _: cf.homogenise(DESIGN), "homogenise.mesh", "Geometry"),
    "a medium of a cell": (lambda _: cf.homogenise(CELL), "homogenise.mesh", "Cell"),
    "a medium with a cell for a host": (lambda _: cf.homogenise(MESH, host=CELL), "homogenise.host", "Cell"),
    "a medium of media that are none": (lambda _: cf.homogenise(MESH, media=3), "homogenise.media", "3"),
    "a tortuosity of a design": (lambda _: cf.electrode_tortuosity_factor(DESIGN), "electrode_tortuosity_factor.mesh",
                                 "Geometry"),
    "islands of a design": (lambda _: cf.drop_islands(DESIGN), "drop_islands.mesh", "Geometry"),
    "gradients of a mesh": (lambda _: cf.graded(MESH), "graded.design", "MeshTri1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_refused_by_its_kind(tmp_path, name):
    call, where, found = WRONG[name]
    with pytest.raises(ValueError) as caught:
        call(tmp_path / "out")
    message = str(caught.value)
    four_parts = r"[^;]+: found .+; .+ (is needed|are needed|on every system)\. \S.+[.)\]]"
    assert re.fullmatch(four_parts, message), f"not in four parts: {message}"
    assert message.startswith(where + ": ") and found in message and len(message) < 250
    assert not (tmp_path / "out").exists()

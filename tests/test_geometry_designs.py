"""Design files: what they say, what they may not say, and what the mesh does with it."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve
from skfem import Basis, BilinearForm, ElementTriP1, FacetBasis, LinearForm
from skfem.helpers import dot, grad

from cellfem.errors import GeometryError, TrustWarning
from cellfem.geometry import Baffles, Geometry, Walls, plan, schema
from cellfem.units import um

ROOT = Path(__file__).parents[1]
VGA = {"name": "VGA", "shape": "walls", "source": "made up", "size_um": [10.5, 5.0, 100.0], "separator_um": 25.0,
       "cell_size_um": 2.0, "walls": {"normal": "x", "pitch_um": 21.0, "thickness_um": 1.0}}
HGA = {"name": "HGA", "shape": "baffles", "source": "made up", "size_um": [50.0, 5.0, 100.0], "separator_um": 25.0,
       "cell_size_um": 2.0, "baffles": {"pitch_um": 10.0, "thickness_um": 1.0, "gap_um": 10.0}}
SLAB = {"name": "slab", "shape": "slab", "source": "made up", "dimension": 1, "size_um": [0.0], "separator_um": 25.0,
        "cell_size_um": 1.0}


def changed(base, **keys):
    """A copy with some keys replaced; None removes one; `table__key` reaches into a table."""
    out = {key: dict(value) if isinstance(value, dict) else value for key, value in base.items()}
    for key, value in keys.items():
        table, _, inner = key.partition("__")
        place, name = (out[table], inner) if inner else (out, key)
        if value is None:
            del place[name]
        else:
            place[name] = value
    return out


def test_vga_as_in_its_file():
    g = Geometry.load(ROOT / "geometries" / "vga.toml")
    assert g == Geometry.from_dict(VGA | {"source": g.source})
    assert (g.shape, g.dimension, g.collector_plates) == ("walls", 3, True)
    np.testing.assert_allclose(g.size, (10.5e-6, 5e-6, 100e-6))
    assert g.walls == Walls(pitch=21 * um, thickness=1 * um)
    with pytest.raises(FrozenInstanceError):
        g.name = "other"


def test_hga_as_in_its_file():
    g = Geometry.load(str(ROOT / "geometries" / "hga.toml"))
    assert g == Geometry.from_dict(HGA | {"source": g.source})
    assert g.baffles == Baffles(pitch=10 * um, thickness=1 * um, gap=10 * um)


@pytest.mark.parametrize(("dimension", "kept"), [(3, (10.5, 5, 100)), (2, (10.5, 100))])
def test_dimension_drops_axes(dimension, kept):
    np.testing.assert_allclose(Geometry.from_dict(changed(VGA, dimension=dimension)).size, np.array(kept) * um)
    given = Geometry.from_dict(changed(VGA, dimension=dimension, size_um=list(map(float, kept))))
    np.testing.assert_allclose(given.size, np.array(kept) * um)


BAD = [  # design, change, what the message must say (beside the file)
    (VGA, {"colour": 1}, "colour: .*known"),
    (VGA, {"seperator_um": 1.0}, 'seperator_um: .*Did you mean "separator_um"'),
    (VGA, {"walls__pitch_mm": 0.021}, 'walls.pitch_mm: .*lengths are in um. Use "pitch_um"'),
    (VGA, {"size_mm": [1.0]}, 'size_mm: .*Use "size_um"'),
    (VGA, {"pitch_um": 2.0}, r'pitch_um: .*into \[walls\] or \[baffles\]'),
    (VGA, {"walls__separator_um": 2.0}, r'walls.separator_um: .*above the first \[table\]'),
    (VGA, {"walls__pitch_um": -21.0}, "walls.pitch_um: found -21; a positive length is needed"),
    (VGA, {"walls__pitch_um": float("nan")}, "walls.pitch_um: found nan; a finite number"),
    (VGA, {"walls__pitch_um": "21"}, "walls.pitch_um: found '21'; a number is needed"),
    (VGA, {"walls__pitch_um": True}, "walls.pitch_um: found True; a number is needed"),
    (VGA, {"walls__pitch_um": 2.1e-5}, "walls.pitch_um: found 2.1e-05; 0.001 to 1e.06 um are possible. Mind the unit"),
    (VGA, {"walls__pitch_um": 0.0}, "walls.pitch_um: found 0; a positive length"),
    (VGA, {"walls__thickness_um": 21.0}, "walls.thickness_um: found 21; less than walls.pitch_um"),
    (VGA, {"walls__thickness_um": 20.995}, "cell_size_um: found 2, but only 0.0025 um lie between the planes x = 10.4"),
    (VGA, {"walls__normal": "z"}, 'walls.normal: found "z"'),
    (VGA, {"walls__normal": "y", "dimension": 2}, "walls.normal: .*only \"x\" is left in 2-D"),
    (VGA, {"dimension": 1}, 'dimension: found 1; shape = "walls" needs 2 or 3'),
    (VGA, {"dimension": 4}, "dimension: found 4; at most 3 is needed. Meaning: 1, 2 or 3"),
    (VGA, {"size_um": [1.0, 2.0]}, "size_um: found 2 of them with dimension = 3"),
    (VGA, {"dimension": 2.0}, "dimension: found 2.0; a whole number"),
    (VGA, {"size_um": [10.5, 100.0]}, "size_um: found 2 of them with dimension = 3"),
    (VGA, {"size_um": [10.5, -5.0, 100.0]}, "size_um: found -5"),
    (VGA, {"size_um": [10.5, 5.0, float("inf")]}, "size_um: found inf; a finite number"),
    (VGA, {"size_um": [0.2, 5.0, 100.0]}, "walls: found no pore"),
    (VGA, {"separator_um": 0.0}, "separator_um: found 0, and no free electrolyte; the host must not touch"),
    (VGA, {"shape": "wall"}, 'shape: found "wall".*Did you mean "walls"'),
    (VGA, {"shape": "slab"}, r"\[walls\]: found beside shape"),
    (VGA, {"walls": None}, r"\[walls\]: found nothing"),
    (VGA, {"walls": 3}, "walls: found 3; a table is needed"),
    (VGA, {"source": None}, "source: found nothing; this key is needed"),
    (VGA, {"name": "a/b"}, "name: found 'a/b'; a text without line breaks and slashes"),
    (VGA, {"cell_size_um": 1e-3}, "cell_size_um: .*cells; at most 2e.07 can be meshed"),
    (VGA, {"cell_size_um": 60.0}, "cell_size_um: found 60, but only 0.5 um lie between"),
    (VGA, {"surface_cell_size_um": 3.0}, "surface_cell_size_um: found 3; at most cell_size_um"),
    (VGA, {"size_um": [1e6, 5.0, 100.0]}, "walls.pitch_um: found 4.76e.04 walls or sheets"),
    (HGA, {"baffles__gap_um": 50.0}, "baffles.gap_um: found 50; less than the cell's width 50 um"),
    (HGA, {"baffles__gap_um": 1e-2}, "cell_size_um: found 2, but only 0.01 um lie between the planes x = 0 and"),
    (HGA, {"baffles__gap_um": 1.0, "surface_cell_size_um": 1.5},
     "surface_cell_size_um: found 1.5, less than two cells across the gap of 2 um near"),
    (HGA, {"baffles__gap_um": 0.0}, "baffles.gap_um: found 0; a positive length"),
    (HGA, {"baffles__post_um": 10.0}, "baffles.post_um: found 10; less than 10 um is needed: posts must leave"),
    (HGA, {"baffles__thickness_um": 10.0}, "baffles.thickness_um: found 10; less than baffles.pitch_um"),
    (HGA, {"baffles__thickness_um": 9.0, "size_um": [50.0, 5.0, 8.0]}, "baffles.thickness_um: found 9; .*height 8 um"),
    (HGA, {"baffles__holes": True}, "baffles.gap_um: found 10; less than the cell's width 5 um"),
    (HGA, {"baffles__holes": True, "dimension": 2}, "baffles.holes: .*square holes need 3-D"),
    (HGA, {"baffles__holes": True, "baffles__gap_um": 3.0, "size_um": [10.0, 10.0, 100.0], "baffles__post_um": 6.5},
     "baffles: found .* of the electrolyte's volume cut off from the counter electrode"),
    (SLAB, {"separator_um": 0.0}, "separator_um: found no electrolyte at all"),
    (SLAB, {"collector_plates": False}, "collector_plates: found false"),
    (SLAB, {"dimension": None}, "size_um: found 1 of them with dimension = 3"),
]


@pytest.mark.parametrize(("base", "change", "message"), BAD, ids=[" ".join(map(str, c)) for _, c, _ in BAD])
def test_bad_designs_say_where_what_and_why(base, change, message):
    with pytest.raises(ValueError, match="^my.toml: " + message) as error:
        Geometry.from_dict(changed(base, **change), file="my.toml").mesh()
    assert re.search(r": .*; .*\. .*", str(error.value))  # four parts


def test_misspelt_key_comes_before_the_key_that_is_missing():
    with pytest.raises(ValueError, match=r'design: shpe: .*Did you mean "shape"'):
        Geometry.from_dict(changed(VGA, shape=None) | {"shpe": "walls"})


@pytest.mark.parametrize(("content", "message"), [
    (b'name = "a"\nshape = walls\n', "line 2"), (b"", "name: found nothing"), (b"\x00\xff\x7fELF", "not UTF-8"),
    ('name = "a"\n# \u00e4'.encode("latin-1"), "not UTF-8 text in line 2"), (b"x = " + b"[" * 5000, "too deeply"),
    (b"a = 1\na = 2", "Cannot overwrite"), (b"a = " + b"9" * 5000, "cannot be read")])
def test_unreadable_files(tmp_path, content, message):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: .*{message}"):
        Geometry.load(path)


def test_missing_file_and_folder(tmp_path):
    (tmp_path / "vga.toml").write_text("")
    with pytest.raises(ValueError, match=r'vgaa.toml: .*Did you mean "vga.toml"'):
        Geometry.load(tmp_path / "vgaa.toml")
    with pytest.raises(ValueError, match=r"does not exist\); "):
        Geometry.load(tmp_path / "a_gyroid.toml")
    (tmp_path / "bad_imgnothr.toml").write_text("")
    with pytest.raises(ValueError, match=r"does not exist\); "):
        Geometry.load(tmp_path / "nothere.toml")
    with pytest.raises(ValueError, match="a folder or device"):
        Geometry.load(tmp_path)
    with pytest.raises(ValueError, match="path of a design file is needed"):
        Geometry.load(3)


@pytest.mark.parametrize("keys", [None, [1], {1: 2}, {"walls": {2: 3}}])
def test_keys_of_the_wrong_kind(keys):
    with pytest.raises(ValueError, match=r"^design: "):
        Geometry.from_dict(keys)


@pytest.mark.parametrize("coarsen", [0, -1, float("nan"), "2", True, 1e9])
def test_coarsen_must_be_a_sensible_number(coarsen):
    with pytest.raises(ValueError, match="coarsen: found"):
        Geometry.from_dict(SLAB).mesh(coarsen)


def test_replaced_lengths_are_checked_too():
    g = Geometry.from_dict(VGA)
    with pytest.raises(GeometryError, match=r"walls.pitch_um: found -1"):
        replace(g, walls=replace(g.walls, pitch=-1 * um))
    with pytest.raises(ValueError, match="size_um: found 3 of them; 2 are needed"):
        replace(g, dimension=2)


def test_a_slab_has_no_envelope():
    with pytest.raises(GeometryError, match=r"shape: .*envelope"):
        Geometry.from_dict(SLAB).envelope()


def test_cell_size_wider_than_half_a_gap_gives_two_cells_and_a_warning():
    g = Geometry.from_dict(changed(HGA, cell_size_um=8.0, dimension=2))
    with pytest.warns(TrustWarning, match="design: cell_size_um: found 8, less than two cells across the gap of 9 um"):
        g.mesh(10)
    assert min(gap.cells for gap in plan.gaps(plan.grid(g, 10))) == 2


def test_every_key_stands_in_the_docs():
    text = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    for table, model in schema.TABLES.items():
        section = text if not table else text.split(f"## `[{table}]`")[1].split("\n## ")[0]
        for key, info in model.model_fields.items():
            if key in schema.TABLES:
                assert f"## `[{key}]`" in text
                continue
            row = re.search(rf"^\| `{key}` \|.*$", section, flags=re.MULTILINE)
            assert row, key
            assert info.description in row.group(), key
            default = "needed" if info.is_required() else f"`{str(info.default).lower()}`"
            assert info.default in (None, "x") or default in row.group(), key


def test_shipped_designs_stand_in_the_docs():
    text = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    for path in (ROOT / "geometries").glob("*.toml"):
        g = Geometry.load(path)
        if g.body is not None:
            assert re.search(rf"^\| `{path.stem}` \| .* \| .* \|$", text, flags=re.MULTILINE), path.stem
            continue
        numbers = " | ".join(f"{plan.grid(g, coarsen).nodes:,}" for coarsen in (1, 2))
        assert re.search(rf"^\| `{path.stem}` \| .* \| {re.escape(numbers)} \|$", text, flags=re.MULTILINE), path.stem


def linear_answers(mesh, length):
    """Laplace's problem of unit flux from the counter to a surface with flux psi/length: drop, rise, spread."""
    @BilinearForm
    def laplacian(u, v, w):
        return w.B * dot(grad(u), grad(v))

    @LinearForm
    def one(v, w):
        return 1.0 * v

    element = ElementTriP1()
    fluid = np.setdiff1d(np.arange(mesh.nelements), mesh.subdomains["host"])
    basis = Basis(mesh, element, elements=fluid)
    B = np.where(np.isin(fluid, mesh.subdomains["separator"]), 0.25, 1.0)
    stiffness = laplacian.assemble(basis, B=np.repeat(B[:, None], basis.dx.shape[1], axis=1))
    area, flux, mouth = (one.assemble(FacetBasis(mesh, element, facets=mesh.boundaries[name]))
                         for name in ("host_surface", "counter", "mouth"))
    nodes = np.unique(mesh.t[:, fluid])
    psi = np.full(mesh.nvertices, np.nan)
    psi[nodes] = spsolve((stiffness + sp.diags(area) / length).tocsr()[nodes][:, nodes].tocsc(), flux[nodes])
    sites = np.flatnonzero(area)
    order = sites[np.argsort(psi[sites])]
    share = (np.cumsum(area[order]) - area[order] / 2) / area.sum()
    low, high = np.interp([0.01, 0.99], share, psi[order])
    mean = psi[sites] @ area[sites] / area.sum()
    pore = np.unique(mesh.t[:, mesh.subdomains["pore"]])
    at_mouth = psi[mouth > 0] @ mouth[mouth > 0] / mouth.sum()
    return {"drop": at_mouth - psi[pore].min(), "rise": psi[flux > 0].mean(), "max/min - 1": high / low - 1,
            "max/mean - 1": high / mean - 1}


@pytest.mark.parametrize("name", ["vga_2d", "hga_2d"])
@pytest.mark.parametrize("length", [300 * um, 5000 * um])
def test_default_mesh_is_fine_enough_for_two_percent(name, length):
    g = Geometry.load(ROOT / "geometries" / f"{name}.toml")
    default, refined = linear_answers(g.mesh(), length), linear_answers(g.mesh(0.5), length)
    for key, value in default.items():
        if value < 1000:  # a spread of decades says only that some places are idle
            assert abs(value / refined[key] - 1) < 0.015, key

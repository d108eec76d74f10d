"""Bodies that repeat along x and y: tilted sheets go on through the sides, and what does not fit is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_levelset import SHARP

import cellfem as cf
from cellfem.geometry import bodies, cell_of_body
from cellfem.geometry.checks import check_cells, islands
from cellfem.geometry.levelset_relax import least_angle
from cellfem.geometry.measures import volumes
from cellfem.units import um

SHEETS = {"name": "sheets", "shape": "sheets", "source": "made up", "dimension": 3, "size_um": [16.0, 8.0, 14.0],
          "separator_um": 5.0, "cell_size_um": 2.0, "surface_cell_size_um": 1.0, "periodic": True}
BOX = {"name": "box", "source": "made up", "dimension": 3, "size_um": [20.0, 20.0, 20.0], "separator_um": 5.0,
       "cell_size_um": 2.0, "periodic": True}
REPEATING = {
    "spheres": {"diameter_um": 6.0, "porosity": 0.6, "seed": 2},
    "fibres": {"diameter_um": 3.0, "porosity": 0.8, "seed": 2, "wave_um": 1.0, "wavelength_um": 10.0,
               "length_um": 14.0},
    "flakes": {"extent_um": 8.0, "thickness_um": 2.0, "porosity": 0.8, "seed": 2},
    "foam": {"pore_um": 10.0, "porosity": 0.8, "seed": 2},
    "gaussian": {"correlation_um": 3.0, "porosity": 0.6, "seed": 2},
    "particles": {"diameter_um": 7.0, "porosity": 0.6, "gap_um": -0.2, "seed": 2},
    "minimal_surface": {"kind": "gyroid", "period_um": 20.0, "porosity": 0.8},
}


@pytest.mark.parametrize("tilt, across", [(30.0, 2), (45.0, 2), (60.0, 4), (75.0, 4)])
def test_tilted_sheets_that_fit_their_box_mesh(tilt, across):
    """Gaps lead up through the sides; volume, area and pore space are those of flat sheets."""
    pitch = 16.0 / across * math.sin(math.radians(tilt))
    design = cf.Geometry.from_dict(SHEETS | {"sheets": {"pitch_um": pitch, "thickness_um": 1.5, "tilt_degrees": tilt}})
    mesh = design.mesh()
    check_cells(mesh)
    assert not islands(mesh, "electrolyte") and not islands(mesh, "host")
    assert least_angle(mesh.p[:, mesh.t]).min() > SHARP
    box = float(np.prod(design.size))
    assert abs(volumes(mesh)[mesh.subdomains["host"]].sum() / box - 1.5 / pitch) < 0.02
    with pytest.raises(cf.GeometryError, match=r"closed pores.*set periodic = true with pitch and tilt"):
        cf.Geometry.from_dict(SHEETS | {"periodic": False, "sheets": {"pitch_um": pitch, "thickness_um": 1.5,
                                                                     "tilt_degrees": tilt}}).mesh()


@pytest.mark.parametrize("keys", [
    {"tilt_degrees": 90.0, "pitch_um": 8.0, "wavelength_um": 8.0},  # waves along z and y
    {"tilt_degrees": 90.0, "pitch_um": 4.0, "wavelength_um": 8.0, "direction_degrees": 90.0}])
def test_wavy_sheets_mesh(keys):
    mesh = cf.Geometry.from_dict(SHEETS | {"sheets": keys | {"thickness_um": 1.5, "wave_um": 0.6}}).mesh()
    check_cells(mesh)
    assert not islands(mesh, "electrolyte") and least_angle(mesh.p[:, mesh.t]).min() > SHARP


@pytest.mark.parametrize("shape", REPEATING)
def test_shapes_that_can_repeat_pass(shape):
    design = cf.Geometry.from_dict(BOX | {"shape": shape, shape: REPEATING[shape]})
    cell_of_body.check_repeats(design, bodies.body_of(design))


@pytest.mark.parametrize("shape, keys, says", [
    ("minimal_surface", {"kind": "gyroid", "period_um": 14.0, "porosity": 0.8}, "a whole number of period_um"),
    ("sheets", {"pitch_um": 5.0, "thickness_um": 1.5, "tilt_degrees": 45.0}, "over the sine of the tilt"),
    ("spheres", {"lattice": "simple-cubic", "period_um": 9.0, "diameter_um": 6.0}, "whole number of period_um")])
def test_bodies_that_do_not_fit_are_refused(shape, keys, says):
    design = cf.Geometry.from_dict(BOX | {"shape": shape, shape: keys})
    with pytest.raises(cf.GeometryError, match=f"design: periodic: found a body that does not repeat along x.*{says}"):
        design.mesh()


def test_functions_that_do_not_fit_are_refused():
    def ball(x):
        return np.linalg.norm(x - 18 * um, axis=0) - 5 * um

    design = cf.Geometry(name="b", shape="ball", source="made up", dimension=3, size=(20 * um,) * 3, separator=5 * um,
                         cell_size=2 * um, body=ball, periodic=True)
    with pytest.raises(cf.GeometryError, match=r"does not repeat along x.*has to have the periods size_um"):
        design.mesh()

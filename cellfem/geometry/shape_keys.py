"""The tables of design files that describe curved and random hosts, images and CAD files."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WrapValidator

from cellfem.geometry.profiles import LAWS

Word = Annotated[str, StringConstraints(max_length=40)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Length = Annotated[float, Field(gt=0, le=1e6)]  # [um]
Share = Annotated[float, Field(gt=0, lt=1)]
Angle = Annotated[float, Field(ge=-360, le=360)]


def _or_profile(value: Any, number: Any) -> Any:
    """A number that is checked, or a table whose numbers are; the rest of the table is read later."""
    if not isinstance(value, dict):
        return number(value)
    for law in LAWS:
        for entry in value[law] if isinstance(value.get(law), list) else ():
            number(entry)
    return value


GradedLength = Annotated[Length, WrapValidator(_or_profile)]
GradedShare = Annotated[Share, WrapValidator(_or_profile)]
Seed = Annotated[int, Field(ge=0, le=2**32)]

SEED = "whole number that fixes the random choice"
DEPTH = "; a number or a profile by depth"
POROSITY = "share of the host's box that the electrolyte fills; reached within 0.005" + DEPTH
TILT = " from the x-y plane; default all directions alike"


class Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class BodyKeys(Keys):
    inverted: bool = Field(False, description="exchange solid and pores; `porosity` is still that of the electrolyte")
    offset_um: Any = Field(None, description="surface moved outward by so much, a number or a profile by depth; where"
                           " a `porosity` is given it still holds")


class SphereKeys(BodyKeys):
    diameter_um: GradedLength = Field(description="diameter of the spheres, the median where they differ" + DEPTH
                                      + " of the centres")
    porosity: GradedShare | None = Field(None, description="of spheres strewn at random, which may overlap: "
                                         + POROSITY)
    seed: Seed = Field(0, description=SEED)
    spread: float = Field(0.0, ge=0, le=1, description="standard deviation of the logarithm of the diameters")
    lattice: Word | None = Field(None, description="in place of `porosity`: `simple-cubic`, `body-centred` or"
                                 " `face-centred`")
    period_um: Length | None = Field(None, description="edge of the lattice's cubic cell; one centre is at the origin")
    centres_um: list[list[float]] | None = Field(None, max_length=10_000, description="in place of both: places"
                                                 " [x, y, z] of the centres")


class FibreKeys(BodyKeys):
    diameter_um: GradedLength = Field(description="diameter of the fibres; adjusted a little to meet the porosity"
                                      + DEPTH)
    porosity: GradedShare = Field(description=POROSITY)
    seed: Seed = Field(0, description=SEED)
    tilt_degrees: Angle | None = Field(None, description="mean angle of the fibres" + TILT)
    tilt_spread_degrees: float = Field(0.0, ge=0, le=90, description="standard deviation of that angle")
    tilts_degrees: list[Angle] | None = Field(None, max_length=1000, description="in place of both: angles of a"
                                              " measured distribution, increasing")
    tilt_weights: list[Annotated[float, Field(ge=0, le=1e6)]] | None = Field(
        None, max_length=1000, description="how frequent each of `tilts_degrees` is")
    directions_degrees: list[Angle] | None = Field(None, max_length=1000, description="angles in the x-y plane, from"
                                                   " x, that fibres take in turn; default all alike")
    length_um: Length | None = Field(None, description="length of the fibres; default through the whole box")
    wave_um: float = Field(0.0, ge=0, le=1e6, description="amplitude of a fibre's waves; 0: straight")
    wavelength_um: Length | None = Field(None, description="length of these waves")


class SheetKeys(BodyKeys):
    pitch_um: GradedLength = Field(description="distance of the sheets, middle to middle; a number or, of sheets that"
                                   " lie flat, a profile by depth")
    thickness_um: GradedLength = Field(description="thickness of a sheet" + DEPTH)
    tilt_degrees: Angle = Field(0.0, description="between sheets and x-y plane; 90: upright")
    direction_degrees: Angle = Field(0.0, description="in the x-y plane from x, the way that tilted sheets rise")
    wave_um: float = Field(0.0, ge=0, le=1e6, description="amplitude of the sheets' waves; 0: flat")
    wavelength_um: Length | None = Field(None, description="length of these waves")
    phase: float = Field(0.0, ge=-1, le=1, description="share of a pitch by which the sheets are moved off the origin")


class FlakeKeys(BodyKeys):
    extent_um: GradedLength = Field(description="edge of the square flakes" + DEPTH + " of their middles")
    thickness_um: GradedLength = Field(description="thickness; adjusted a little to meet the porosity" + DEPTH
                                       + " of their middles")
    porosity: GradedShare = Field(description=POROSITY)
    seed: Seed = Field(0, description=SEED)
    tilt_degrees: Angle | None = Field(None, description="mean angle of the flakes" + TILT)
    tilt_spread_degrees: float = Field(0.0, ge=0, le=90, description="standard deviation of that angle")


class FoamKeys(BodyKeys):
    pore_um: Length = Field(description="diameter of the sphere as large as the mean cell")
    porosity: GradedShare | None = Field(None, description=POROSITY + ", by the struts' diameter")
    strut_um: GradedLength | None = Field(None, description="in place of `porosity`: diameter of the struts" + DEPTH)
    seed: Seed = Field(0, description=SEED)
    irregularity: float = Field(0.3, ge=0, le=1, description="disorder of the cells as a share of `pore_um`; 0:"
                                " Kelvin's cells")
    stretch: float = Field(1.0, ge=0.2, le=5, description="cells are this much longer along z")


class MinimalSurfaceKeys(BodyKeys):
    kind: Word = Field(description="`gyroid`, `schwarz-p` or `diamond`")
    period_um: Length = Field(description="edge of the cubic cell")
    porosity: GradedShare | None = Field(None, description=POROSITY)
    thickness_um: GradedLength | None = Field(None, description="in place of `porosity`: thickness of the wall" + DEPTH)
    sheet: bool = Field(True, description="a wall along the surface; false: one of the two networks that it parts")
    phase: list[float] = Field([0.0, 0.0, 0.0], min_length=3, max_length=3, description="shares of a period by which"
                               " it is moved along x, y, z")


class GaussianKeys(BodyKeys):
    correlation_um: Length | list[Length] = Field(description="correlation length of the field, one or [x, y, z]")
    porosity: GradedShare = Field(description=POROSITY)
    seed: Seed = Field(0, description=SEED)
    walls: bool = Field(False, description="the solid lies between two levels of the field: walls between two networks"
                        " of pores; false: where the field is low")


class ParticleKeys(BodyKeys):
    diameter_um: Length = Field(description="outer diameter, the median where they differ")
    porosity: Share = Field(description="share of the box between the particles, at least 0.38")
    seed: Seed = Field(0, description=SEED)
    spread: float = Field(0.0, ge=0, le=0.6, description="standard deviation of the logarithm of the diameters")
    gap_um: float = Field(0.0, ge=-1e6, le=1e6, description="least distance of two particles; negative: neighbours may"
                          " overlap so far and are joined by necks")
    shell_um: Length | None = Field(None, description="thickness of the shells; default solid particles")
    core_um: Length | None = Field(None, description="diameter of the cores in the shells, which rest on their bottoms")
    window_um: float = Field(0.0, ge=0, le=1e6, description="diameter of round windows in the shells, through which"
                             " ions come in")
    windows: int = Field(0, ge=0, le=100, description="number of windows in each shell")
    crumple_um: Length | None = Field(None, description="balls of crumpled sheets: correlation length of the walls"
                                      " inside; default solid")
    crumple_porosity: Share = Field(0.8, description="share of such a ball that the electrolyte fills")


class ImageKeys(BodyKeys):
    file: Path = Field(description="`.tif`, `.npy` or `.npz`, beside the design file; axes z, y, x with z from the"
                       " collector up")
    voxel_um: Length | list[Length] = Field(description="edge of a voxel, one or [x, y, z]")
    threshold: float | None = Field(None, description="grey value; brighter voxels are solid")
    solid_labels: list[int] | None = Field(None, max_length=1000, description="in place of `threshold`: labels that"
                                           " are solid")
    axes: Word = Field("zyx", description="order of the file's axes")
    crop_voxels: list[list[int]] | None = Field(None, description="[[x first, x end], [y ..], [z ..]] that is kept")
    coarsen: int = Field(1, ge=1, le=64, description="voxels along each edge of a block that becomes one")
    smoothing_voxels: float = Field(1.0, ge=0.3, le=20, description="width of the filter that turns steps into a smooth"
                                    " surface of the same volume")
    fill_closed_pores: bool = Field(False, description="pores that do not lead to the top become solid")
    drop_loose_solid: bool = Field(False, description="solid that does not reach the collector becomes pore")


class CadKeys(BodyKeys):
    file: Path = Field(description="closed surface, `.stl` in text or binary, `.ply`, `.obj`, `.off` or another format"
                       " of meshio, beside the design file")
    unit_um: Length = Field(description="length of one unit of the file: 1000 where it was drawn in mm")
    corner: list[float] = Field([0.0, 0.0, 0.0], min_length=3, max_length=3, description="the file's coordinates of the"
                                " host's corner x = y = z = 0, in units of the file")


class PartKeys(Keys):
    shell_um: Length | None = Field(None, description="a layer of this thickness along the body's surface, half of it"
                                    " to each side, in place of the body")
    spheres: SphereKeys | None = Field(None, description="a body like [spheres]")
    fibres: FibreKeys | None = Field(None, description="a body like [fibres]")
    sheets: SheetKeys | None = Field(None, description="a body like [sheets]")
    flakes: FlakeKeys | None = Field(None, description="a body like [flakes]")
    foam: FoamKeys | None = Field(None, description="a body like [foam]")
    minimal_surface: MinimalSurfaceKeys | None = Field(None, description="a body like [minimal_surface]")
    gaussian: GaussianKeys | None = Field(None, description="a body like [gaussian]")
    particles: ParticleKeys | None = Field(None, description="a body like [particles]")
    image: ImageKeys | None = Field(None, description="a body like [image]")
    cad: CadKeys | None = Field(None, description="a body like [cad]")
    combination: CombinationKeys | None = Field(None, description="bodies within bodies, combined first")


class CombinationKeys(BodyKeys):
    operation: Word = Field("union", description="`union`: solid where any body is; `intersection`: where all are;"
                            " `difference`: where the first is and none of the others")
    blend_um: float = Field(0.0, ge=0, le=1e6, description="distance within which bodies flow into each other, so that"
                            " edges where they meet are rounded; 0: sharp edges")
    porosity: GradedShare | None = Field(None, description=POROSITY + ", by moving the surface of the whole; default as"
                                         " the bodies make it")
    bodies: list[PartKeys] = Field(min_length=1, max_length=20, description="the bodies, each `[[combination.bodies]]`"
                                   " with one table of a shape in it")


class CoatingKeys(Keys):
    depth_um: list[float] | None = Field(None, min_length=2, max_length=2, description="coats what lies between these"
                                         " depths below the top of the host")
    box_um: list[list[float]] | None = Field(None, min_length=3, max_length=3, description="coats what lies in"
                                             " [[x, x], [y, y], [z, z]]")
    share: float | None = Field(None, ge=0, le=1, description="coats patches that cover this share of the surface, or"
                                " this share of the particles")
    patch_um: Length | None = Field(None, description="correlation length of the patches")
    particles: bool = Field(False, description="coats whole particles, chosen at random, in place of patches")
    cores: bool | None = Field(None, description="coats only cores (true) or all but cores (false) of particles")
    body: int | None = Field(None, ge=1, le=20, description="coats what is nearest to this one of the bodies of a"
                             " combination, counted from 1")
    seed: Seed = Field(0, description=SEED)
    film_Ohm_m2: float | None = Field(None, ge=0, le=1e6, description="film resistance per true area [Ohm m2]; default"
                                      " that of the rest")
    nucleation_mV: float | None = Field(None, ge=0, le=1e4, description="nucleation overpotential of the metal on it"
                                        " [mV]; 0 on a lithiophilic coating; default that of the rest")
    blocked: float | None = Field(None, ge=0, le=1, description="share of it that does not react; 1: insulating")


BODIES: dict[str, type[BodyKeys]] = {
    "spheres": SphereKeys, "fibres": FibreKeys, "sheets": SheetKeys, "flakes": FlakeKeys, "foam": FoamKeys,
    "minimal_surface": MinimalSurfaceKeys, "gaussian": GaussianKeys, "particles": ParticleKeys, "image": ImageKeys,
    "cad": CadKeys, "combination": CombinationKeys}

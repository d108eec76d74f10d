"""What a design file may say of a homogenised host (`[electrode]`) and of the host's surface (`[surface]`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cellfem.errors import explain
from cellfem.geometry.profiles import Profile, check_range, read_profile
from cellfem.units import mm

NANO = 1e-9
GRADED = "graded:"  # the name by which a mesh says which arguments of a cell its design gives, by commas


@dataclass(frozen=True, kw_only=True)
class ElectrodeDesign:
    """A homogenised host: every property a Profile by depth, or a constant tensor."""

    porosity: Profile
    specific_surface: Profile  # [1/m]
    tortuosity_factor: Profile | tuple | None = None  # [-] B = porosity/tortuosity factor, or a 3 x 3 tensor
    macmullin: Profile | tuple | None = None  # [-] B = 1/macmullin, or a 3 x 3 tensor
    B: Profile | tuple | None = None  # [-] transport efficiency, or a 3 x 3 tensor; with none of them: straight pores
    sigma: Profile | tuple | None = None  # [S/m] effective, or a 3 x 3 tensor; None: equipotential


@dataclass(frozen=True, kw_only=True)
class SurfaceDesign:
    """The active surface of the host by depth."""

    film: Profile | None = None  # [Ohm m2] per true area; None: the metal's
    film_thickness: Profile | None = None  # [m], with `film_resistivity`, in place of `film`
    film_resistivity: float | None = None  # [Ohm m]
    blocked: Profile | None = None  # [-] share of the surface under an insulating coating
    nucleation: Profile | None = None  # [V] nucleation overpotential on the bare surface; None: the host's material's
    covering: Profile | None = None  # [C/m2] charge per true area that covers 63 % of it


# argument of a cell -> what of SurfaceDesign makes it
ARGUMENTS = {"film": ("film", "film_thickness"), "blocked": ("blocked",), "substrate": ("nucleation",)}


def profiles(design) -> list[Profile]:
    """Every profile by depth that a design has."""
    parts = [part for table in (design.electrode, design.surface) if table for part in vars(table).values()]
    return [part for part in (*parts, *getattr(design.body, "profiles", ())) if isinstance(part, Profile)]


def planes(design) -> np.ndarray:
    """Heights z [m] at which a profile of the design has an edge or a kink; one that never changes has none."""
    height = design.size[-1]
    return height - np.unique([edge for part in profiles(design) if part.varies for edge in part.depth
                               if 0 < edge < height])


def tag(design, mesh) -> None:
    """Name on the mesh what `[surface]` of its design says, so that a cell made without it can tell.

    The name, "graded:film,blocked" say, stands for the whole active surface; of an envelope, which has none, for the
    mouth.
    """
    arguments = [] if design.surface is None else [name for name, keys in ARGUMENTS.items() if any(
        getattr(design.surface, key) is not None for key in keys)]
    if arguments:
        named = mesh.boundaries
        facets = named["host_surface"] if len(named.get("host_surface", ())) else named["mouth"]
        # in place: a copy would find all facets once more
        mesh._boundaries = {**named, GRADED + ",".join(arguments): facets}


def read_electrode(keys, file: str) -> ElectrodeDesign:
    """From checked keys; raises ValueError for values that cannot be."""
    where = f"{file}: electrode"
    porosity = read_profile(keys.porosity, f"{where}.porosity")
    check_range(porosity, lambda v: 0 < v < 1, 1.0, "a porosity above 0 and below 1 is needed", "It is the share of the"
                " volume that the electrolyte fills: 0.8, not 80.")
    surface = read_profile(keys.specific_surface_per_mm, f"{where}.specific_surface_per_mm", 1 / mm)
    check_range(surface, lambda v: v >= 0, 1 / mm, "an area per volume of at least 0 is needed", "In 1/mm = mm2/mm3.")
    transport = _read_transport(keys, porosity, where)
    sigma = _tensor_or_profile(keys.sigma_S_m, f"{where}.sigma_S_m")
    if isinstance(sigma, Profile):
        check_range(sigma, lambda v: v > 0, 1.0, "a positive conductivity is needed", "In S/m; leave sigma_S_m out for"
                    " an equipotential host.")
    elif sigma is not None:
        _check_tensor(sigma, f"{where}.sigma_S_m")
    return ElectrodeDesign(porosity=porosity, specific_surface=surface, sigma=sigma, **transport)


def _read_transport(keys, porosity: Profile, where: str) -> dict[str, Profile | tuple]:
    """The one of `tortuosity_factor`, `macmullin` and `B` that is given, checked against the porosity."""
    given = [key for key in ("tortuosity_factor", "macmullin", "B") if getattr(keys, key) is not None]
    if len(given) > 1:
        raise ValueError(explain(f"{where}.{given[1]}", f"found beside {given[0]}", "one of the two is needed",
                                 "B = porosity/tortuosity_factor = 1/macmullin."))
    if not given:
        return {}
    key = given[0]
    value, where = _tensor_or_profile(getattr(keys, key), f"{where}.{key}"), f"{where}.{key}"
    do = "B = D_eff/D = porosity/tortuosity_factor = 1/macmullin."
    if key == "tortuosity_factor":
        _check_from_one(value, where, "a tortuosity factor of at least 1 is needed", "It is eps D/D_eff, the square of"
                        " what some call tortuosity.")
    elif key == "macmullin":
        _check_from_one(value, where, "a MacMullin number of at least 1 is needed", "It is D/D_eff.")
        _check_pairs(value, porosity, where, lambda N, eps: N * eps >= 1 - 1e-9, "at least 1/porosity is possible", do)
    else:
        if isinstance(value, Profile):
            check_range(value, lambda v: v > 0, 1.0, "a positive transport efficiency is needed", do)
        _check_pairs(value, porosity, where, lambda B, eps: B <= eps * (1 + 1e-9), "at most the porosity is possible",
                     do)
    return {key: value}


def read_surface(keys, file: str) -> SurfaceDesign:
    """From checked keys; raises ValueError for values that cannot be."""
    where = f"{file}: surface"
    parts = {}
    for name, key, unit, good, allowed, do in (
            ("film", "film_Ohm_m2", 1.0, lambda v: v >= 0, "a film resistance of at least 0 is needed",
             "Typical: 1e-3 to 1e-2 Ohm m2."),
            ("film_thickness", "film_thickness_nm", NANO, lambda v: v >= 0, "a film thickness of at least 0 is needed",
             "In nm."),
            ("blocked", "blocked", 1.0, lambda v: 0 <= v <= 1, "a share from 0 to 1 is needed",
             "0: bare, 1: wholly under an insulating coating."),
            ("nucleation", "nucleation_mV", 1e-3, lambda v: 0 <= v <= 1, "a nucleation overpotential from 0 to"
             " 1000 mV is needed", "Give its magnitude in mV: 40 on copper."),
            ("covering", "covering_C_m2", 1.0, lambda v: v > 0, "a positive charge is needed",
             "1 mAh/cm2 is 3.6e4 C/m2.")):
        given = getattr(keys, key)
        if given is not None:
            parts[name] = read_profile(given, f"{where}.{key}", unit)
            check_range(parts[name], good, unit, allowed, do)
    if "covering" in parts and "nucleation" not in parts:
        raise ValueError(explain(f"{where}.covering_C_m2", "found it alone", "nucleation_mV is needed beside it",
                                 "0 mV: metal nucleates without delay."))
    resistivity = keys.film_resistivity_Ohm_m
    if ("film_thickness" in parts) != (resistivity is not None) or {"film", "film_thickness"} <= set(parts):
        raise ValueError(explain(where, "found " + ", ".join(k for k in type(keys).model_fields
                                                             if getattr(keys, k) is not None),
                                 "film_Ohm_m2, or film_thickness_nm with film_resistivity_Ohm_m, is needed",
                                 "A film's resistance is its thickness times its resistivity."))
    if resistivity is not None and not resistivity > 0:
        raise ValueError(explain(f"{where}.film_resistivity_Ohm_m", f"found {resistivity:g}", "a resistivity above 0"
                                 " is needed", "In Ohm m; 1e5 makes 1e-3 Ohm m2 of 10 nm."))
    return SurfaceDesign(**parts, film_resistivity=resistivity)


def _tensor_or_profile(given: Any, where: str) -> Profile | tuple | None:
    if given is None:
        return None
    if not isinstance(given, list):
        return read_profile(given, where)
    rows = [row for row in given if isinstance(row, list) and len(row) == 3
            and all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e300 for v in row)]
    if len(given) != 3 or len(rows) != 3:
        raise ValueError(explain(where, f"found {given!r}"[:80], "three rows of three numbers are needed", "A tensor is"
                                 " [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]]; a profile is a number or a table."))
    return tuple(tuple(map(float, row)) for row in rows)


def _check_tensor(tensor: tuple, where: str) -> np.ndarray:
    """Eigenvalues of a symmetric tensor without negative ones."""
    a = np.array(tensor)
    if not np.allclose(a, a.T, rtol=1e-9, atol=1e-12 * np.abs(a).max()):
        raise ValueError(explain(where, "found a tensor that is not symmetric", "xy = yx, xz = zx, yz = zy are needed",
                                 "Onsager's relations leave no other choice."))
    values = np.linalg.eigvalsh(a)
    if values[0] < -1e-12 * values[-1] or values[-1] <= 0:
        raise ValueError(explain(where, f"found the eigenvalue {values[0]:g}", "a tensor without negative eigenvalues"
                                 " is needed", "A negative one would drive a current up its potential."))
    if a[2, 2] <= 0:
        raise ValueError(explain(where, "found zz = 0", "a way through the thickness is needed", "z is the last row."))
    return values


def _check_from_one(value: Profile | tuple, where: str, allowed: str, do: str) -> None:
    if isinstance(value, Profile):
        check_range(value, lambda v: v >= 1, 1.0, allowed, do)
    elif (lowest := float(_check_tensor(value, where)[0])) < 1 - 1e-9:
        raise ValueError(explain(where, f"found the eigenvalue {lowest:g}", allowed, do))


def _check_pairs(value: Profile | tuple, porosity: Profile, where: str, good, allowed: str, do: str) -> None:
    """`good` (of a value or an eigenvalue, and the porosity there) at the rows of two profiles of one law, or of a
    constant and the least porosity; what varies by laws that differ is checked point by point by the medium."""
    same_law = isinstance(value, Profile) and value.law == porosity.law and value.depth == porosity.depth
    if not same_law and isinstance(value, Profile) and value.varies:
        return
    least = min(porosity.values)
    values = value.values[:1] if isinstance(value, Profile) else _check_tensor(value, where)
    pairs = zip(value.values, porosity.values, strict=True) if same_law else [(v, least) for v in values]
    for v, eps in pairs:
        if not good(v, eps):
            what = "" if isinstance(value, Profile) else "the eigenvalue "
            raise ValueError(explain(where, f"found {what}{v:g} where the porosity is {eps:g}", allowed, do))

"""Reading design files: TOML to checked keys, every fault with the file, the key and what to do."""

from __future__ import annotations

import re
import tomllib
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cellfem.errors import did_you_mean, explain, near_file
from cellfem.geometry import shape_keys
from cellfem.geometry.shape_keys import BODIES

LARGEST_FILE = 1_000_000  # [bytes]
UNIT = re.compile(r"_(um|mum|micron|microns|micrometer|micrometre|nm|mm|cm|m|A|angstrom)$", re.IGNORECASE)

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Word = Annotated[str, StringConstraints(max_length=40)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f/\\]*$")]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class WallKeys(_Keys):
    normal: Word = Field("x", description="normal of the walls, `x` or (3-D) `y`")
    pitch_um: float = Field(description="distance of the walls, centre to centre; the first is centred at 0")
    thickness_um: float = Field(description="thickness of a wall; the wall at the mirror plane 0 is cut in half")


class BaffleKeys(_Keys):
    pitch_um: float = Field(description="distance of the sheets in z, top to top; the first top is the host's top")
    thickness_um: float = Field(description="thickness of a sheet")
    gap_um: float = Field(description="half of the full slit (or hole), which lies on the mirror plane")
    holes: bool = Field(False, description="staggered square holes at opposite corners instead of slits along y (3-D)")
    post_um: float = Field(0.0, description="half width of the posts that join the sheets to the collector; 0: none")


class ElectrodeKeys(_Keys):
    porosity: Any = Field(description="share of the volume that the electrolyte fills, above 0 and below 1")
    specific_surface_per_mm: Any = Field(description="active surface per volume [1/mm]")
    tortuosity_factor: Any = Field(None, description="eps D/D_eff, at least 1; also a tensor of three rows; default 1,"
                                   " straight pores")
    macmullin: Any = Field(None, description="in place of `tortuosity_factor`: the MacMullin number D/D_eff, at least"
                           " 1/porosity; also a tensor of three rows")
    B: Any = Field(None, description="in place of both: the transport efficiency D_eff/D, up to the porosity; also a"
                   " tensor of three rows")
    sigma_S_m: Any = Field(None, description="effective electronic conductivity [S/m]; also a tensor of three rows;"
                           " default equipotential")


class SurfaceKeys(_Keys):
    film_Ohm_m2: Any = Field(None, description="film resistance per true area [Ohm m2]; default the metal's")
    film_thickness_nm: Any = Field(None, description="in place of `film_Ohm_m2`: thickness of the film [nm]")
    film_resistivity_Ohm_m: float | None = Field(None, description="resistivity that goes with `film_thickness_nm`"
                                                 " [Ohm m]")
    blocked: Any = Field(None, description="share of the surface under an insulating coating, 0 to 1; default 0")
    nucleation_mV: Any = Field(None, description="nucleation overpotential of the metal on the bare surface [mV], at"
                               " least 0; default that of the host's material")
    covering_C_m2: Any = Field(None, description="charge per true area that covers 63 % of the surface [C/m2]; default"
                               " 36, illustrative")


class DesignKeys(_Keys):
    name: Name = Field(description="name of the design in tables and files")
    shape: Word = Field(description="`walls`, `baffles`, `slab`, `envelope`, or one of the bodies: `"
                       + "`, `".join(BODIES) + "`")
    source: Text = Field(description="who drew it, from which paper or image, what is assumed")
    dimension: int = Field(3, ge=1, le=3, description="1, 2 or 3; 2 drops y, 1 drops x and y")
    size_um: list[float] = Field(description="extents of the symmetry cell of the host layer: x, y, z; or only"
                                 " those that `dimension` keeps. For a slab z is the free"
                                 " electrolyte on its floor, 0 allowed")
    electrolyte_um: float = Field(0.0, description="free electrolyte between host and separator")
    separator_um: float = Field(0.0, description="thickness of the separator")
    counter_electrolyte_um: float = Field(0.0, description="free electrolyte between separator and counter electrode")
    collector_plates: bool = Field(True, description="the bare collector is an active surface too")
    cell_size_um: float = Field(description="cell size away from surfaces")
    surface_cell_size_um: float | None = Field(None, description="cell size at surfaces and edges; default a quarter of"
                                               " `cell_size_um`, or half the thinnest neighbouring gap; of bodies"
                                               " `cell_size_um`, and rounded to a half, a quarter, ... of it")
    neck_cell_size_um: float | None = Field(None, description="of bodies: cell size in gaps and walls that fewer than"
                                            " four cells would span; default `surface_cell_size_um`")
    periodic: bool = Field(False, description="of bodies: x and y repeat in place of being mirrors: sides are cut"
                           " alike, and what leaves through one comes in through the other")
    coatings: dict[Word, shape_keys.CoatingKeys] = Field({}, description="tables of named parts of a body's surface")
    walls: WallKeys | None = Field(None, description='table of shape = "walls"')
    baffles: BaffleKeys | None = Field(None, description='table of shape = "baffles"')
    spheres: shape_keys.SphereKeys | None = Field(None, description='table of shape = "spheres"')
    fibres: shape_keys.FibreKeys | None = Field(None, description='table of shape = "fibres"')
    sheets: shape_keys.SheetKeys | None = Field(None, description='table of shape = "sheets"')
    flakes: shape_keys.FlakeKeys | None = Field(None, description='table of shape = "flakes"')
    foam: shape_keys.FoamKeys | None = Field(None, description='table of shape = "foam"')
    minimal_surface: shape_keys.MinimalSurfaceKeys | None = Field(None, description='table of shape ='
                                                                  ' "minimal_surface"')
    gaussian: shape_keys.GaussianKeys | None = Field(None, description='table of shape = "gaussian"')
    particles: shape_keys.ParticleKeys | None = Field(None, description='table of shape = "particles"')
    image: shape_keys.ImageKeys | None = Field(None, description='table of shape = "image"')
    cad: shape_keys.CadKeys | None = Field(None, description='table of shape = "cad"')
    combination: shape_keys.CombinationKeys | None = Field(None, description='table of shape = "combination"')
    electrode: ElectrodeKeys | None = Field(None, description='table of a graded host, shape = "envelope"')
    surface: SurfaceKeys | None = Field(None, description="table of the host's surface by depth")


ALIASES = {"tortuosity": "tortuosity_factor", "tau": "tortuosity_factor"}  # a word used for two quantities
TABLES = {"": DesignKeys, "walls": WallKeys, "baffles": BaffleKeys, "electrode": ElectrodeKeys,
          "surface": SurfaceKeys, **BODIES, "combination.bodies": shape_keys.PartKeys,
          "coatings": shape_keys.CoatingKeys}


def read_toml(path: str | PathLike) -> dict[str, Any]:
    """The keys of a TOML file; raises ValueError that names the file, and the line of a syntax error."""
    if not isinstance(path, str | PathLike):
        raise ValueError(explain("Geometry.load", f"found {_shown(path)}", "the path of a design file is needed",
                                 "Geometry.from_dict takes keys."))
    try:
        data = _bytes(Path(path))
        return tomllib.loads(data.decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        fault = f"found a line that is not TOML: {error}"
        do = "Mind quotes around text and `key = value` on one line."
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        fault, do = f"found bytes that are not UTF-8 text in line {line}", "Save the file as plain text in UTF-8."
    except OSError as error:
        fault, do = f"found no readable file ({error.strerror or error})", "Mind the path and its permissions."
    except RecursionError:
        fault, do = "found brackets nested too deeply", "A design has at most one level of tables."
    except ValueError as error:  # integers of thousands of digits, zero bytes in the path, impossible dates
        fault, do = f"found a value that cannot be read ({error})", "Mind the numbers."
    raise ValueError(explain(str(path), fault, "a design file (TOML, UTF-8) is needed", do))


def _bytes(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise OSError("a folder or device")
    if not path.exists():
        near = near_file(path, ".toml")
        raise OSError("it does not exist" + (f". {near}" if near else ""))
    if path.stat().st_size > LARGEST_FILE:
        raise OSError(f"more than {LARGEST_FILE // 1000} kB")
    return path.read_bytes()


def validate(keys: dict[str, Any], file: str) -> DesignKeys:
    """Check names and types of keys; raises ValueError that names `file` and the key of the first fault."""
    if not isinstance(keys, dict):
        raise ValueError(explain(file, f"found {_shown(keys)}", "a table of keys is needed", "See docs/designs.md."))
    try:
        return DesignKeys.model_validate(keys)
    except ValidationError as error:
        fault = min(error.errors(include_url=False), key=_urgency)
    raise ValueError(_message(fault, file))


def _urgency(fault) -> int:
    """A misspelt key is the reason why another is missing: it comes first."""
    return {"extra_forbidden": 0, "missing": 2}.get(fault["type"], 1)


def _message(fault, file: str) -> str:
    keys = [part for part in fault["loc"] if isinstance(part, str)]  # numbers count the entries of lists
    loc = [key if re.fullmatch(r"[\w-]{1,60}", key) else _shown(key) for key in keys]
    where = f"{file}: {_place(fault['loc'], loc)}"
    found = f"found {_shown(fault.get('input'))}"
    match fault["type"]:
        case "extra_forbidden":
            return _unknown_key(where, loc[-1], _table(loc))
        case "missing":
            return explain(where, "found nothing", "this key is needed", _meaning(loc))
        case "finite_number":
            return explain(where, found, "a finite number is needed", _meaning(loc))
        case _:
            return explain(where, found, _allowed(fault), _meaning(loc))


def _allowed(fault) -> str:
    limits = {"greater_than_equal": "at least {ge}", "greater_than": "more than {gt}",
              "less_than_equal": "at most {le}", "less_than": "less than {lt}"}
    if fault["type"] in limits:
        share = fault["ctx"].get("lt", fault["ctx"].get("le")) == 1
        return limits[fault["type"]].format(**fault["ctx"]) + " is needed" + (" (0.8, not 80)" if share else "")
    kinds = {"float": "a number is needed", "int": "a whole number is needed", "bool": "true or false is needed",
             "string_pattern": "a text without line breaks and slashes is needed",
             "string": "a text of moderate length is needed",
             "list": "a list of numbers is needed", "model": "a table is needed"}
    return next((text for kind, text in kinds.items() if fault["type"].startswith(kind)), fault["msg"])


def _place(parts: tuple, loc: list[str]) -> str:
    """The keys with dots between them; bodies of a combination are numbered from 1."""
    place, rest = "", list(loc)
    for part in parts:
        if isinstance(part, str):
            place += ("." if place else "") + rest.pop(0)
        elif place.endswith("combination.bodies"):
            place += f"#{part + 1}"
    return place


def _table(loc: list[str]) -> str:
    """The table, a key of TABLES, in which the last of the keys stands."""
    if len(loc) == 1 or loc[0] == "coatings":
        return loc[0] if len(loc) > 1 else ""
    return "combination.bodies" if loc[-2] == "bodies" else next(key for key in reversed(loc[:-1]) if key in TABLES)


def _meaning(loc: list[str]) -> str:
    info = TABLES[_table(loc)].model_fields.get(loc[-1]) if loc else None
    return f"Meaning: {info.description}." if info else "See docs/designs.md."


def _unknown_key(where: str, key: str, table: str) -> str:
    """Unknown in `table` ("": the top): a wrong unit, the right key in the wrong table, or misspelt."""
    found, known = "found a key that is not known here", TABLES[table].model_fields
    right = key if any(key in model.model_fields for model in TABLES.values()) else f"{UNIT.sub('', key)}_um"
    allowed = "every key has a meaning" if right == key else "lengths are in um"
    if ALIASES.get(key) in known:
        return explain(where, found, "the tortuosity factor eps D/D_eff is needed, the square of what others call"
                       " tortuosity", f'Use "{ALIASES[key]}".')
    if right in known:
        return explain(where, found, allowed, f'Use "{right}".')
    homes = [name for name, model in TABLES.items() if right in model.model_fields]
    if homes == [""]:
        return explain(where, found, allowed, f'Put "{right}" above the first [table].')
    if homes:
        return explain(where, found, allowed, f'Put "{right}" into ' + " or ".join(f"[{name}]" for name in homes) + ".")
    return explain(where, found, "every key has a meaning", did_you_mean(key, known))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def check_tables(found: DesignKeys, file: str) -> None:
    """Raise ValueError for the table of a body beside another shape."""
    for table in BODIES:
        if table != found.shape and getattr(found, table) is not None:
            raise ValueError(explain(f"{file}: [{table}]", f'found beside shape = "{found.shape}"',
                                     f'[{table}] belongs to shape = "{table}"', "Remove the table or change the"
                                     " shape."))


def kept_sizes(found: DesignKeys, file: str) -> tuple[float, ...]:
    """size_um without the axes that `dimension` drops [um]."""
    size, dimension = tuple(found.size_um), found.dimension
    if len(size) in (3, dimension):
        return reduced(size, dimension)
    raise ValueError(explain(f"{file}: size_um", f"found {len(size)} of them with dimension = {dimension}",
                             "3 numbers, or as many as `dimension`, are needed",
                             "Give x, y, z; 2-D drops y, 1-D drops x and y."))


def reduced(size: tuple[float, ...], dimension: int) -> tuple[float, ...]:
    """(x, y, z), (x, z) or (z,) of a longer tuple of extents, z last.

    >>> reduced((50.0, 5.0, 100.0), 2)
    (50.0, 100.0)
    """
    return {1: size[-1:], 2: (size[0], size[-1]), 3: size}[dimension]

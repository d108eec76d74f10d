"""A scaffold design: what a TOML file in `geometries/` says, checked, in SI, and its mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from os import PathLike

from cellfem.errors import GeometryError, explain
from cellfem.geometry import bodies, cell_of_body, coatings, gradients, layered, plan, rules, schema
from cellfem.geometry.bodies import BodyDesign
from cellfem.geometry.coatings import CoatingDesign
from cellfem.geometry.gradients import ElectrodeDesign, SurfaceDesign, read_electrode, read_surface
from cellfem.geometry.shape_keys import BODIES
from cellfem.units import um


@dataclass(frozen=True, kw_only=True)
class Walls:
    """Vertically aligned sheets: straight channels along z, walls centred at 0, pitch, 2 pitch, ..."""

    normal: str = "x"  # the walls' normal; "y" in 3-D only
    pitch: float  # [m] centre to centre
    thickness: float  # [m]


@dataclass(frozen=True, kw_only=True)
class Baffles:
    """Horizontal staggered sheets; the first one's top is the top of the host."""

    pitch: float  # [m] from top to top
    thickness: float  # [m]
    gap: float  # [m] half of the full slit or hole, which lies on the symmetry plane
    holes: bool = False  # staggered square holes instead of slits along y
    post: float = 0.0  # [m] half width of the posts that join the sheets to the collector


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """A scaffold design: one symmetry cell of a host, with the layers above it.

    Made by `Geometry.load(path)` or `Geometry.from_dict(keys)`; `docs/designs.md` explains every key.

    Raises GeometryError for lengths or combinations that cannot be meshed.
    """

    name: str
    shape: str  # one of rules.SHAPES
    source: str  # who drew it, from which paper or image
    dimension: int  # 1, 2 or 3
    size: tuple[float, ...]  # [m] (x, y, z), (x, z) or (z,) of the host layer
    cell_size: float  # [m] away from surfaces
    surface_cell_size: float | None = None  # [m] at surfaces; None: a quarter of cell_size, of bodies cell_size
    neck_cell_size: float | None = None  # [m] of bodies, in narrow gaps and walls; None: surface_cell_size
    electrolyte: float = 0.0  # [m] free layer between host and separator
    separator: float = 0.0  # [m]
    counter_electrolyte: float = 0.0  # [m] free layer between separator and counter electrode
    collector_plates: bool = True  # the bare collector is an active surface too
    walls: Walls | None = None
    baffles: Baffles | None = None
    electrode: ElectrodeDesign | None = None  # a homogenised host by depth (shape "envelope")
    surface: SurfaceDesign | None = None  # film and coating of the host by depth
    body: BodyDesign | Callable | None = None  # curved and random hosts; or x (3, n) [m] -> signed distance (n,) [m]
    periodic: bool = False  # a body that repeats along x and y: its sides are cut alike
    coatings: tuple[CoatingDesign, ...] = ()  # named parts of a body's surface
    file: str = field(default="design", compare=False)  # where messages say that it stands

    def __post_init__(self):
        rules.check(self)

    @classmethod
    def load(cls, path: str | PathLike) -> Geometry:
        """Read a design file (TOML).

        Raises ValueError where it cannot be read, and for unknown, missing or misspelt keys; GeometryError where the
        design cannot be meshed.  Every message names the file and the key or the line.
        """
        return cls.from_dict(schema.read_toml(path), file=str(path))

    @classmethod
    def from_dict(cls, keys: dict, *, file: str = "design") -> Geometry:
        """The design with the given keys, as they stand in a TOML file (lengths in um).

        >>> Geometry.from_dict({"name": "plane", "shape": "slab", "source": "made up", "dimension": 1,
        ...                     "size_um": [0.0], "separator_um": 25.0, "cell_size_um": 1.0}).dimension
        1
        """
        found = schema.validate(keys, file)
        lengths = {"walls": ("pitch", "thickness"), "baffles": ("pitch", "thickness", "gap", "post")}
        parts = {}
        for shape, kind in (("walls", Walls), ("baffles", Baffles)):
            table = getattr(found, shape)
            if table is not None:
                other = {"normal": table.normal} if shape == "walls" else {"holes": table.holes}
                parts[shape] = kind(**{key: getattr(table, f"{key}_um") * um for key in lengths[shape]}, **other)
        if found.electrode is not None:
            parts["electrode"] = read_electrode(found.electrode, file)
        if found.surface is not None:
            parts["surface"] = read_surface(found.surface, file)
        if found.shape in BODIES or found.coatings or any(getattr(found, table) for table in BODIES):
            schema.check_tables(found, file)
            if found.shape in BODIES and getattr(found, found.shape) is not None:
                parts["body"] = bodies.read_body(found.shape, getattr(found, found.shape), file)
            parts["coatings"] = coatings.read_coatings(found.coatings, file)
        surface, neck = found.surface_cell_size_um, found.neck_cell_size_um
        return cls(name=found.name, shape=found.shape, source=found.source, dimension=found.dimension,
                   size=tuple(x * um for x in schema.kept_sizes(found, file)),
                   electrolyte=found.electrolyte_um * um, separator=found.separator_um * um,
                   counter_electrolyte=found.counter_electrolyte_um * um, collector_plates=found.collector_plates,
                   cell_size=found.cell_size_um * um, surface_cell_size=None if surface is None else surface * um,
                   neck_cell_size=None if neck is None else neck * um, periodic=found.periodic, **parts, file=file)

    def mesh(self, coarsen: float = 1.0, *, halvings: int = 0):
        """The design cut into cells: a plain skfem mesh in metres with named regions and surfaces.

        Parameters
        ----------
        coarsen : factor on all cell sizes; 0.5 cuts every cell in two in every direction
        halvings : how often all cells of the coarsened mesh are cut in two in every direction: meshes whose errors
            shrink with their order, for `homogenise_check`

        Raises GeometryError where the mesh would be too large or a gap is too thin for the cell size; warns
        (TrustWarning) where `cell_size` asks for fewer than two cells across a gap, which then has two.
        """
        plan.check_coarsen(self, coarsen)
        if self.body is not None:
            mesh = cell_of_body.mesh_of(self, bodies.body_of(self), coatings.labels_of(self), coarsen, halvings)
        else:
            grid = plan.grid(self, coarsen / 2**halvings)
            plan.check(self, grid)
            mesh = layered.build(grid.axes, grid.blocks, plan.REGIONS, floor_plates=self.collector_plates,
                                 mouth_at=0.0 if self.shape == "slab" else self.size[-1])
        gradients.tag(self, mesh)
        return mesh

    def envelope(self, dimension: int | None = None) -> Geometry:
        """The same outer box with the region `electrode` in place of host and pore, for a homogenised host.

        Its surface is that of the electrode's own sites, so the bare collector is none of its own.
        """
        if self.shape == "slab":
            raise GeometryError(explain(f"{self.file}: shape", 'found "slab"', "only a design with a host has an"
                                        " envelope", "Use the slab itself, or a design with walls or baffles."))
        dimension = self.dimension if dimension is None else dimension
        return replace(self, shape="envelope", dimension=dimension, size=schema.reduced(self.size, dimension),
                       walls=None, baffles=None, body=None, periodic=False, coatings=(), neck_cell_size=None,
                       collector_plates=False)

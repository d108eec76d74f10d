"""cellfem: ion concentration and potential in porous 3-D scaffolds for alkali-metal anodes.

The public names.  Materials are in `cellfem.materials`, multipliers into SI in `cellfem.units`; cases/vga_vs_hga.py
shows the use, docs/index.md leads on.
"""

from cellfem.errors import ConvergenceError, GeometryError, TrustWarning
from cellfem.geometry import Geometry
from cellfem.geometry.checks import drop_islands
from cellfem.geometry.imported import read_mesh
from cellfem.geometry.random_fields import mosaic, random_field
from cellfem.materials import Electrolyte, Host, Metal, Separator, Substrate, Table
from cellfem.model.cell import Cell
from cellfem.model.counter import Foil, Reservoir, UniformFlux
from cellfem.model.graded import graded
from cellfem.model.homogenise import electrode_tortuosity_factor, homogenise
from cellfem.model.medium import Medium
from cellfem.model.protocol import Galvanostatic, Potentiostatic, Rest, Steady
from cellfem.model.solution import Solution
from cellfem.model.surface import patchy_nucleation
from cellfem.physics.deposit import FIBRES, GRAINS, PLATES, TUBES, Growth
from cellfem.physics.film import Film, Layer, MosaicFilm
from cellfem.physics.kinetics import ButlerVolmer, FirstOrder, Linear, Tafel
from cellfem.physics.nucleation import Nucleation
from cellfem.results.check import Checked, format_check, refine_check
from cellfem.results.check_medium import CheckedMedium, homogenise_check
from cellfem.results.cycles import (
    average_efficiency,
    cycle_table,
    cycles_of_excess,
    cycles_to_retention,
    efficiency_of_retention,
    retention_of_efficiency,
)
from cellfem.results.filling import filling_table, write_filling
from cellfem.results.groups import GROUPS
from cellfem.results.limitpages import limit_rows, safe_rows, write_limits, write_safe
from cellfem.results.maps import write_curves, write_dots, write_map
from cellfem.results.report import report
from cellfem.results.riskpage import risk_rows, write_risk_maps
from cellfem.results.sandpage import sand_rows, write_sand
from cellfem.results.tornado import write_tornado
from cellfem.results.twins import bottom_share, twin_differences
from cellfem.results.write import format_table, write_report, write_table
from cellfem.studies.limiting import limiting_current
from cellfem.studies.one_percent import CurrentAtRatio, current_at_one_percent
from cellfem.studies.safe import SafeOperation, safe_capacity, safe_current
from cellfem.studies.sand import SandPoint, SandStudy, sand_study
from cellfem.studies.solve import solve

__version__ = "0.1.0"

__all__ = [
    "FIBRES", "GRAINS", "GROUPS", "PLATES", "TUBES", "ButlerVolmer", "Cell", "Checked", "CheckedMedium",
    "ConvergenceError", "CurrentAtRatio", "Electrolyte", "Film", "FirstOrder", "Foil", "Galvanostatic", "Geometry",
    "GeometryError", "Growth", "Host", "Layer", "Linear", "Medium", "Metal", "MosaicFilm", "Nucleation",
    "Potentiostatic", "Reservoir", "Rest", "SafeOperation", "SandPoint", "SandStudy", "Separator", "Solution", "Steady",
    "Substrate", "Table", "Tafel", "TrustWarning", "UniformFlux", "__version__", "average_efficiency", "bottom_share",
    "current_at_one_percent", "cycle_table", "cycles_of_excess", "cycles_to_retention", "drop_islands",
    "efficiency_of_retention", "electrode_tortuosity_factor", "filling_table", "format_check", "format_table", "graded",
    "homogenise", "homogenise_check", "limit_rows", "limiting_current", "mosaic", "patchy_nucleation", "random_field",
    "read_mesh", "refine_check", "report", "retention_of_efficiency", "risk_rows", "safe_capacity", "safe_current",
    "safe_rows", "sand_rows", "sand_study", "solve", "twin_differences", "write_curves", "write_dots", "write_filling",
    "write_limits", "write_map", "write_report", "write_risk_maps", "write_safe", "write_sand", "write_table",
    "write_tornado",
]

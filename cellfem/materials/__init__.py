"""Materials: data with unit, range and source; users add their own electrolytes by numbers, functions or tables."""

from cellfem.materials import substrates
from cellfem.materials.electrolyte import Electrolyte, constant, ideal
from cellfem.materials.electrolytes import (
    KFSI_DME,
    LIPF6_EC_DMC,
    LIPF6_EC_DMC_VALOEN,
    LIPF6_EC_EMC,
    LIPF6_EC_EMC_NYMAN,
    LIPF6_EMC_FEC,
    NAPF6_EC_PC,
)
from cellfem.materials.hosts import CARBON, COPPER, GRAPHENE, NICKEL, Host
from cellfem.materials.library import (
    DEFAULT_ELECTROLYTES,
    LIBRARY,
    catalogue,
    catalogue_markdown,
    default_electrolyte,
    find,
    names,
    properties,
)
from cellfem.materials.metals import LITHIUM, POTASSIUM, SODIUM, Metal
from cellfem.materials.property import Property
from cellfem.materials.separators import (
    CELGARD_2320,
    CELGARD_2325,
    CELGARD_2500,
    CELGARD_3500,
    CELGARD_C480,
    CELGARD_H2013,
    FREUDENBERG_FS_3001,
    GLASS_FIBRE,
    HDPE,
    HDPE_2,
    Separator,
)
from cellfem.materials.substrates import Substrate
from cellfem.physics.table import Table

__all__ = [
    "CARBON", "CELGARD_2320", "CELGARD_2325", "CELGARD_2500", "CELGARD_3500", "CELGARD_C480", "CELGARD_H2013", "COPPER",
    "DEFAULT_ELECTROLYTES", "FREUDENBERG_FS_3001", "GLASS_FIBRE", "GRAPHENE", "HDPE", "HDPE_2", "KFSI_DME", "LIBRARY",
    "LIPF6_EC_DMC", "LIPF6_EC_DMC_VALOEN", "LIPF6_EC_EMC", "LIPF6_EC_EMC_NYMAN", "LIPF6_EMC_FEC", "LITHIUM",
    "NAPF6_EC_PC", "NICKEL", "POTASSIUM", "SODIUM", "Electrolyte", "Host", "Metal", "Property", "Separator",
    "Substrate", "Table", "catalogue", "catalogue_markdown", "constant", "default_electrolyte", "find", "ideal",
    "names", "properties", "substrates",
]

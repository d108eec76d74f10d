"""Materials: data with unit, range and source; users add their own electrolytes by numbers, functions or tables."""

from cellfem.materials.electrolyte import Electrolyte, constant, ideal
from cellfem.materials.electrolytes import LIPF6_EC_DMC
from cellfem.materials.property import Property
from cellfem.physics.table import Table

__all__ = ["LIPF6_EC_DMC", "Electrolyte", "Property", "Table", "constant", "ideal"]

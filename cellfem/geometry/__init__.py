"""Scaffold designs and their meshes, and checks of any mesh.  Knows nothing of materials or equations."""

from cellfem.geometry.checks import drop_islands
from cellfem.geometry.design import Baffles, Geometry, Walls
from cellfem.geometry.summary import summary

__all__ = ["Baffles", "Geometry", "Walls", "drop_islands", "summary"]

"""Scaffold designs and their meshes.  Knows nothing of materials or equations."""

from cellfem.geometry.design import Baffles, Geometry, Walls

__all__ = ["Baffles", "Geometry", "Walls"]

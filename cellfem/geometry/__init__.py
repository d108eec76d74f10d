"""Designs: from a TOML file to a mesh with named regions and surfaces."""

"""Pointwise laws: numpy only, no mesh.  Laws are analytic, so that a complex step gives exact derivatives."""

"""Compiled forms, Newton, linear solvers and time stepping: no physics, no field names."""

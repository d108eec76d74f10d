"""Multipliers into SI, for the border only: inside cellfem every float is SI.

>>> from cellfem.units import cm, mA, mAh
>>> 2 * mA / cm**2          # A/m2
20.0
>>> round(1 * mAh / cm**2)  # C/m2
36000
"""

# Physical constants, CODATA 2018 (exact in the SI of 2019).
FARADAY = 96485.33212  # [C/mol]
GAS_CONSTANT = 8.314462618  # [J/mol/K]
ZERO_CELSIUS = 273.15  # [K]

m, cm, mm, um, nm = 1.0, 1e-2, 1e-3, 1e-6, 1e-9
s, minute, hour = 1.0, 60.0, 3600.0
A, mA, uA = 1.0, 1e-3, 1e-6
C = 1.0
Ah, mAh = 3600.0, 3.6
V, mV = 1.0, 1e-3
S, mS, Ohm = 1.0, 1e-3, 1.0
K = 1.0
kg, g, mg = 1.0, 1e-3, 1e-6
mol = 1.0
litre = 1e-3
molar = mol / litre  # [mol/m3]


def thermal_voltage(T: float) -> float:
    """R T / F [V] at the temperature T [K]."""
    return GAS_CONSTANT * T / FARADAY


def from_celsius(degC: float) -> float:
    """Temperature [K] of a temperature in degrees Celsius."""
    return degC + ZERO_CELSIUS

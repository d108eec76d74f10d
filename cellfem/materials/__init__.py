"""The library: electrolytes, metals, hosts and separators; every value with unit, range and source or mark."""

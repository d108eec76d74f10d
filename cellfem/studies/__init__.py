"""Questions asked of a cell: steady states, transients, limiting currents."""

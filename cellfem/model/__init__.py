"""The model: media, sites, cells, the balances and their solutions, on both scales."""

"""See `nacre.compat.v2.nacos`."""

"""Stand-ins for other clients: what they import is written with `nacre.compat.` before it."""

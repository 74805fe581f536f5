"""The only place with Numba: pure functions on arrays."""

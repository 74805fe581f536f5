"""Strings become integers here and nowhere else."""

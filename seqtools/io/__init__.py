"""Bytes on disk: atomic writing, compressed reading, vector formats."""

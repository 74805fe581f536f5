"""Layers: parameters, forward, and the backward pass written beside it."""

"""Whole models: layers, a loss and a vocabulary, put together so that a reader can see how."""

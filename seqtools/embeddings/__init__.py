"""Word vectors: training, look-up, queries."""

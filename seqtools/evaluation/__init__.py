"""Numbers about outputs, independent of how the outputs were made."""

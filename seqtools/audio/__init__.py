"""Recordings become features: reading, log-mel features, manifests, a cache, batches."""

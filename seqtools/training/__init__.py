"""One training loop for every model: optimisers, schedules, checkpoints, events."""

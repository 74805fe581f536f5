"""How fast training goes."""

import time


class Pace:
    """Targets a second of updates.

    Neither evaluation counts nor, once there are others, the first update: its kernels may have to
    be compiled.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._first_targets, self._first_seconds = 0, 0.0
        self._targets, self._seconds = 0, 0.0

    def begin(self) -> None:
        """Begin a stretch of updates, an epoch or what is left of one."""
        self._since = time.monotonic()

    def add(self, targets: int) -> None:
        """Count an update, which took the time since the one before or the beginning."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        if self._first_seconds:
            self._targets += targets
            self._seconds += seconds
        else:
            self._first_targets, self._first_seconds = targets, max(seconds, 1e-9)

    @property
    def targets_per_second(self) -> float | None:
        """The speed so far; None before the first update."""
        if self._seconds:
            return self._targets / self._seconds
        return self._first_targets / self._first_seconds if self._first_seconds else None

"""Learning rate schedules: a factor for every update."""

import math
from dataclasses import dataclass

from seqtools.training.settings import ScheduleSettings


@dataclass
class Plateau:
    """What the plateau schedule remembers.

    Attributes
    ----------
    falls : int
        How often the rate fell.
    waited : int
        Epochs without improvement since the last fall or improvement.
    """

    falls: int = 0
    waited: int = 0

    def observe(self, is_improved: bool, settings: ScheduleSettings) -> None:
        """Take note of an epoch's end."""
        self.waited = 0 if is_improved else self.waited + 1
        if self.waited >= settings.decay_every:
            self.falls, self.waited = self.falls + 1, 0


def rate_factor(
    settings: ScheduleSettings, update: int, epoch: int, num_updates: int, plateau: Plateau
) -> float:
    """Return what the learning rate is multiplied with.

    Parameters
    ----------
    settings : ScheduleSettings
    update : int
        Updates made so far.
    epoch : int
        Epochs finished so far.
    num_updates : int
        Updates of the whole run.
    plateau : Plateau
        What the metric did so far.
    """
    if update < settings.warmup:
        return (update + 1) / settings.warmup
    if settings.name == "step":
        factor = settings.decay ** (epoch // settings.decay_every)
    elif settings.name == "decay-after":
        factor = settings.decay ** max(0, epoch + 1 - settings.decay_after)
    elif settings.name == "plateau":
        factor = settings.decay**plateau.falls
    elif settings.name == "inverse-sqrt":
        factor = math.sqrt(max(settings.warmup, 1) / (update + 1))
    elif settings.name == "cosine":
        share = (update - settings.warmup) / max(num_updates - settings.warmup, 1)
        half = (1 + math.cos(math.pi * min(share, 1.0))) / 2
        return settings.min_factor + (1 - settings.min_factor) * half
    else:
        return 1.0
    return max(factor, settings.min_factor)

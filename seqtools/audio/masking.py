"""Masks over time and frequency that make training features harder (SpecAugment).

Park et al. 2019 (arXiv 1904.08779), without time warping: a mask sets a run of frames, or of mel
filters, to zero, which is the mean of normalized features.
"""

from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.types import Float32Array, Int32Array


@dataclass(frozen=True)
class MaskSettings:
    """How much of an utterance is masked.

    Attributes
    ----------
    num_time_masks, num_frequency_masks : int
        Masks of each kind; they may overlap. Without any, nothing is masked.
    max_time_frames : int
        Longest run of frames; each mask draws its length from 0 to this.
    max_time_share : float
        No mask is longer than this share of the utterance.
    max_frequency_filters : int
        Widest run of mel filters; each mask draws its width from 0 to this.
    """

    num_time_masks: int = 2
    num_frequency_masks: int = 2
    max_time_frames: int = 20
    max_time_share: float = 0.2
    max_frequency_filters: int = 6

    def __post_init__(self) -> None:
        for name in (
            "num_time_masks",
            "num_frequency_masks",
            "max_time_frames",
            "max_frequency_filters",
        ):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must be at least 0, got {getattr(self, name)}")
        if not 0 <= self.max_time_share <= 1:
            raise SettingsError(f"max_time_share must be from 0 to 1, got {self.max_time_share:g}")


def mask_features(
    x: Float32Array,
    lengths: Int32Array,
    num_mels: int,
    settings: MaskSettings,
    generator: np.random.Generator,
) -> None:
    """Mask a padded batch in place, each utterance for itself.

    Parameters
    ----------
    x : float32 array, shape (T, B, D)
        Normalized features; D is a multiple of `num_mels`. Joined frames and slopes are masked
        alike.
    lengths : int32 array, shape (B,)
        Frames of each utterance.
    num_mels : int
        Filters.
    settings : MaskSettings
    generator : Generator
        Equal generators mask alike.
    """
    num_utterances = x.shape[1]
    channels = x.reshape(len(x), num_utterances, -1, num_mels)
    for b in range(num_utterances):
        num_frames = int(lengths[b])
        longest = min(settings.max_time_frames, int(settings.max_time_share * num_frames))
        for _ in range(settings.num_time_masks):
            start, stop = _draw_run(num_frames, longest, generator)
            channels[start:stop, b] = 0
        widest = min(settings.max_frequency_filters, num_mels)
        for _ in range(settings.num_frequency_masks):
            start, stop = _draw_run(num_mels, widest, generator)
            channels[:num_frames, b, :, start:stop] = 0


def _draw_run(size: int, longest: int, generator: np.random.Generator) -> tuple[int, int]:
    """Draw a run of 0 to `longest` places out of `size`, then its start."""
    length = int(generator.integers(longest + 1))
    start = int(generator.integers(size - length + 1))
    return start, start + length

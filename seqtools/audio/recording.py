"""Recordings: one channel of samples, and what is known of a file before it is read."""

from typing import NamedTuple

from seqtools.types import Float32Array


class Recording(NamedTuple):
    """Sound of one channel.

    Attributes
    ----------
    samples : float32 array, shape (N,)
        From -1 to 1.
    sample_rate : int
        Samples per second.
    """

    samples: Float32Array
    sample_rate: int


class RecordingInfo(NamedTuple):
    """What a file's header says.

    Attributes
    ----------
    sample_rate : int
        Samples per second.
    num_channels : int
        1 for mono.
    num_samples : int
        Samples of each channel.
    """

    sample_rate: int
    num_channels: int
    num_samples: int

    @property
    def seconds(self) -> float:
        """How long the recording lasts."""
        return self.num_samples / self.sample_rate

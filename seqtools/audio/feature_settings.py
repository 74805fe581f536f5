"""How sound becomes features; every setting is stored with a model.

This module imports nothing heavy, so that a command can take its defaults from here.
"""

from dataclasses import dataclass

from seqtools.errors import SettingsError

MEL_SCALES = ("htk", "slaney")
FILTER_NORMS = ("peak", "area")
NORMALIZATIONS = ("utterance", "mean", "none")

_HIGHEST_RATE = 1 << 20


@dataclass(frozen=True)
class FeatureSettings:
    """Settings of log-mel features.

    Attributes
    ----------
    sample_rate : int
        Samples per second that recordings must have.
    window_seconds, hop_seconds : float
        Length of a frame, and from the start of one to the start of the next.
    fft_size : int or None
        Points of the Fourier transform, the frame padded with zeros; None takes the power of two
        that holds twice the frame, so that the lowest filters have points.
    preemphasis : float
        Coefficient p of y[n] = x[n] - p x[n - 1], which lifts high frequencies; 0 for none.
    num_mels : int
        Filters.
    mel_scale : {"htk", "slaney"}
        2595 log10(1 + f / 700); or linear to 1,000 Hz and logarithmic above (Slaney 1998).
    filter_norm : {"peak", "area"}
        Triangles of height 1, or of equal area (Slaney 1998).
    low_hertz, high_hertz : float
        The lower end of the first filter and the upper end of the last; None for half the rate.
    power : float
        Exponent of the magnitudes that are filtered: 2 for energies, 1 for magnitudes.
    floor : float
        Smaller filter outputs are raised to this before the logarithm. The default is about what
        the rounding to 16 bits puts into a filter.
    normalization : {"utterance", "mean", "none"}
        Shift each feature to mean 0 and scale it to variance 1 over the utterance; only shift; or
        leave it.
    num_deltas : int
        0, 1 or 2: append the slopes over time, and the slopes of the slopes.
    delta_frames : int
        Frames to each side over which a slope is taken.
    stack : int
        Frames that are joined into one.
    stride : int
        Keep every so many frames.
    """

    sample_rate: int = 16000
    window_seconds: float = 0.025
    hop_seconds: float = 0.010
    fft_size: int | None = None
    preemphasis: float = 0.97
    num_mels: int = 40
    mel_scale: str = "htk"
    filter_norm: str = "peak"
    low_hertz: float = 20.0
    high_hertz: float | None = None
    power: float = 2.0
    floor: float = 1e-8
    normalization: str = "utterance"
    num_deltas: int = 0
    delta_frames: int = 2
    stack: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("sample_rate", 1, _HIGHEST_RATE),
            ("num_mels", 1, 512),
            ("num_deltas", 0, 2),
            ("delta_frames", 1, 100),
            ("stack", 1, 100),
            ("stride", 1, 100),
        ):
            _check_range(name, getattr(self, name), low, high)
        for name, accepted in (
            ("mel_scale", MEL_SCALES),
            ("filter_norm", FILTER_NORMS),
            ("normalization", NORMALIZATIONS),
        ):
            if getattr(self, name) not in accepted:
                raise SettingsError(
                    f"{name} must be one of {', '.join(accepted)}, got {getattr(self, name)!r}"
                )
        _check_range("preemphasis", self.preemphasis, 0, 1)
        for name in ("power", "floor"):
            if not 0 < getattr(self, name) < float("inf"):
                raise SettingsError(
                    f"{name} must be above 0 and finite, got {getattr(self, name):g}"
                )
        self._check_frames()
        self._check_frequencies()

    def _check_frames(self) -> None:
        """Refuse frames that hold no sample, or more than the transform."""
        for name in ("window_seconds", "hop_seconds"):
            value = getattr(self, name)
            if not 1 <= value * self.sample_rate <= 10 * self.sample_rate:
                raise SettingsError(
                    f"{name} must be from one sample (1/{self.sample_rate} s) to 10 s, "
                    f"got {value:g}"
                )
        if self.fft_size is not None and not self.window_size <= self.fft_size <= 1 << 24:
            raise SettingsError(
                f"fft_size must be at least the window's {self.window_size} samples and at most "
                f"{1 << 24}, got {self.fft_size}"
            )

    def _check_frequencies(self) -> None:
        """Refuse filters outside what the rate can carry."""
        highest = self.sample_rate / 2
        if not 0 <= self.low_hertz < self.top_hertz <= highest:
            raise SettingsError(
                f"low_hertz and high_hertz must be from 0 to {highest:g}, half the rate, in this "
                f"order, got {self.low_hertz:g} and {self.top_hertz:g}"
            )

    @property
    def window_size(self) -> int:
        """Samples of a frame."""
        return round(self.window_seconds * self.sample_rate)

    @property
    def hop_size(self) -> int:
        """Samples from the start of a frame to the start of the next."""
        return round(self.hop_seconds * self.sample_rate)

    @property
    def transform_size(self) -> int:
        """Points of the Fourier transform."""
        if self.fft_size is not None:
            return self.fft_size
        return 1 << (2 * self.window_size - 1).bit_length()

    @property
    def top_hertz(self) -> float:
        """The upper end of the last filter."""
        return self.sample_rate / 2 if self.high_hertz is None else self.high_hertz

    @property
    def dim(self) -> int:
        """Features of a frame, D: first joined frames, then slopes, then filters."""
        return self.num_mels * (1 + self.num_deltas) * self.stack

    @property
    def frame_seconds(self) -> float:
        """From one frame of the features to the next, joining and leaving out considered."""
        return self.hop_size * self.stride / self.sample_rate

    def num_frames(self, num_samples: int) -> int:
        """Return how many frames T a recording gives; 0 if it is shorter than one frame.

        Parameters
        ----------
        num_samples : int
            Samples at `sample_rate`.
        """
        whole = max(0, 1 + (num_samples - self.window_size) // self.hop_size)
        return -(-whole // self.stride)

    def seconds_of(self, frame_index: int) -> float:
        """Return the middle of a frame of the features, in seconds from the recording's start."""
        hops = frame_index * self.stride + (self.stack - 1) / 2
        return (hops * self.hop_size + self.window_size / 2) / self.sample_rate


def _check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside its range."""
    if not low <= value <= high:
        raise SettingsError(f"{name} must be from {low:,} to {high:,}, got {value:,}")

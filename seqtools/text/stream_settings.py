"""How a running text is cut into batches; apart, because the command line reads the defaults."""

from dataclasses import dataclass

from seqtools.errors import SettingsError

_LARGEST_BATCH = 1 << 20


@dataclass(frozen=True)
class StreamSettings:
    """How a running text is cut.

    Attributes
    ----------
    batch_size : int
        Rows B that are read side by side.
    num_steps : int
        Symbols T of each row in a batch, through which the gradient flows back.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    batch_size: int = 32
    num_steps: int = 35

    def __post_init__(self) -> None:
        for name in ("batch_size", "num_steps"):
            value = getattr(self, name)
            if not 1 <= value <= _LARGEST_BATCH:
                raise SettingsError(f"{name} must lie in 1..{_LARGEST_BATCH}, got {value}")

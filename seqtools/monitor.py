"""How long work reports on itself, without knowing any terminal.

A library function takes a ``Monitor`` and calls its methods; the command line draws bars from
them, a notebook may print, and ``NullMonitor`` keeps silent.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Progress:
    """A moment of long work.

    Attributes
    ----------
    done, total : float
        Work done and to do, in the phase's unit; `total` is None where it is not known.
    unit : str
        What is counted ("tokens", "bytes", "words").
    per_second : float or None
        Speed in `unit` per second since the phase began.
    loss : float or None
        Mean loss so far in the running epoch, in nats per training pair.
    note : str
        A few words more, such as "epoch 2/5".
    """

    done: float
    total: float | None
    unit: str
    per_second: float | None = None
    loss: float | None = None
    note: str = ""


@dataclass
class StopRequest:
    """A wish to end long work early, made by a signal handler and seen by the work.

    Attributes
    ----------
    signal_number : int
        The signal that asked; 0 while nobody has.
    is_heeded : bool
        Whether the work looks here now, and will stop soon with its state saved.
    """

    signal_number: int = 0
    is_heeded: bool = False


class Monitor(Protocol):
    """Receives the phases of long work, in order."""

    def start(self, phase: str, total: float | None, unit: str) -> None:
        """Begin a phase, such as "reading corpus" or "training"."""

    def update(self, progress: Progress) -> None:
        """Report progress within the phase that was begun last."""

    def finish(self) -> None:
        """End the running phase."""

    def message(self, text: str) -> None:
        """Tell one line of news that is not a warning."""


class NullMonitor:
    """A monitor that keeps silent."""

    def start(self, phase: str, total: float | None, unit: str) -> None:
        """Ignore the start of a phase."""

    def update(self, progress: Progress) -> None:
        """Ignore progress."""

    def finish(self) -> None:
        """Ignore the end of a phase."""

    def message(self, text: str) -> None:
        """Ignore news."""

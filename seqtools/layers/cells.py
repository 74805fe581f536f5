"""Which recurrent cell: the settings, and the cell that they name."""

from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.layers.cell import Cell
from seqtools.layers.gru_cell import GruCell
from seqtools.layers.lstm_cell import LstmCell
from seqtools.layers.parameters import Initializer, Parameters, glorot
from seqtools.layers.rnn_cell import RnnCell
from seqtools.types import FloatArray

KINDS = ("rnn", "gru", "lstm")
GRU_VARIANTS = ("reset-after", "reset-before")


@dataclass(frozen=True)
class CellSettings:
    """Which recurrent unit.

    Attributes
    ----------
    kind : "rnn", "gru" or "lstm"
    gru_variant : "reset-after" or "reset-before"
        Where the reset gate acts; see ``seqtools.kernels.gru``.
    has_peepholes : bool
        Let the gates of an LSTM see its memory cell.
    """

    kind: str = "lstm"
    gru_variant: str = "reset-after"
    has_peepholes: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SettingsError(f"cell must be one of {', '.join(KINDS)}, got {self.kind!r}")
        if self.gru_variant not in GRU_VARIANTS:
            raise SettingsError(
                f"gru_variant must be one of {', '.join(GRU_VARIANTS)}, got {self.gru_variant!r}"
            )
        if self.has_peepholes and self.kind != "lstm":
            raise SettingsError(f"peepholes need cell lstm, got cell {self.kind}")


def make_cell(parameters: Parameters, name: str, hidden_size: int, settings: CellSettings) -> Cell:
    """Add a cell's recurrent parameters and return the cell."""
    if settings.kind == "lstm":
        return LstmCell(parameters, name, hidden_size, settings.has_peepholes)
    if settings.kind == "gru":
        return GruCell(parameters, name, hidden_size, settings.gru_variant == "reset-after")
    return RnnCell(parameters, name, hidden_size)


def input_initializer(num_gates: int) -> Initializer:
    """Return an initializer that draws each gate's input weights by itself."""

    def draw(generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        width = shape[1] // num_gates
        return np.concatenate([glorot(generator, (shape[0], width)) for _ in range(num_gates)], 1)

    return draw

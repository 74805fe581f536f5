"""The shape of acoustic models; apart from their layers, because the command line reads it."""

from dataclasses import dataclass

from seqtools.errors import SettingsError
from seqtools.models.settings import CELLS, GRU_VARIANTS
from seqtools.training.settings import check_choice, check_range


@dataclass(frozen=True)
class SpeechSettings:
    """The shape of an acoustic model.

    Attributes
    ----------
    cell : "rnn", "gru" or "lstm"
    gru_variant : "reset-after" or "reset-before"
        Whether the reset gate is applied after the recurrent product or before it.
    has_peepholes : bool
        Let an LSTM's gates see the cell.
    num_layers : int
        Recurrent layers, one above the other.
    hidden_size : int
        Numbers in the state of a layer, in each direction.
    is_bidirectional : bool
        Read recordings from both ends; otherwise from the beginning alone.
    input_dropout : float
        Share of the features that is set to zero.
    dropout : float
        Share of what goes from layer to layer, and of the highest layer's output, that is set to
        zero.
    recurrent_dropout : float
        Share of the state that is set to zero on its way to the next frame.
    is_variational : bool
        Draw one mask an utterance in place of one a frame.
    blank_bias : float
        Bias of the blank in the output layer at the start. Below 0 blanks are rarer at first, which
        shortens the time in which a model says nothing but blanks.

    Raises
    ------
    SettingsError
        If a value is outside its range, or two do not go together.
    """

    cell: str = "lstm"
    gru_variant: str = "reset-after"
    has_peepholes: bool = False
    num_layers: int = 2
    hidden_size: int = 128
    is_bidirectional: bool = True
    input_dropout: float = 0.0
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    is_variational: bool = False
    blank_bias: float = 0.0

    def __post_init__(self) -> None:
        check_choice("cell", self.cell, CELLS)
        check_choice("gru_variant", self.gru_variant, GRU_VARIANTS)
        check_range("num_layers", self.num_layers, 1, 64)
        check_range("hidden_size", self.hidden_size, 1, 65_536)
        for name in ("input_dropout", "dropout", "recurrent_dropout"):
            check_range(name, getattr(self, name), 0.0, 0.95)
        check_range("blank_bias", self.blank_bias, -50.0, 50.0)
        if self.has_peepholes and self.cell != "lstm":
            raise SettingsError(f"has_peepholes is for the cell lstm, not for {self.cell}")

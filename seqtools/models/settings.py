"""The shapes of models; apart from their layers, because the command line reads the defaults."""

from dataclasses import dataclass

from seqtools.errors import SettingsError
from seqtools.training.settings import check_choice, check_range

CELLS = ("rnn", "gru", "lstm")
GRU_VARIANTS = ("reset-after", "reset-before")


@dataclass(frozen=True)
class LanguageModelSettings:
    """The shape of a language model.

    Attributes
    ----------
    cell : "rnn", "gru" or "lstm"
    gru_variant : "reset-after" or "reset-before"
        Whether the reset gate is applied after the recurrent product, as current libraries do, or
        before it, as Cho et al. 2014 (v3).
    has_peepholes : bool
        Let an LSTM's gates see the cell.
    num_layers : int
        Recurrent layers, one above the other.
    embedding_size, hidden_size : int
    dropout : float
        Share of the embeddings, of what goes from layer to layer, and of the highest layer's output
        that is set to zero.
    recurrent_dropout : float
        Share of the state that is set to zero on its way to the next step.
    is_variational : bool
        Draw one mask a sequence in place of one a step.
    is_tied : bool
        Let the output layer use the embeddings as its weights; if the sizes differ, the highest
        layer's output is projected to that of the embeddings.
    freezes_embeddings : bool
        Leave the embeddings as they were at the start.
    initial_range : float
        Draw all initial weights from [-r, r], biases too; 0 draws each layer's own way.

    Raises
    ------
    SettingsError
        If a value is outside its range, or two do not go together.
    """

    cell: str = "lstm"
    gru_variant: str = "reset-after"
    has_peepholes: bool = False
    num_layers: int = 1
    embedding_size: int = 128
    hidden_size: int = 256
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    is_variational: bool = False
    is_tied: bool = False
    freezes_embeddings: bool = False
    initial_range: float = 0.0

    def __post_init__(self) -> None:
        check_choice("cell", self.cell, CELLS)
        check_choice("gru_variant", self.gru_variant, GRU_VARIANTS)
        check_range("num_layers", self.num_layers, 1, 64)
        check_range("embedding_size", self.embedding_size, 1, 65_536)
        check_range("hidden_size", self.hidden_size, 1, 65_536)
        check_range("dropout", self.dropout, 0.0, 0.95)
        check_range("recurrent_dropout", self.recurrent_dropout, 0.0, 0.95)
        check_range("initial_range", self.initial_range, 0.0, 10.0)
        if self.has_peepholes and self.cell != "lstm":
            raise SettingsError(f"has_peepholes is for the cell lstm, not for {self.cell}")

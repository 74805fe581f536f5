"""How a translator is built."""

from dataclasses import dataclass

from seqtools.errors import SettingsError
from seqtools.models.settings import CELLS, GRU_VARIANTS
from seqtools.training.settings import check_choice, check_range

ATTENTIONS = ("additive", "dot", "general", "none")
TYINGS = ("none", "target", "all")
_LARGEST_WIDTH = 65_536


@dataclass(frozen=True)
class TranslatorSettings:
    """The shape of an encoder-decoder.

    Attributes
    ----------
    cell : "rnn", "gru" or "lstm"
        Unit of encoder and decoder.
    gru_variant : "reset-after" or "reset-before"
        Where the reset gate acts; see ``seqtools.kernels.gru``.
    has_peepholes : bool
        Let the gates of an LSTM see its memory cell.
    attention : "additive", "dot", "general" or "none"
        Bahdanau's, in which the state before a step looks and what it sees enters the step; Luong's
        two, in which the state after a step looks; or no attention (Sutskever), in which the last
        state of the encoder is all that the decoder gets.
    attention_size : int or None
        Width of the additive score; None is the hidden size.
    embedding_size : int
        Width of embeddings.
    hidden_size : int
        Width of a decoder layer.
    encoder_size : int or None
        Width of an encoder layer with all its directions; None is the hidden size.
    encoder_layers, decoder_layers : int
    is_bidirectional : bool
        Let half of the encoder read backwards.
    reverses_source : bool
        Read the source from its end, which helps where there is no attention (Sutskever et al.).
    dropout : float
        Share of embeddings, layer outputs and readouts dropped in training.
    recurrent_dropout : float
        Share of the recurrent state dropped on its way to the next step, with one mask a sentence
        (Gal and Ghahramani 2016); not in the layer that attention belongs to.
    is_variational : bool
        Keep one mask through a sentence everywhere else too.
    word_dropout : float
        Share of whole symbols dropped from both sides in training.
    tied_embeddings : "none", "target" or "all"
        Share one table between the decoder's input and output, and with "all" the encoder's too,
        which needs a joint vocabulary.
    label_smoothing : float
        Probability that training spreads evenly over all symbols.
    freezes_embeddings : bool
        Leave the embeddings as they were at the start.

    Raises
    ------
    SettingsError
        If a value is outside its range, or two do not go together.
    """

    cell: str = "gru"
    gru_variant: str = "reset-after"
    has_peepholes: bool = False
    attention: str = "additive"
    attention_size: int | None = None
    embedding_size: int = 256
    hidden_size: int = 512
    encoder_size: int | None = None
    encoder_layers: int = 1
    decoder_layers: int = 1
    is_bidirectional: bool = True
    reverses_source: bool = False
    dropout: float = 0.3
    recurrent_dropout: float = 0.0
    is_variational: bool = False
    word_dropout: float = 0.0
    tied_embeddings: str = "target"
    label_smoothing: float = 0.1
    freezes_embeddings: bool = False

    def __post_init__(self) -> None:
        check_choice("cell", self.cell, CELLS)
        check_choice("gru_variant", self.gru_variant, GRU_VARIANTS)
        check_choice("attention", self.attention, ATTENTIONS)
        check_choice("tied_embeddings", self.tied_embeddings, TYINGS)
        for name in ("embedding_size", "hidden_size"):
            check_range(name, getattr(self, name), 1, _LARGEST_WIDTH)
        for name in ("encoder_layers", "decoder_layers"):
            check_range(name, getattr(self, name), 1, 64)
        for name in ("attention_size", "encoder_size"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name), 1, _LARGEST_WIDTH)
        for name in ("dropout", "recurrent_dropout", "word_dropout", "label_smoothing"):
            check_range(name, getattr(self, name), 0.0, 0.95)
        width = self.encoder_size or self.hidden_size
        if self.is_bidirectional and width % 2:
            raise SettingsError(f"encoder_size must be even for two directions, got {width}")
        if self.has_peepholes and self.cell != "lstm":
            raise SettingsError(f"has_peepholes is for the cell lstm, not for {self.cell}")

    @property
    def direction_size(self) -> int:
        """Width of one direction of an encoder layer."""
        width = self.encoder_size or self.hidden_size
        return width // 2 if self.is_bidirectional else width

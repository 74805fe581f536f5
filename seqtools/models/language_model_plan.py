"""What a language model is to be trained on, how, and where it goes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from seqtools.models.settings import LanguageModelSettings
from seqtools.text.lines import EncodingErrors
from seqtools.text.stream_settings import StreamSettings
from seqtools.text.symbols import CodecSettings
from seqtools.training.settings import TrainingSettings


@dataclass(frozen=True)
class LanguageModelPlan:
    """What to train on, how, and where to put it.

    Attributes
    ----------
    texts : sequence of str
        Plain or compressed; "-" is standard input.
    output : str
        The model directory.
    valid, test : sequence of str
        Texts to choose the best epoch by, and to report at the end.
    valid_share : float
        Without `valid`, this share of the text's end is set apart; 0 sets nothing apart.
    codec : CodecSettings
    model : LanguageModelSettings
    stream : StreamSettings
    training : TrainingSettings
    pretrained : str or None
        File of word vectors for the embeddings.
    encoding_errors : "strict" or "replace"
    is_resumed, may_overwrite : bool
        Go on from the checkpoint in `output`; replace the model that lies there.
    has_gradient_statistics : bool
        Log gradients by time lag and layer after every epoch.
    """

    texts: Sequence[str]
    output: str
    valid: Sequence[str] = ()
    test: Sequence[str] = ()
    valid_share: float = 0.05
    codec: CodecSettings = field(default_factory=lambda: CodecSettings("word"))
    model: LanguageModelSettings = field(default_factory=LanguageModelSettings)
    stream: StreamSettings = field(default_factory=StreamSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    pretrained: str | None = None
    encoding_errors: EncodingErrors = "strict"
    is_resumed: bool = False
    may_overwrite: bool = False
    has_gradient_statistics: bool = False

"""Recordings and their texts as a task for the training loop."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqtools.audio.feature_set import FeatureSet
from seqtools.audio.masking import MaskSettings, mask_features
from seqtools.audio.utterance_batches import UtteranceBatch, UtteranceBatches
from seqtools.decoding.ctc_output import PROBABILITIES
from seqtools.decoding.ctc_search import find_best_path, spell
from seqtools.evaluation.error_rate import ErrorRateSettings, score_transcripts
from seqtools.evaluation.transcript_text import CHARACTER, WORD
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.models.speech import SpeechModel, losses_of, posteriors_of
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.alphabet import BLANK, Alphabet
from seqtools.text.batch_settings import BatchSettings
from seqtools.text.batches import shards
from seqtools.training.task import Batch, LossSum
from seqtools.training.team import Team
from seqtools.types import Int32Array

# Each decides between epochs that are alike in those before: a model that is learning to say
# anything has a word error rate of 1 for many epochs.
METRICS = ("wer", "cer", "dev_loss")
_UTTERANCES_AT_ONCE = 32
# How many training utterances show the share of blanks where there are none to validate on.
_SAMPLE = 32


@dataclass(frozen=True)
class SpokenTexts:
    """Utterances and what is said in them.

    Attributes
    ----------
    features : FeatureSet
        N utterances.
    targets : sequence of int32 arrays, shape (L,)
        Ids of the characters of each.
    texts : sequence of str
        What is said in each, as the alphabet writes it.
    """

    features: FeatureSet
    targets: Sequence[Int32Array]
    texts: Sequence[str]

    def head(self, number: int) -> "SpokenTexts":
        """Return the first utterances."""
        offsets = self.features.offsets[: number + 1]
        features = FeatureSet(self.features.frames[: offsets[-1]], offsets)
        return SpokenTexts(features, self.targets[:number], self.texts[:number])


class _Heard(NamedTuple):
    """What a model made of some utterances."""

    rows: list[int]
    texts: list[str]
    nats: float
    num_blank: int
    num_frames: int


class SpeechTask:
    """What the training loop sees of an acoustic model; see ``seqtools.training.task.Task``.

    Parameters
    ----------
    model : SpeechModel
    alphabet : Alphabet
    train : SpokenTexts
        Every text fits into its utterance's frames.
    dev : SpokenTexts or None
        What epochs are judged by.
    batches : BatchSettings
    num_mels : int
        Filters, for masks over frequency.
    masks : MaskSettings or None
        None masks nothing.
    num_shards : int
    metric : str
        "wer", "cer" or "dev_loss": which epoch is best.
    monitor : Monitor, optional
        Hears of a model that says nothing but blanks.
    """

    unit, is_higher_better, floor = "characters", False, 0.0

    def __init__(
        self,
        model: SpeechModel,
        alphabet: Alphabet,
        train: SpokenTexts,
        dev: SpokenTexts | None,
        batches: BatchSettings,
        num_mels: int,
        masks: MaskSettings | None,
        num_shards: int,
        metric: str = "wer",
        monitor: Monitor | None = None,
    ) -> None:
        self.model, self.parameters, self.metric = model, model.parameters, metric
        self.ties: Sequence[str] = METRICS[METRICS.index(metric) + 1 :]
        self._alphabet, self._train, self._dev = alphabet, train, dev
        self._batches = UtteranceBatches(train.features, train.targets, batches)
        self._judged = dev if dev is not None else train.head(_SAMPLE)
        self._judged_batches = UtteranceBatches(
            self._judged.features, self._judged.targets, BatchSettings(_UTTERANCES_AT_ONCE)
        )
        self._num_mels, self._masks, self._num_shards = num_mels, masks, num_shards
        self._monitor = monitor or NullMonitor()
        self._is_silent: bool | None = None
        self.fingerprint = _fingerprint([train, *([dev] if dev else [])], masks, batches)

    @property
    def num_batches(self) -> int:
        """Updates an epoch."""
        return self._batches.num_batches(0)

    @property
    def num_targets(self) -> int:
        """Characters an epoch."""
        return sum(map(len, self._train.targets))

    def begin_epoch(self, epoch: int) -> None:
        """Carry nothing from batch to batch."""

    def batches(self, epoch: int, first: int) -> Iterator[Batch[UtteranceBatch]]:
        """Yield the batches of an epoch from number `first` on."""
        for index in range(first, self._batches.num_batches(epoch)):
            batch = self._batches.batch(epoch, index)
            yield Batch(shards(batch, self._num_shards), batch.num_tokens, len(batch.rows))

    def loss_and_gradients(
        self,
        index: int,
        shard: UtteranceBatch,
        gradients: Gradients,
        workspace: Workspace,
        generator: np.random.Generator,
        scale: float,
    ) -> LossSum:
        """Mask a shard, and add its gradient."""
        del index
        if self._masks is not None:
            mask_features(shard.x, shard.lengths, self._num_mels, self._masks, generator)
        rng_state = generator.integers(2**63, size=1).astype(np.uint64)
        return self.model.train(
            shard.x, shard.lengths.astype(np.int64), shard.targets, gradients, workspace,
            rng_state, scale,
        )  # fmt: skip

    def evaluate(self, team: Team) -> dict[str, float]:
        """Return loss, error rates and the share of blanks on the best paths.

        Without utterances to judge by, the share of blanks in some training utterances is all.
        """
        heard: list[_Heard] = []
        for batch in self._judged_batches.in_order():
            heard += team.run(self._hear, shards(batch, team.num_shards))
            team.check_stop()
        num_blank = sum(part.num_blank for part in heard)
        num_frames = sum(part.num_frames for part in heard)
        self._tell_of_blanks(num_blank == num_frames)
        share = {"blank_share": num_blank / num_frames}
        if self._dev is None:
            return share
        texts = [""] * len(self._judged.texts)
        for part in heard:
            for row, text in zip(part.rows, part.texts, strict=True):
                texts[row] = text
        rates = {
            name: score_transcripts(
                texts, self._judged.texts, ErrorRateSettings(unit, samples=0)
            ).rate
            for name, unit in (("wer", WORD), ("cer", CHARACTER))
        }
        nats = sum(part.nats for part in heard)
        return {"dev_loss": nats / sum(map(len, self._judged.targets)), **rates, **share}

    def carried_state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing: batches do not depend on each other."""
        return {}

    def restore_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restore nothing."""

    def _hear(self, _: int, batch: UtteranceBatch, workspace: Workspace) -> _Heard:
        """Return the best paths of some utterances, and the loss of their texts."""
        lengths = batch.lengths.astype(np.int64)
        logits = self.model.logits(batch.x, lengths, workspace)
        texts, num_blank = [], 0
        for b, length in enumerate(lengths.tolist()):
            posteriors = posteriors_of(logits[:length, b])
            num_blank += int(np.count_nonzero(posteriors.argmax(-1) == BLANK))
            labels = find_best_path(posteriors, kind=PROBABILITIES, blank=BLANK).labels
            texts.append(spell(labels, self._alphabet.symbols))
        losses = losses_of(logits, lengths, batch.targets)
        return _Heard(
            batch.rows.tolist(), texts, float(losses.sum()), num_blank, int(lengths.sum())
        )

    def _tell_of_blanks(self, is_silent: bool) -> None:
        """Explain once that a model says nothing but blanks, and say when that is over."""
        if is_silent and self._is_silent is None:
            self._monitor.message(
                "the model says nothing but blanks so far: usual at first, for the blank is right "
                "in most frames, and over once the loss falls below its plateau; if it lasts, "
                "raise the learning rate, lower --blank-bias or take smaller batches"
            )
        elif self._is_silent and not is_silent:
            self._monitor.message("the model has begun to say more than blanks")
        self._is_silent = is_silent


def _fingerprint(
    sets: Sequence[SpokenTexts], masks: MaskSettings | None, batches: BatchSettings
) -> str:
    """Return what tells this data, and how it is put into batches, from others."""
    digest = hashlib.sha256(f"{masks} {batches}".encode())
    for spoken in sets:
        digest.update(spoken.features.offsets.tobytes())
        # The frames themselves may be gigabytes; their sums over time tell recordings apart.
        digest.update(spoken.features.frames.sum(0, dtype=np.float64).tobytes())
        for target in spoken.targets:
            digest.update(target.tobytes() + b"|")
    return digest.hexdigest()[:16]

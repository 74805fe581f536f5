"""Perplexity, with what it counts.

Per token: exp of the mean of -ln p over all symbols of the text, line ends and unknown symbols
included, each predicted from everything before it. Per word: the same sum over the number of words
and line ends, so that models of characters, subwords and words can be compared.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtools.models.language_model import LanguageModel, copy_states, mask_targets, take_rows
from seqtools.monitor import Monitor, NullMonitor, Progress
from seqtools.text.encoding import EncodedText
from seqtools.text.stream_batches import StreamBatch, StreamBatches
from seqtools.text.stream_settings import StreamSettings
from seqtools.text.symbols import UNKNOWN
from seqtools.training.team import Team
from seqtools.types import Int32Array

DEFINITION = (
    "per token: exp(-sum ln p / tokens), natural logarithm; ends of lines are tokens, unknown "
    "symbols are counted; state is carried through the whole text; per word: the same sum over "
    "words and ends of lines"
)


@dataclass(frozen=True)
class TextScore:
    """The log likelihood of a text.

    Attributes
    ----------
    nats : float
        -sum of ln p over all tokens.
    tokens : int
        Symbols, ends of lines included.
    unknown_tokens : int
        Symbols outside the vocabulary, which are predicted as one.
    unknown_nats : float
        Their part of `nats`.
    """

    nats: float
    tokens: int
    unknown_tokens: int
    unknown_nats: float

    @property
    def loss(self) -> float:
        """Mean of -ln p a token."""
        return self.nats / self.tokens

    @property
    def perplexity(self) -> float:
        """Perplexity per token; infinite if it is larger than a float."""
        return perplexity_of(self.loss)

    def describe(self, text: EncodedText) -> dict[str, Any]:
        """Return all figures of a text, by name."""
        words = text.num_words + text.num_lines
        known = self.tokens - self.unknown_tokens
        return {
            "perplexity": self.perplexity,
            "perplexity_per_word": perplexity_of(self.nats / words),
            "perplexity_of_known_tokens": (
                perplexity_of((self.nats - self.unknown_nats) / known) if known else None
            ),
            "bits_per_character": self.nats / math.log(2) / text.num_characters,
            "loss": self.loss,
            "tokens": self.tokens,
            "words": text.num_words,
            "lines": text.num_lines,
            "characters": text.num_characters,
            "unknown_tokens": self.unknown_tokens,
            "definition": DEFINITION,
        }


def perplexity_of(loss: float) -> float:
    """Return e to the power of a mean loss; infinite if that is larger than a float."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def score_ids(
    model: LanguageModel,
    ids: Int32Array,
    line_end: int,
    team: Team,
    settings: StreamSettings,
    monitor: Monitor | None = None,
) -> TextScore:
    """Predict every symbol of a text.

    Parameters
    ----------
    model : LanguageModel
    ids : int32 array, shape (N,)
    line_end : int
        What is read before the first symbol.
    team : Team
    settings : StreamSettings
        A batch size of 1 reads the text from its first symbol to its last; with more rows, which
        are quicker, each row but the first begins in the middle with an empty state.
    monitor : Monitor, optional
        Hears of tokens and loss, within a phase of the caller's.

    Raises
    ------
    StopWork
        If a stop was requested.
    """
    batches = StreamBatches(ids, settings, line_end)
    states = model.zero_states(batches.batch_size)
    columns = np.array_split(
        np.arange(batches.batch_size), min(team.num_shards, batches.batch_size)
    )
    shard_states = [copy_states(take_rows(states, rows)) for rows in columns]
    totals = np.zeros((len(columns), 2))
    unknown, done, started = 0, 0, time.monotonic()
    monitor = monitor or NullMonitor()

    def score(index: int, batch: StreamBatch, workspace: Any) -> None:
        if not batch.num_tokens:
            return
        lengths = batch.lengths.astype(np.int64)
        targets = mask_targets(batch.targets, lengths)
        found = model.score(batch.inputs, targets, lengths, shard_states[index], workspace)
        shard_states[index] = copy_states(found.states)
        totals[index, 0] -= found.log_likelihoods.sum()
        totals[index, 1] -= found.log_likelihoods[targets == UNKNOWN].sum()

    for number in range(len(batches)):
        team.check_stop()
        batch = batches.batch(0, number)
        unknown += int(np.count_nonzero(mask_targets(batch.targets, batch.lengths) == UNKNOWN))
        team.run(score, [batch.take(rows) for rows in columns])
        done += batch.num_tokens
        speed = done / max(time.monotonic() - started, 1e-9)
        loss = float(totals[:, 0].sum()) / done
        monitor.update(Progress(done, ids.size, "tokens", speed, loss))
    return TextScore(
        nats=float(totals[:, 0].sum()),
        tokens=int(ids.size),
        unknown_tokens=unknown,
        unknown_nats=float(totals[:, 1].sum()),
    )

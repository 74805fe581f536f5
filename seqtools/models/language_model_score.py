"""Perplexity of text files under a stored language model."""

import os
from collections.abc import Sequence
from typing import Any

from seqtools.embeddings.settings import count_cores
from seqtools.models.language_model_files import load_language_model
from seqtools.models.perplexity import score_ids
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.encoding import encode_text
from seqtools.text.lines import EncodingErrors
from seqtools.text.stream_settings import StreamSettings
from seqtools.training.team import Team

_STEPS_AT_ONCE = 256


def score_text(
    path: str | os.PathLike[str],
    texts: Sequence[str | os.PathLike[str]],
    *,
    batch_size: int = 1,
    threads: int | None = None,
    encoding_errors: EncodingErrors = "strict",
    monitor: Monitor | None = None,
) -> dict[str, Any]:
    """Measure how well a language model predicts text.

    Parameters
    ----------
    path : path-like
        The model's directory.
    texts : sequence of path-like
        Plain or compressed; "-" is standard input.
    batch_size : int
        Places of the text that are read side by side.
    threads : int, optional
        All cores by default.
    encoding_errors : "strict" or "replace"
    monitor : Monitor, optional

    Returns
    -------
    dict
        See ``TextScore.describe``.
    """
    stored = load_language_model(path)
    text = encode_text(texts, stored.codec, encoding_errors, monitor)
    monitor = monitor or NullMonitor()
    monitor.start("scoring", text.ids.size, "tokens")
    with Team(batch_size, threads or count_cores(), has_fixed_weights=True) as team:
        score = score_ids(
            stored.model, text.ids, stored.codec.line_end, team,
            StreamSettings(batch_size, _STEPS_AT_ONCE), monitor,
        )  # fmt: skip
    monitor.finish()
    return score.describe(text)

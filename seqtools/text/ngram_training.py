"""From text files to an n-gram model in an ARPA file: what ``seqtools train-ngram`` calls."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seqtools.errors import CorpusError, SettingsError
from seqtools.io.atomic import check_is_no_input, check_writable
from seqtools.monitor import Monitor, NullMonitor
from seqtools.text.kneser_ney import LARGEST_ORDER, characters_of, train_ngram_model
from seqtools.text.lines import name_of, read_lines
from seqtools.text.ngram_model import END, START, NGramModel

Path = str | os.PathLike[str]
WORD, CHARACTER = "word", "character"
LEVELS = (WORD, CHARACTER)


@dataclass(frozen=True)
class NGramSettings:
    """What model to train.

    Attributes
    ----------
    order : int
        Words, or characters, of the longest n-grams; from 1 to 16.
    level : str
        "word" or "character".
    lower : bool
        Fold upper to lower case, by the full Unicode rules.
    """

    order: int = 3
    level: str = WORD
    lower: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.order <= LARGEST_ORDER:
            raise SettingsError(f"order must be between 1 and {LARGEST_ORDER}, got {self.order}")
        if self.level not in LEVELS:
            raise SettingsError(f"level must be one of {', '.join(LEVELS)}, got {self.level!r}")


@dataclass(frozen=True)
class NGramTraining:
    """A model that was trained, and what it was trained on.

    Attributes
    ----------
    model : NGramModel
    sentences, tokens : int
        Lines with words in them; words or characters of them.
    perplexity : float or None
        Of the validation text, ends of lines among its tokens.
    """

    model: NGramModel
    sentences: int
    tokens: int
    perplexity: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as plain values."""
        return {
            "order": self.model.order,
            "vocabulary_size": len(self.model.words),
            "ngrams": [len(entries) for entries in self.model.content.orders],
            "sentences": self.sentences,
            "tokens": self.tokens,
            "perplexity": self.perplexity,
        }


def train_ngram_files(
    texts: Sequence[Path],
    output: Path,
    settings: NGramSettings | None = None,
    *,
    valid: Path | None = None,
    monitor: Monitor | None = None,
) -> NGramTraining:
    """Train a model on text, a sentence a line, and write it as an ARPA file.

    Parameters
    ----------
    texts : sequence of path-like
        Plain or compressed UTF-8; "-" is standard input.
    output : path-like
        Where the model goes; a suffix such as .gz compresses it.
    settings : NGramSettings, optional
    valid : path-like, optional
        Text to measure the perplexity of.
    monitor : Monitor, optional

    Raises
    ------
    FileAccessError
        If a file cannot be read or written, or the output is one of the inputs.
    CorpusError
        If a text is not UTF-8, holds a NUL, no word, or one that models keep for themselves.
    FileContentError
        If compressed data is damaged.
    """
    settings, monitor = settings or NGramSettings(), monitor or NullMonitor()
    check_writable(output)
    check_is_no_input(output, [*texts, *([valid] if valid is not None else [])])
    monitor.start("reading text", None, "sentences")
    sentences = [words for path in texts for words in _sentences(path, settings)]
    held_out = [] if valid is None else list(_sentences(valid, settings))
    monitor.finish()
    if not sentences:
        names = ", ".join(map(name_of, texts))
        raise CorpusError(f"{names}: no word to train a language model on")
    if valid is not None and not held_out:
        raise CorpusError("no word to measure the perplexity of", path=name_of(valid))
    monitor.start("counting n-grams", None, "n-grams")
    model = train_ngram_model(sentences, settings.order)
    monitor.finish()
    perplexity = model.perplexity(held_out) if held_out else None
    model.write(output)
    return NGramTraining(model, len(sentences), sum(map(len, sentences)), perplexity)


def _sentences(path: Path, settings: NGramSettings) -> Iterator[list[str]]:
    """Yield the words or characters of each line that has any."""
    for number, line in enumerate(read_lines(path), start=1):
        text = line.casefold() if settings.lower else line
        words = text.split() if settings.level == WORD else characters_of(text)
        _check_words(words, path, number)
        if words:
            yield words


def _check_words(words: Iterable[str], path: Path, line: int) -> None:
    """Refuse words that models keep for themselves."""
    for word in words:
        if word in (START, END):
            raise CorpusError(
                f"the word {word}, which language models keep for themselves",
                path=name_of(path),
                line=line,
                remedy="take it out of the text",
            )

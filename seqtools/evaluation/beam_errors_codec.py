"""How an analysis of a translation model turns text into symbols and back."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from seqtools.text.symbols import END, Codec
from seqtools.types import Int32Array

SourceT = TypeVar("SourceT")


class TranslationCodec(Protocol[SourceT]):
    """The text of a model's two sides."""

    def encode_source(self, line: str) -> SourceT:
        """Return a source in the form that the model's ``start`` reads."""

    def encode_target(self, line: str) -> Int32Array:
        """Return a target's symbols, the end symbol last."""

    def decode_target(self, tokens: Int32Array) -> str:
        """Return the text of an output, its end symbol included or not."""

    def source_labels(self, source: SourceT) -> Sequence[str]:
        """Return what each position of attention is called."""

    def target_labels(self, tokens: Int32Array) -> Sequence[str]:
        """Return what each symbol is called."""


class CodecPair:
    """A ``TranslationCodec`` made of one codec a side.

    Parameters
    ----------
    source, target : Codec
        Of each side; may be the same.
    has_source_end : bool
        Whether the model reads an end symbol behind a source.
    """

    def __init__(self, source: Codec, target: Codec, *, has_source_end: bool = True) -> None:
        self._source, self._target, self._has_source_end = source, target, has_source_end

    def encode_source(self, line: str) -> Int32Array:
        """Return a source's symbols."""
        symbols = self._source.encode(line)
        return np.append(symbols, np.int32(END)) if self._has_source_end else symbols

    def encode_target(self, line: str) -> Int32Array:
        """Return a target's symbols, the end symbol last."""
        return np.append(self._target.encode(line), np.int32(END))

    def decode_target(self, tokens: Int32Array) -> str:
        """Return the text of an output."""
        return self._target.decode(tokens)

    def source_labels(self, source: Int32Array) -> list[str]:
        """Return how each symbol of a source is written."""
        return [self._source.spell(token) for token in source.tolist()]

    def target_labels(self, tokens: Int32Array) -> list[str]:
        """Return how each symbol of a target is written."""
        return [self._target.spell(token) for token in tokens.tolist()]

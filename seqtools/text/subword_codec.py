"""Subwords as symbols, learnt from the text by sentencepiece.

The text goes in as it is and comes out as it went in: no normaliser, no blanks taken away, and
what has no symbol is spelt in bytes. Source: Kudo and Richardson, "SentencePiece" (EMNLP 2018).
"""

import io
import os
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import sentencepiece

from seqtools.errors import CorpusError, SettingsError, VocabularyError
from seqtools.text.symbols import (
    BEGIN,
    END,
    NUM_SPECIAL_SYMBOLS,
    PAD,
    SPECIAL_SPELLINGS,
    UNKNOWN,
    Codec,
    CodecSettings,
)
from seqtools.types import Int32Array

# sentencepiece writes spaces as U+2581, so that one in the text would come back as a space. It and
# the character that marks it are written as pairs instead.
_ESCAPED = str.maketrans({"\u2581": "\u23381", "\u2338": "\u23382"})
_SPACE = "\u2581"
_NUM_BYTE_SYMBOLS = 256
LEAST_SUBWORDS = NUM_SPECIAL_SYMBOLS + _NUM_BYTE_SYMBOLS + 1
# The result depends on this number, never on the machine's, so it is fixed.
_TRAINING_THREADS = 4
_ERRORS_ONLY = 2
_LONGEST_LINE_BYTES = 1 << 30


class SubwordCodec(Codec):
    """Turns text into subwords that sentencepiece chose.

    Parameters
    ----------
    model : bytes
        A sentencepiece model with our special symbols.
    settings : CodecSettings

    Raises
    ------
    VocabularyError
        If the bytes are no such model.
    """

    def __init__(self, model: bytes, settings: CodecSettings) -> None:
        super().__init__(settings)
        self._model = model
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except (RuntimeError, ValueError) as error:
            raise VocabularyError("not a sentencepiece model") from error
        special = (
            self._processor.pad_id(),
            self._processor.unk_id(),
            self._processor.bos_id(),
            self._processor.eos_id(),
        )
        if special != (PAD, UNKNOWN, BEGIN, END):
            raise VocabularyError(
                f"the ids of <pad>, <unk>, <s>, </s> must be 0, 1, 2, 3, got {special}",
                remedy="let seqtools train the subwords",
            )
        self._size = int(self._processor.get_piece_size())

    @classmethod
    def build(
        cls, lines: Iterable[str], settings: CodecSettings, path: str | os.PathLike[str]
    ) -> "SubwordCodec":
        """Learn subwords from lines; the same lines always give the same bytes.

        There may be fewer than asked for, if the text does not hold so many.

        Raises
        ------
        CorpusError
            If there is no text, or too many different characters for so few subwords; names
            `path`.
        """
        if settings.num_subwords < LEAST_SUBWORDS:
            raise SettingsError(
                f"vocabulary_size must be at least {LEAST_SUBWORDS} for subwords "
                f"({_NUM_BYTE_SYMBOLS} are bytes), got {settings.num_subwords}"
            )
        source = _CheckedLines(lines, settings)
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(source),
                model_writer=model,
                model_type=settings.subword_model,
                vocab_size=settings.num_subwords,
                hard_vocab_limit=False,
                character_coverage=settings.character_coverage,
                byte_fallback=True,
                normalization_rule_name="identity",
                remove_extra_whitespaces=False,
                max_sentence_length=_LONGEST_LINE_BYTES,
                num_threads=_TRAINING_THREADS,
                minloglevel=_ERRORS_ONLY,
                pad_id=PAD,
                unk_id=UNKNOWN,
                bos_id=BEGIN,
                eos_id=END,
            )
        except RuntimeError as error:
            if not source.has_text:
                raise CorpusError(
                    "no text to learn subwords from", path=path, remedy="name a file with text"
                ) from error
            if "required_chars" in str(error):
                raise CorpusError(
                    f"the text has too many different characters for {settings.num_subwords} "
                    f"subwords, {_NUM_BYTE_SYMBOLS + NUM_SPECIAL_SYMBOLS} of which are bytes and "
                    "special symbols",
                    path=path,
                    remedy="raise --vocab-size",
                ) from error
            raise CorpusError(f"sentencepiece failed: {error}", path=path) from error
        return cls(model.getvalue(), settings)

    def __len__(self) -> int:
        return self._size

    @property
    def content(self) -> bytes:
        """The bytes of the sentencepiece model."""
        return self._model

    def encode(self, line: str) -> Int32Array:
        """Turn a line into ids, without BEGIN and END.

        Returns
        -------
        int32 array, shape (N,)
        """
        return np.array(self._processor.EncodeAsIds(self._escaped(line)), dtype=np.int32)

    def encode_lines(self, lines: Sequence[str]) -> list[Int32Array]:
        """Turn lines into ids, one array a line."""
        escaped = [self._escaped(line) for line in lines]
        encoded = self._processor.Encode(escaped, out_type=int, num_threads=1)
        return [np.array(ids, dtype=np.int32) for ids in encoded]

    def spell(self, index: int) -> str:
        """Return a subword, with U+2581 for a space, or a special symbol such as "</s>"."""
        self._check(np.array([index]))
        if index < NUM_SPECIAL_SYMBOLS:
            return SPECIAL_SPELLINGS[index]
        return str(self._processor.IdToPiece(index))

    def words_of(self, ids: Int32Array) -> Int32Array:
        """Say to which word of its line each subword belongs; only spaces divide words here.

        Spaces go with the word after them, as sentencepiece has it, or with the last word.
        """
        words: list[int] = []
        last, is_inside = 0, False
        for index in ids.tolist():
            piece = self.spell(index)
            begins, is_blank = piece.startswith(_SPACE), not piece.strip(_SPACE)
            words.append(words[-1] + 1 if begins and is_inside else words[-1] if words else 0)
            is_inside = not is_blank or (is_inside and not begins)
            last = last if is_blank else words[-1]
        return np.minimum(np.array(words, dtype=np.int32), np.int32(last))

    def unknown(self, line: str) -> list[str]:
        """List what of a line the vocabulary lacks: nothing, as there are bytes for everything."""
        self.settings.normalized(line)
        return []

    def _escaped(self, line: str) -> str:
        text = self.settings.normalized(line)
        return text.translate(_ESCAPED) if "\u2581" in text or "\u2338" in text else text

    def _join(self, ids: list[int]) -> str:
        text = str(self._processor.DecodeIds(ids))
        if "\u2338" not in text:
            return text
        return text.replace("\u23381", "\u2581").replace("\u23382", "\u2338")


class _CheckedLines:
    """Lines for the trainer, which fails without text but does not say so in a stable way."""

    def __init__(self, lines: Iterable[str], settings: CodecSettings) -> None:
        self._lines, self._settings = lines, settings
        self.has_text = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if line:
                self.has_text = self.has_text or bool(line.strip())
                yield self._settings.normalized(line).translate(_ESCAPED)

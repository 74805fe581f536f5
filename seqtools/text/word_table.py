"""The growing table that turns the words of a corpus into provisional ids.

Provisional ids count words in order of first occurrence. The kernel in ``seqtools.kernels.tokens``
does the work; this class owns its arrays, enlarges them, and says where a text is faulty.
"""

from typing import Literal

import numpy as np

from seqtools.errors import CorpusError
from seqtools.kernels import tokens, word_slots
from seqtools.text.corpus import LONGEST_WORD_BYTES, TextChunk
from seqtools.types import Int32Array, Int64Array, Uint64Array

EncodingErrors = Literal["strict", "replace"]

_FIRST_SLOT_BITS = 14
_FIRST_ARENA_BYTES = 1 << 16
# The place of a word in the arena is a 32-bit number.
_MOST_ARENA_BYTES = (1 << 32) - 1


class WordTable:
    """Counts words and gives each an id, in order of first occurrence.

    Parameters
    ----------
    encoding_errors : str
        "strict" refuses invalid UTF-8; "replace" lets such words through as raw bytes.

    Attributes
    ----------
    invalid_place : tuple (path, line, byte) or None
        The first invalid UTF-8 that was let through.
    """

    def __init__(self, encoding_errors: EncodingErrors = "strict") -> None:
        self.invalid_place: tuple[str, int, int] | None = None
        self._encoding_errors = encoding_errors
        self._slot_bits = _FIRST_SLOT_BITS
        self._slots = np.zeros(2 << self._slot_bits, dtype=np.uint64)
        self._counts = np.zeros((1 << self._slot_bits) // 2, dtype=np.int64)
        self._arena = np.empty(_FIRST_ARENA_BYTES, dtype=np.uint8)
        self._borders = np.empty(tokens.BORDERS_SIZE, dtype=np.int64)
        self._lines = np.empty(tokens.BORDERS_SIZE, dtype=np.int64)
        self._scratch = np.empty((tokens.SCRATCH_ROWS, tokens.WORDS_SIZE), dtype=np.uint64)
        self._state = np.zeros(word_slots.STATE_SIZE, dtype=np.int64)
        self._state[word_slots.OPEN_WORD] = -1
        self._ids = np.empty(0, dtype=np.int32)
        self._lines_before_file = 0

    def __len__(self) -> int:
        return int(self._state[word_slots.NUM_WORDS])

    @property
    def num_tokens(self) -> int:
        """Words read so far, repeated ones counted each time."""
        return int(self._state[word_slots.NUM_TOKENS])

    @property
    def num_lines(self) -> int:
        """Lines read so far, blank ones included."""
        return int(self._state[word_slots.NUM_LINES])

    @property
    def counts(self) -> Int64Array:
        """How often each word occurred, shape (number of words,)."""
        return self._counts[: len(self)]

    @property
    def content(self) -> bytes:
        """All words in order of their ids, each followed by a line feed."""
        return self._arena[: self._state[word_slots.ARENA_USED]].tobytes()

    def add(self, chunk: TextChunk) -> Int32Array:
        """Count the words of a chunk.

        Returns
        -------
        int32 array
            The ids of its words, with -1 at the end of each sentence that holds a word; valid
            until the next call.

        Raises
        ------
        CorpusError
            If the chunk holds a NUL, invalid UTF-8 (when strict) or a word that is too long.
        """
        state = self._state
        if chunk.begins_file:
            self._lines_before_file = self.num_lines
        first_line = self.num_lines - self._lines_before_file + 1
        if self._ids.size < chunk.stop + 2:
            self._ids = np.empty(chunk.text.size + 2, dtype=np.int32)
        state[word_slots.POSITION], state[word_slots.NUM_IDS] = chunk.start, 0
        known_bytes = int(state[word_slots.ARENA_USED])
        status = self._count(chunk)
        self._check_new_words(chunk, first_line, known_bytes)
        if status == tokens.WORD_TOO_LONG:
            index = int(state[word_slots.POSITION]) - chunk.start
            line, byte = self._locate(chunk, first_line, index)
            raise CorpusError(
                f"a word is longer than {LONGEST_WORD_BYTES} bytes",
                path=chunk.path,
                line=line,
                byte=byte,
                remedy="put white space between the words, or cut it",
            )
        return self._ids[: state[word_slots.NUM_IDS]]

    def _count(self, chunk: TextChunk) -> int:
        """Run the kernel over a chunk and enlarge the arrays where it asks for it."""
        # Hashing wraps around on purpose, which NumPy reports when the compiler is off.
        with np.errstate(over="ignore"):
            while True:
                status = tokens.count_words(
                    chunk.text,
                    chunk.stop,
                    np.uint64(64 - self._slot_bits),
                    self._state,
                    self._borders,
                    self._lines,
                    self._scratch,
                    self._slots,
                    self._arena,
                    self._counts,
                    self._ids,
                )
                if status == tokens.TABLE_FULL:
                    self._enlarge_table()
                elif status == tokens.ARENA_FULL:
                    self._enlarge_arena(chunk)
                else:
                    return int(status)

    def _enlarge_table(self) -> None:
        """Double the number of slots."""
        self._slot_bits += 1
        slots: Uint64Array = np.zeros(2 << self._slot_bits, dtype=np.uint64)
        word_slots.move_slots(self._slots, np.uint64(64 - self._slot_bits), slots)
        self._slots = slots
        counts = np.zeros((1 << self._slot_bits) // 2, dtype=np.int64)
        counts[: self._counts.size] = self._counts
        self._counts = counts

    def _enlarge_arena(self, chunk: TextChunk) -> None:
        """Make room for more words."""
        wanted = 2 * self._arena.size + 2 * tokens.BATCH_BYTES + LONGEST_WORD_BYTES
        size = min(wanted, _MOST_ARENA_BYTES)
        if size == self._arena.size:
            raise CorpusError(
                f"the different words take more than {_MOST_ARENA_BYTES} bytes",
                path=chunk.path,
                remedy="split the corpus, or tokenise it so that words recur",
            )
        arena = np.empty(size, dtype=np.uint8)
        arena[: self._arena.size] = self._arena
        self._arena = arena

    def _check_new_words(self, chunk: TextChunk, first_line: int, known_bytes: int) -> None:
        """Look for NULs and invalid UTF-8 in the words that this chunk brought.

        A word is valid by itself, since white space is ASCII; one that was seen before is known
        to be valid. So only new words need to be looked at, and the chunk only if one is faulty.
        """
        new_words = self._arena[known_bytes : self._state[word_slots.ARENA_USED]].tobytes()
        has_nul, is_invalid = b"\0" in new_words, not _is_utf8(new_words)
        is_strict = self._encoding_errors == "strict"
        if not has_nul and not (is_invalid and (is_strict or self.invalid_place is None)):
            return
        content = chunk.content
        nul = content.find(b"\0") if has_nul else len(content)
        invalid = _first_invalid(content) if is_invalid else len(content)
        if is_invalid and not is_strict and self.invalid_place is None:
            self.invalid_place = (chunk.path, *self._locate(chunk, first_line, invalid))
        if is_invalid and is_strict and invalid < nul:
            line, byte = self._locate(chunk, first_line, invalid)
            raise CorpusError(
                "invalid UTF-8",
                path=chunk.path,
                line=line,
                byte=byte,
                remedy="convert it with iconv, or use --encoding-errors replace",
            )
        if has_nul:
            line, byte = self._locate(chunk, first_line, nul)
            raise CorpusError(
                "a NUL byte, which text never holds",
                path=chunk.path,
                line=line,
                byte=byte,
                remedy="check that it is text; if so, remove NULs with tr -d '\\000'",
            )

    @staticmethod
    def _locate(chunk: TextChunk, first_line: int, index: int) -> tuple[int, int]:
        """Return line and byte in the file of a place in the chunk's content."""
        return first_line + chunk.count_lines(chunk.start + index), chunk.offset + index


def _is_utf8(content: bytes) -> bool:
    """Say whether bytes are valid UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _first_invalid(content: bytes) -> int:
    """Return where invalid UTF-8 begins."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(content)

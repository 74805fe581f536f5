"""Shards of a corpus: each machine takes its part of the lines of the same files.

A file's text, decompressed, is divided into blocks of 64 kB that are dealt to the shards in turn; a
line belongs to the block in which it begins. All shards together hold every line exactly once,
whatever the compression, without knowing how long a file is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seqtools.errors import SettingsError
from seqtools.text.corpus import TextChunk
from seqtools.types import Uint8Array

_BLOCK_BYTES = 1 << 16
_NEWLINE, _SPACE = 10, 32


@dataclass(frozen=True)
class Shard:
    """A part of a corpus.

    Attributes
    ----------
    number : int
        Which part, counted from 1.
    num_shards : int
        How many parts there are.

    Raises
    ------
    SettingsError
        If there is no such part.
    """

    number: int
    num_shards: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.num_shards:
            raise SettingsError(
                f"shard {self.number}/{self.num_shards} does not exist; "
                "use I/N with I from 1 to N, such as 1/4 to 4/4"
            )

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read "I/N".

        Raises
        ------
        SettingsError
            If it is not that.
        """
        number, _, num_shards = text.partition("/")
        if not (number.isdecimal() and num_shards.isdecimal() and text.isascii()):
            raise SettingsError(f"shard {text!r} is not I/N; use I from 1 to N, such as 1/4 to 4/4")
        return cls(int(number), int(num_shards))

    def owns(self, block: int) -> bool:
        """Say whether a block's lines belong to the shard."""
        return block % self.num_shards == self.number - 1


def own_lines(chunks: Iterable[TextChunk], shard: Shard) -> Iterator[TextChunk]:
    """Blank out the lines of other shards, so that places and line numbers stay as they are.

    Parameters
    ----------
    chunks : iterable of TextChunk
        Text as ``read_chunks`` yields it; changed in place.
    shard : Shard

    Yields
    ------
    TextChunk
    """
    block = 0
    for chunk in chunks:
        block = 0 if chunk.begins_file else block
        place, content = 0, chunk.content
        while place < len(content):
            line_end = content.find(
                b"\n", max(place, (block + 1) * _BLOCK_BYTES - 1 - chunk.offset)
            )
            next_place = len(content) if line_end < 0 else line_end + 1
            if not shard.owns(block):
                _blank(chunk.text[chunk.start + place : chunk.start + next_place])
            if line_end >= 0:
                block = (chunk.offset + next_place) // _BLOCK_BYTES
            place = next_place
        yield chunk


def _blank(text: Uint8Array) -> None:
    """Replace all bytes but line feeds with spaces."""
    text[text != _NEWLINE] = _SPACE

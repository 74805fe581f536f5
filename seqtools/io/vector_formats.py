"""The vector formats by name: which one a file is, and who reads and writes it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

from seqtools.errors import SettingsError
from seqtools.io.byte_source import ByteSource, open_source
from seqtools.io.compressed import COMPRESSED_SUFFIXES, open_output
from seqtools.io.glove_text import read_glove_text, write_glove_text
from seqtools.io.vector_sniffing import sniff_format
from seqtools.io.vector_table import ReadingOptions, VectorTable
from seqtools.io.word2vec_binary import read_word2vec_binary, write_word2vec_binary
from seqtools.io.word2vec_text import read_word2vec_text, write_word2vec_text

Reader: TypeAlias = Callable[[ByteSource, ReadingOptions], VectorTable]
Writer: TypeAlias = Callable[[BinaryIO, VectorTable, str | os.PathLike[str]], None]

READERS: dict[str, Reader] = {
    "word2vec": read_word2vec_text,
    "word2vec-binary": read_word2vec_binary,
    "glove": read_glove_text,
}
WRITERS: dict[str, Writer] = {
    "word2vec": write_word2vec_text,
    "word2vec-binary": write_word2vec_binary,
    "glove": write_glove_text,
}
SUFFIXES = {
    ".glove.txt": "glove",
    ".vec": "word2vec",
    ".txt": "word2vec",
    ".bin": "word2vec-binary",
    ".safetensors": "safetensors",
    ".kv": "gensim",
}
FORMATS = tuple(dict.fromkeys(SUFFIXES.values()))


def format_for_path(path: str | os.PathLike[str], format_name: str | None = None) -> str:
    """Return the name of the format that a file of vectors will be written in.

    Parameters
    ----------
    path : path-like
        The file to be; a compression suffix such as .gz may follow the format's suffix.
    format_name : str, optional
        The format's name, which the suffix then does not matter for.

    Raises
    ------
    SettingsError
        If neither names a format that is known.
    """
    if format_name is not None:
        if format_name not in FORMATS:
            raise SettingsError(f"format must be one of {', '.join(FORMATS)}, got {format_name!r}")
        return format_name
    name = Path(path).name
    for compression in COMPRESSED_SUFFIXES:
        name = name.removesuffix(compression)
    for suffix, known in SUFFIXES.items():
        if name.endswith(suffix):
            return known
    raise SettingsError(
        f"{os.fspath(path)}: no vector format has this suffix; end the name in "
        f"{', '.join(SUFFIXES)} (also with {', '.join(COMPRESSED_SUFFIXES)}), or name the format"
    )


def read_vector_file(
    path: str | os.PathLike[str], format_name: str | None, options: ReadingOptions
) -> tuple[str, VectorTable]:
    """Read a file of vectors of any format; return the format's name and the content."""
    with open_source(path) as source:
        name = format_name or sniff_format(source)
        return name, READERS[name](source, options)


def write_vector_file(path: str | os.PathLike[str], table: VectorTable, format_name: str) -> None:
    """Write a file of vectors; the old file stays until the new one is whole."""
    with open_output(path) as file:
        WRITERS[format_name](file, table, path)

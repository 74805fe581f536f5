"""The vector formats by name: which one a file is, and who reads and writes it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from seqtools.errors import SettingsError, VectorFormatError
from seqtools.io.byte_source import ByteSource, open_source
from seqtools.io.compressed import COMPRESSED_SUFFIXES, open_output
from seqtools.io.glove_text import read_glove_text, write_glove_text
from seqtools.io.native_vectors import read_native, write_native
from seqtools.io.npy_vectors import read_npy
from seqtools.io.vector_sniffing import sniff_format
from seqtools.io.vector_table import ReadingOptions, VectorTable
from seqtools.io.word2vec_binary import read_word2vec_binary, write_word2vec_binary
from seqtools.io.word2vec_text import read_word2vec_text, write_word2vec_text

Reader: TypeAlias = Callable[[ByteSource, ReadingOptions], VectorTable]
Writer: TypeAlias = Callable[[BinaryIO, VectorTable, str | os.PathLike[str]], None]

SUFFIXES = {
    ".glove.txt": "glove",
    ".vec": "word2vec",
    ".txt": "word2vec",
    ".bin": "word2vec-binary",
    ".safetensors": "safetensors",
    ".kv": "gensim",
}
WRITABLE_FORMATS = ("word2vec", "word2vec-binary", "glove", "safetensors", "gensim")
READABLE_FORMATS = (*WRITABLE_FORMATS, "npy")


@dataclass(frozen=True)
class VectorFile:
    """A file of vectors that was read.

    Attributes
    ----------
    format_name : str
        One of `READABLE_FORMATS`.
    compression : str
        "plain", "gz", "bz2", "xz" or "zst".
    table : VectorTable
        The content.
    """

    format_name: str
    compression: str
    table: VectorTable


def format_for_path(path: str | os.PathLike[str], format_name: str | None = None) -> str:
    """Return the name of the format that a file of vectors will be written in.

    Parameters
    ----------
    path : path-like
        The file to be; a compression suffix such as .gz may follow the format's suffix. Standard
        output ("-") gets word2vec text.
    format_name : str, optional
        The format's name; the suffix does not matter then.

    Returns
    -------
    str
        "word2vec", "word2vec-binary", "glove", "safetensors" or "gensim".

    Raises
    ------
    SettingsError
        If neither names a format that is known.
    """
    if format_name is not None:
        if format_name not in WRITABLE_FORMATS:
            raise SettingsError(
                f"format must be one of {', '.join(WRITABLE_FORMATS)}, got {format_name!r}"
            )
        return format_name
    if os.fspath(path) == "-":
        return "word2vec"
    name = Path(path).name.lower()
    for compression in COMPRESSED_SUFFIXES:
        name = name.removesuffix(compression)
    for suffix, known in SUFFIXES.items():
        if name.endswith(suffix):
            return known
    raise SettingsError(
        f"{os.fspath(path)}: no vector format has this suffix; end the name in "
        f"{', '.join(SUFFIXES)} (and {', '.join(COMPRESSED_SUFFIXES)} to compress), "
        "or name the format"
    )


def identify_format(path: str | os.PathLike[str]) -> str:
    """Return the name of the format of a file that can be opened again, by its content."""
    if Path(path).is_dir():
        return "npy"
    with open_source(path) as source:
        return sniff_format(source)


def read_vector_file(
    path: str | os.PathLike[str], format_name: str | None, options: ReadingOptions
) -> VectorFile:
    """Read a file of vectors of any format but gensim's.

    Raises
    ------
    SettingsError
        If `format_name` is unknown.
    FileAccessError
        If the file cannot be read.
    VectorFormatError
        If its content is malformed, or of another format.
    """
    if format_name is not None and format_name not in READABLE_FORMATS:
        raise SettingsError(
            f"format must be one of {', '.join(READABLE_FORMATS)}, got {format_name!r}"
        )
    if os.fspath(path) != "-" and Path(path).is_dir():
        return VectorFile("npy", "plain", read_npy(path, options))
    with open_source(path) as source:
        name = sniff_format(source, format_name)
        return VectorFile(name, source.compression, _READERS[name](source, options))


def write_vector_file(path: str | os.PathLike[str], table: VectorTable, format_name: str) -> None:
    """Write a file of vectors; the old file stays until the new one is whole.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    VectorFormatError
        If the format cannot represent a word.
    """
    with open_output(path) as file:
        _WRITERS[format_name](file, table, path)


def _read_npy(source: ByteSource, options: ReadingOptions) -> VectorTable:
    """Read an array from its path, for it is mapped and its words lie beside it."""
    if source.size is None:
        raise VectorFormatError(
            "a compressed NumPy array, or one without a name", path=source.path, remedy="unpack it"
        )
    return read_npy(source.path, options)


def _refuse_pickle(source: ByteSource, options: ReadingOptions) -> VectorTable:
    """Refuse what runs code when it is opened."""
    del options
    raise VectorFormatError(
        "this is a pickle (gensim's .kv or .model), which can run code hidden in it",
        path=source.path,
        remedy="if you trust where it came from, make vectors of it with `seqtools embed convert "
        "--allow-pickle`",
    )


_READERS: dict[str, Reader] = {
    "word2vec": read_word2vec_text,
    "word2vec-binary": read_word2vec_binary,
    "glove": read_glove_text,
    "safetensors": read_native,
    "npy": _read_npy,
    "gensim": _refuse_pickle,
}
_WRITERS: dict[str, Writer] = {
    "word2vec": write_word2vec_text,
    "word2vec-binary": write_word2vec_binary,
    "glove": write_glove_text,
    "safetensors": write_native,
}

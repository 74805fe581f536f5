"""Loading and saving word vectors in any format."""

import os
from collections.abc import Iterable
from pathlib import Path

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.io.compressed import open_output
from seqtools.io.vector_formats import (
    VectorFile,
    format_for_path,
    identify_format,
    read_vector_file,
    write_vector_file,
)
from seqtools.io.vector_table import EncodingErrors, ReadingOptions, VectorTable, select_rows

__all__ = ["format_for_path", "load_vectors", "open_vector_file", "save_vectors"]


def load_vectors(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the word users expect
    limit: int | None = None,
    words: Iterable[str] | None = None,
    allow_pickle: bool = False,
    allow_nonfinite: bool = False,
    encoding_errors: EncodingErrors = "strict",
) -> WordVectors:
    """Load word vectors; the format is recognised by the content, plain or compressed.

    Parameters
    ----------
    path : path-like
        A file, a folder with ``vectors.npy`` and ``vocab.txt``, or "-" for standard input.
    format : str, optional
        "word2vec", "word2vec-binary", "glove", "safetensors", "npy" or "gensim"; a file of another
        format is refused.
    limit : int, optional
        Read the first `limit` rows only; what follows is not checked.
    words : iterable of str, optional
        Keep these words only, in the file's order.
    allow_pickle : bool
        Open gensim files, which can run code hidden in them.
    allow_nonfinite : bool
        Accept NaN and infinity.
    encoding_errors : {"strict", "replace", "skip"}
        Refuse words that are not UTF-8, repair them with U+FFFD, or leave them out.

    Returns
    -------
    WordVectors
        The vectors of a native file or a float32 array are memory-mapped and read-only.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    VectorFormatError
        If its content is malformed; the message names the line or byte.
    SettingsError
        If an argument is outside its range.

    Warns
    -----
    SeqtoolsWarning
        If words occur twice (the first vector is kept), or were repaired or left out.
    """
    options = ReadingOptions(
        limit=limit,
        words=None if words is None else frozenset(words),
        allow_nonfinite=allow_nonfinite,
        encoding_errors=encoding_errors,
    )
    table = open_vector_file(path, format, options, allow_pickle=allow_pickle).table
    return WordVectors(table.words, table.vectors, table.counts, table.metadata)


def open_vector_file(
    path: str | os.PathLike[str],
    format_name: str | None,
    options: ReadingOptions,
    *,
    allow_pickle: bool = False,
) -> VectorFile:
    """Read a file of any format, gensim's included, and say what it is; see ``load_vectors``."""
    # A pipe could not be opened a second time, by gensim.
    if not (allow_pickle and Path(path).is_file() and identify_format(path) == "gensim"):
        return read_vector_file(path, format_name, options)
    from seqtools.embeddings.gensim_bridge import read_keyed_vectors

    vectors = read_keyed_vectors(path)
    table = VectorTable(vectors.words, vectors.vectors, vectors.counts)
    return VectorFile("gensim", "plain", select_rows(path, table, options))


def save_vectors(
    path: str | os.PathLike[str],
    vectors: WordVectors,
    *,
    format: str | None = None,  # noqa: A002 - the word users expect
) -> None:
    """Save word vectors, atomically; the suffix chooses the format and the compression.

    Parameters
    ----------
    path : path-like
        .vec or .txt: word2vec text; .glove.txt: text without a header; .bin: word2vec binary;
        .safetensors: native, with counts and metadata; .kv: gensim. A further .gz, .bz2, .xz or
        .zst compresses. "-" is standard output.
    vectors : WordVectors
    format : str, optional
        The format's name, whatever the suffix.

    Raises
    ------
    SettingsError
        If the suffix names no format.
    FileAccessError
        If the file cannot be written; what stood there still stands.
    VectorFormatError
        If the format cannot represent a word.
    """
    format_name = format_for_path(path, format)
    if format_name == "gensim":
        from seqtools.embeddings.gensim_bridge import write_keyed_vectors

        with open_output(path) as file:
            write_keyed_vectors(file, vectors)
        return
    table = VectorTable(vectors.words, vectors.vectors, vectors.counts, vectors.metadata)
    write_vector_file(path, table, format_name)

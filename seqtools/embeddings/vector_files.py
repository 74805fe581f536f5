"""Loading and saving word vectors in any format."""

import os
from collections.abc import Iterable

from seqtools.embeddings.word_vectors import WordVectors
from seqtools.io.vector_formats import format_for_path, read_vector_file, write_vector_file
from seqtools.io.vector_table import EncodingErrors, ReadingOptions, VectorTable

__all__ = ["format_for_path", "load_vectors", "save_vectors"]


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
        The file, or "-" for standard input.
    format : str, optional
        "word2vec", "word2vec-binary", "glove", "safetensors" or "gensim".
    limit : int, optional
        Read the first `limit` rows only; what follows is not checked.
    words : iterable of str, optional
        Keep these words only.
    allow_pickle : bool
        Open gensim files, which can run code hidden in them.
    allow_nonfinite : bool
        Accept NaN and infinity.
    encoding_errors : "strict", "replace" or "skip"
        What to do with words that are not UTF-8.

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
        If words occur twice (the first vector is kept) or were repaired or skipped.
    """
    del allow_pickle
    options = ReadingOptions(
        limit=limit,
        words=None if words is None else frozenset(words),
        allow_nonfinite=allow_nonfinite,
        encoding_errors=encoding_errors,
    )
    _, table = read_vector_file(path, format, options)
    return WordVectors(table.words, table.vectors, table.counts, table.metadata)


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
        .safetensors: native, with counts and metadata; .kv: gensim.
        A further .gz, .bz2, .xz or .zst compresses.
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
    table = VectorTable(vectors.words, vectors.vectors, vectors.counts, vectors.metadata)
    write_vector_file(path, table, format_for_path(path, format))

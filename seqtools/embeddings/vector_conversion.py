"""Converting, cutting and selecting vectors from one file to another."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seqtools.embeddings.vector_files import format_for_path, open_vector_file, save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.io.atomic import check_is_no_input, check_writable
from seqtools.io.vector_table import ReadingOptions


@dataclass(frozen=True)
class Conversion:
    """What a conversion did.

    Attributes
    ----------
    input, output : str
        The two files.
    input_format, output_format : str
        Their formats' names.
    num_words, dim : int
        What was written.
    num_duplicates, num_invalid_words : int
        Rows of the input left out because their word had occurred, and words that were not UTF-8.
    missing_words : tuple of str
        Wanted words that the input lacks.
    """

    input: str
    output: str
    input_format: str
    output_format: str
    num_words: int
    dim: int
    num_duplicates: int
    num_invalid_words: int
    missing_words: tuple[str, ...]


def convert_vector_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    words: Sequence[str] | None = None,
    options: ReadingOptions | None = None,
    allow_pickle: bool = False,
) -> Conversion:
    """Read a file of vectors and write it in another format.

    The output's name and folder are checked before anything is read.

    Parameters
    ----------
    source, target : path-like
        Input and output; "-" is standard input or output.
    source_format, target_format : str, optional
        Formats' names; by default the input's content and the output's suffix decide.
    words : sequence of str, optional
        Keep these words only, in the input's order.
    options : ReadingOptions, optional
        How to read the input; `words` takes the place of its words.
    allow_pickle : bool
        Open gensim files, which can run code hidden in them.

    Raises
    ------
    SettingsError, FileAccessError, VectorFormatError
        As ``load_vectors`` and ``save_vectors``.
    """
    output_format = format_for_path(target, target_format)
    if os.fspath(target) != "-":
        check_writable(target)
        check_is_no_input(target, [source])
    wanted = None if words is None else frozenset(words)
    options = replace(options or ReadingOptions(), words=wanted)
    file = open_vector_file(source, source_format, options, allow_pickle=allow_pickle)
    table = file.table
    vectors = WordVectors(table.words, table.vectors, table.counts, table.metadata)
    save_vectors(target, vectors, format=output_format)
    return Conversion(
        input=os.fspath(source),
        output=os.fspath(target),
        input_format=file.format_name,
        output_format=output_format,
        num_words=len(vectors),
        dim=vectors.dim,
        num_duplicates=table.num_duplicates,
        num_invalid_words=table.num_invalid_words,
        missing_words=tuple(word for word in words or () if word not in vectors),
    )

"""A NumPy array of vectors with its words in a text file beside it, one a line.

The array is ``vectors.npy`` with ``vocab.txt`` in one folder, or ``NAME.npy`` with
``NAME.vocab.txt``, ``NAME.txt`` or ``vocab.txt``. What follows a tab in a line is left out.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from seqtools.errors import FileAccessError, VectorFormatError
from seqtools.io.byte_source import open_source
from seqtools.io.table_builder import TableBuilder
from seqtools.io.text_rows import line_blocks
from seqtools.io.vector_table import Place, ReadingOptions, VectorTable, select_rows
from seqtools.types import FloatArray

_ARRAY_NAME = "vectors.npy"
_ROWS_AT_ONCE = 16384


def read_npy(path: str | os.PathLike[str], options: ReadingOptions) -> VectorTable:
    """Read an array and its words; a float32 array is memory-mapped.

    Parameters
    ----------
    path : path-like
        The array's file, or a folder with ``vectors.npy`` and ``vocab.txt``.
    options : ReadingOptions

    Raises
    ------
    FileAccessError
        If one of the two files is missing.
    VectorFormatError
        If the array is no matrix of floats, or the numbers of rows and words differ.
    """
    array_path = Path(path)
    if array_path.is_dir():
        array_path /= _ARRAY_NAME
        if not array_path.is_file():
            raise FileAccessError(
                f"{os.fspath(path)}: cannot read: it is a directory without {_ARRAY_NAME}; "
                "name a file of vectors"
            )
    vectors = _map_array(array_path)
    vocabulary = _vocabulary_beside(array_path)
    raw_words = _read_words(vocabulary)
    if len(raw_words) != len(vectors):
        raise VectorFormatError(
            f"{len(raw_words)} words, but {array_path.name} has {len(vectors)} rows",
            path=vocabulary,
            remedy="use the vocabulary that belongs to the array",
        )
    words = _decoded(raw_words)
    if words is not None and vectors.dtype == np.float32:
        return select_rows(array_path, VectorTable(words, vectors), options)
    return _build(vocabulary, raw_words, vectors, options)


def _map_array(path: Path) -> FloatArray:
    """Map an array, or say why it cannot be used."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    except (ValueError, EOFError, OverflowError, SyntaxError, TypeError) as error:
        raise VectorFormatError(
            f"not a NumPy array that can be mapped ({error})",
            path=path,
            remedy="save it again with numpy.save",
        ) from error
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind != "f":
        found = getattr(array, "dtype", "an archive"), getattr(array, "shape", "")
        raise VectorFormatError(
            f"a matrix of floats was expected, found {found[0]} of shape {found[1]}",
            path=path,
            remedy="save the vectors as one float32 matrix",
        )
    if 0 in array.shape:
        raise VectorFormatError(f"no words: the shape is {array.shape}", path=path)
    return np.asarray(array)


def _vocabulary_beside(path: Path) -> Path:
    """Find the file of words."""
    names = [f"{path.stem}.vocab.txt", f"{path.stem}.txt", "vocab.txt"]
    for name in names:
        if (path.parent / name).is_file():
            return path.parent / name
    raise FileAccessError(
        f"{path}: cannot read: its words are missing; put them beside it, one a line, in "
        f"{' or '.join(dict.fromkeys(names))}"
    )


def _read_words(path: Path) -> list[bytes]:
    """Read the words, one a line."""
    words: list[bytes] = []
    with open_source(path) as source:
        for block in line_blocks(source):
            words += [line.partition(b"\t")[0] for line in block.lines]
    if words and not words[-1]:
        words.pop()
    return words


def _decoded(raw_words: list[bytes]) -> list[str] | None:
    """Decode words, or return None if one is empty, not UTF-8 or not the only one of its kind."""
    try:
        words = [word.decode("utf-8") for word in raw_words]
    except UnicodeDecodeError:
        return None
    return words if len(set(words)) == len(words) and "" not in words else None


def _build(
    path: Path, raw_words: list[bytes], vectors: FloatArray, options: ReadingOptions
) -> VectorTable:
    """Copy rows block by block, converting and leaving out what the rules leave out."""
    num_rows = min(len(raw_words), options.limit or len(raw_words))
    builder = TableBuilder(path, vectors.shape[1], options, num_rows)
    for start in range(0, num_rows, _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, num_rows))
        wanted = builder.wants(raw_words[rows[0] : rows[-1] + 1])
        rows = rows if wanted is None else rows[wanted]
        if len(rows):
            words = [raw_words[row] for row in rows]
            builder.add(words, vectors[rows].astype(np.float32), _line_of(rows.tolist()))
    return builder.finish()


def _line_of(rows: list[int]) -> Callable[[int], Place]:
    """Return what gives the line of a row of a block."""
    return lambda row: Place(line=rows[row] + 1)

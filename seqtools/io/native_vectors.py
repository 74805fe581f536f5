"""The native format: a safetensors file with words, vectors and counts, under one checksum.

Tensors: ``vectors`` (F32, V x D), ``words`` (U8, the words in UTF-8 with a newline between) and, if
known, ``counts`` (I64, V). The header's metadata hold the format's version, a checksum of the
whole file, and what is known about the vectors' making. Any safetensors reader can open the file;
here the vectors are memory-mapped.
"""

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from seqtools.errors import SettingsError, VectorFormatError
from seqtools.io.byte_source import ByteSource
from seqtools.io.vector_table import ReadingOptions, VectorTable, encode_utf8, select_rows

FORMAT_VERSION = "1"

_VERSION_KEY, _CHECKSUM_KEY = "seqtools.format_version", "seqtools.checksum"
_RESERVED = "seqtools."
_CHECKSUM_START = b'"seqtools.checksum":"crc32:'
_NO_CHECKSUM = b"00000000"
_MAX_HEADER_BYTES = 100_000_000
_ALIGNMENT = 64
_ROWS_AT_ONCE = 16384
_DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("u1"),
}


def write_native(file: BinaryIO, table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write the native format; equal content gives equal bytes.

    Raises
    ------
    VectorFormatError
        If a word holds a newline.
    SettingsError
        If a metadata key is reserved.
    """
    words = _encode_words(table.words, path)
    header = _header(table, len(words), path)
    start = len(header).to_bytes(8, "little") + header
    checksum = zlib.crc32(start)
    for block in _data(table, words):
        checksum = zlib.crc32(block, checksum)
    at = start.index(_CHECKSUM_START) + len(_CHECKSUM_START)
    file.write(start[:at] + b"%08x" % checksum + start[at + len(_NO_CHECKSUM) :])
    for block in _data(table, words):
        file.write(block)


def read_native(source: ByteSource, options: ReadingOptions) -> VectorTable:
    """Read the native format; the vectors of an uncompressed file are memory-mapped.

    Raises
    ------
    VectorFormatError
        If the file is cut short or changed in any bit, or is another safetensors file.
    """
    header = _read_header(source)
    tensors, metadata = _parse_header(header, source)
    data = _read_data(source, 8 + len(header), _check_layout(tensors, source))
    _verify(header, data, source)
    vectors = tensors["vectors"].array(data)
    words = _decode_words(tensors["words"].array(data).tobytes(), source)
    counts = tensors["counts"].array(data) if "counts" in tensors else None
    if vectors.ndim != 2 or 0 in vectors.shape or len(words) != len(vectors):
        raise _error(
            source,
            f"{len(words)} words, but vectors of shape {vectors.shape}",
            "save the vectors again",
        )
    if counts is not None and counts.shape != (len(words),):
        raise _error(source, f"counts of shape {counts.shape}", "save the vectors again")
    return select_rows(source.path, VectorTable(words, vectors, counts, metadata), options)


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in the data."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int

    def array(self, data: memoryview) -> Any:
        """Return the tensor as a read-only view."""
        return np.frombuffer(data[self.begin : self.end], self.dtype).reshape(self.shape)


def _encode_words(words: list[str], path: str | os.PathLike[str]) -> bytes:
    """Join words by newlines."""
    for word in words:
        if "\n" in word:
            raise VectorFormatError(
                f"the word {word!r} holds a newline and cannot be saved",
                path=path,
                remedy="rename the word",
            )
    return encode_utf8("\n".join(words), path)


def _header(table: VectorTable, words_bytes: int, path: str | os.PathLike[str]) -> bytes:
    """Return the JSON header, padded so that the data is aligned, without its checksum."""
    for key in table.metadata:
        if key.startswith(_RESERVED):
            raise SettingsError(f"metadata key {key!r} is reserved; rename it")
    metadata = dict(sorted(table.metadata.items()))
    metadata |= {_VERSION_KEY: FORMAT_VERSION, _CHECKSUM_KEY: f"crc32:{_NO_CHECKSUM.decode()}"}
    entries: dict[str, Any] = {"__metadata__": metadata}
    num_words, dim = table.vectors.shape
    position = 0
    for name, dtype, shape in (
        ("vectors", "F32", [num_words, dim]),
        ("counts", "I64", [num_words]),
        ("words", "U8", [words_bytes]),
    ):
        if name == "counts" and table.counts is None:
            continue
        end = position + int(np.prod(shape)) * _DTYPES[dtype].itemsize
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [position, end]}
        position = end
    text = encode_utf8(json.dumps(entries, separators=(",", ":"), ensure_ascii=False), path)
    return text + b" " * (-(8 + len(text)) % _ALIGNMENT)


def _data(table: VectorTable, words: bytes) -> Iterator[bytes]:
    """Yield the tensors' bytes in the header's order."""
    for start in range(0, len(table.words), _ROWS_AT_ONCE):
        yield table.vectors[start : start + _ROWS_AT_ONCE].astype("<f4").tobytes()
    if table.counts is not None:
        yield table.counts.astype("<i8").tobytes()
    yield words


def _read_header(source: ByteSource) -> bytes:
    """Return the JSON header."""
    length = int.from_bytes(source.head[:8], "little")
    if length > _MAX_HEADER_BYTES:
        raise _error(source, f"a header of {length} bytes", "fetch the file again", byte=0)
    start = source.read_up_to(8 + length)
    if len(start) < 8 + length:
        raise _error(
            source,
            f"truncated at byte {len(start)}: the header alone has {length} bytes",
            "fetch the file again",
        )
    return start[8:]


def _read_data(source: ByteSource, begin: int, length: int) -> memoryview:
    """Return the tensors' bytes, mapped if the file is not compressed."""
    mapped = source.mapped()
    data = memoryview(source.read_up_to(length + 1)) if mapped is None else mapped[begin:]
    if len(data) < length:
        raise _error(
            source,
            f"truncated at byte {begin + len(data)}: the header declares {length} bytes of data",
            "fetch the file again",
        )
    if len(data) > length:
        raise _error(
            source, "data after the last tensor", "fetch the file again", byte=begin + length
        )
    return data


def _parse_header(header: bytes, source: ByteSource) -> tuple[dict[str, _Tensor], dict[str, str]]:
    """Return the tensors and the metadata, all checked against the data's size."""
    try:
        entries = json.loads(header.decode("utf-8"))
        metadata = entries.pop("__metadata__", {})
        version = metadata.get(_VERSION_KEY)
        tensors = {name: _tensor(entry) for name, entry in entries.items()}
        is_sound = all(isinstance(text, str) for text in metadata.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _error(source, "a damaged header", "fetch the file again", byte=8) from error
    if version is None or not {"vectors", "words"} <= tensors.keys():
        raise _error(
            source,
            "a safetensors file, but not of word vectors saved by seqtools",
            "convert it to word2vec or GloVe text",
        )
    if version != FORMAT_VERSION:
        raise _error(
            source,
            f"format version {version}, but this seqtools reads version {FORMAT_VERSION}",
            "upgrade seqtools, or save the vectors in another format",
        )
    expected = {"vectors": "F32", "words": "U8", "counts": "I64"}
    if not is_sound or any(
        tensor.dtype != _DTYPES.get(expected.get(name, "")) for name, tensor in tensors.items()
    ):
        raise _error(source, "a damaged header", "fetch the file again", byte=8)
    return tensors, {key: text for key, text in metadata.items() if not key.startswith(_RESERVED)}


def _tensor(entry: dict[str, Any]) -> _Tensor:
    """Read one tensor's entry."""
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not all(type(number) is int and number >= 0 for number in (begin, end, *shape)):
        raise ValueError("not a whole number")
    return _Tensor(_DTYPES[entry["dtype"]], shape, begin, end)


def _check_layout(tensors: dict[str, _Tensor], source: ByteSource) -> int:
    """Refuse tensors that overlap, leave gaps or do not fit their shape; return their bytes."""
    position = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        size = tensor.dtype.itemsize
        for length in tensor.shape:
            size *= length
        if tensor.begin != position or tensor.end - tensor.begin != size:
            raise _error(source, "a damaged header", "fetch the file again", byte=8)
        position = tensor.end
    return position


def _verify(header: bytes, data: memoryview, source: ByteSource) -> None:
    """Compare the checksum of the whole file."""
    at = header.find(_CHECKSUM_START) + len(_CHECKSUM_START)
    stored = header[at : at + len(_NO_CHECKSUM)]
    blank = header[:at] + _NO_CHECKSUM + header[at + len(_NO_CHECKSUM) :]
    checksum = zlib.crc32(len(header).to_bytes(8, "little") + blank)
    checksum = zlib.crc32(data, checksum)
    if stored != b"%08x" % checksum:
        raise _error(
            source,
            f"the checksum is {checksum:08x}, but the file says "
            f"{stored.decode('ascii', 'backslashreplace')}: it was damaged or changed",
            "fetch or save the file again",
        )


def _decode_words(text: bytes, source: ByteSource) -> list[str]:
    """Split and decode the words."""
    try:
        words = text.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise _error(source, "words that are not UTF-8", "save the vectors again") from error
    if len(set(words)) != len(words) or "" in words:
        raise _error(source, "an empty or a duplicate word", "save the vectors again")
    return words


def _error(
    source: ByteSource, cause: str, remedy: str, byte: int | None = None
) -> VectorFormatError:
    """Name the file."""
    return VectorFormatError(cause, path=source.path, byte=byte, remedy=remedy)

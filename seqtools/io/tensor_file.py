"""Named arrays with metadata in one safetensors file, under a checksum, written atomically."""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtools.errors import FileAccessError, FileContentError
from seqtools.io.atomic import atomic_writer

_CHECKSUM_KEY = "checksum"
_NAMES = {
    "float32": "F32",
    "float64": "F64",
    "int32": "I32",
    "int64": "I64",
    "uint64": "U64",
    "uint8": "U8",
}
_REMEDY = "delete it and start again"


def write_tensors(
    path: str | os.PathLike[str],
    tensors: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str],
) -> None:
    """Write arrays and metadata; the file that stood there stays until the new one is whole.

    Parameters
    ----------
    path : path-like
    tensors : mapping of str to array
        float32, float64, int32, int64, uint64 or uint8, of any shape.
    metadata : mapping of str to str

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    arrays = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    described = {**metadata, _CHECKSUM_KEY: f"{_checksum(arrays, metadata):08x}"}
    header: dict[str, Any] = {"__metadata__": described}
    position = 0
    for name, array in arrays.items():
        end = position + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with atomic_writer(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.reshape(-1).view(np.uint8).data)


def read_tensors(
    path: str | os.PathLike[str], remedy: str = _REMEDY
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read the arrays and metadata that ``write_tensors`` wrote.

    Parameters
    ----------
    path : path-like
    remedy : str
        What the user can do about a damaged file.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    FileContentError
        If the file is cut short or changed in any bit.
    """
    from safetensors import SafetensorError, safe_open

    try:
        size = Path(path).stat().st_size
        with safe_open(os.fspath(path), framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: np.array(file.get_tensor(name)) for name in sorted(file.keys())}
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        cause = f"damaged or cut short at {size} bytes"
        raise FileContentError(cause, path=path, remedy=remedy) from error
    stored = metadata.pop(_CHECKSUM_KEY, "")
    if stored != f"{_checksum(arrays, metadata):08x}":
        raise FileContentError("damaged: its checksum differs", path=path, remedy=remedy)
    return arrays, metadata


def _checksum(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> int:
    """Return the CRC-32 of names, types, shapes, contents and metadata."""
    checksum = zlib.crc32(json.dumps(metadata, sort_keys=True).encode())
    for name, array in arrays.items():
        checksum = zlib.crc32(f"{name} {array.dtype.name} {array.shape}".encode(), checksum)
        checksum = zlib.crc32(array.reshape(-1).view(np.uint8).data, checksum)
    return checksum

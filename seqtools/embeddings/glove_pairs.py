"""The pairs of words that GloVe trains on: co-occurrences in random order, on disk.

Co-occurrences lie in the order of their rows, the rarer word of each pair. They are cut into groups
of rows whose parameters fit in the second-level cache, and each group into tiles by bands of
columns, each band twice as wide as the one before. An epoch visits all tiles in random order, and a
tile goes through its columns four at a time, their pairs in random order, so that the parameters of
columns are fetched once a tile and those of rows lie in a cache.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqtools.embeddings.cooccurrence_entries import read_entries
from seqtools.embeddings.settings import GloVeSettings
from seqtools.errors import CorpusError, FileAccessError, FileContentError
from seqtools.io.cooccurrence_file import CooccurrenceFile
from seqtools.io.tensor_file import read_tensors, write_tensors
from seqtools.kernels.glove import shuffle_pairs
from seqtools.kernels.renumber import add_to_checksum
from seqtools.kernels.vector_glove import NUM_PARTS
from seqtools.monitor import Monitor, Progress
from seqtools.seeding import numpy_generator
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Float32Array, Int32Array, Int64Array, Uint64Array

PAIR = np.dtype([("row", "<i4"), ("column", "<i4"), ("log_x", "<f4"), ("weight", "<f4")])

_PAIRS_FILE, _DESCRIPTION_FILE, _WORDS_FILE = "pairs.bin", "pairs.safetensors", "vocabulary.tsv"
_REMEDY = "delete the directory and start again"
_CACHE_BYTES = 1 << 20
_FEWEST_ROWS = 16
_MOST_PAIRS_A_GROUP = 1 << 20
# Columns of the first band of a group; bands begin at multiples of it.
_FIRST_BAND = 128
_COLUMNS_A_RUN = 4


@dataclass(frozen=True)
class CorpusStatistics:
    """How much text was counted.

    Attributes
    ----------
    tokens_read, tokens_kept, sentences : int
        Words of the text; those in the vocabulary; lines that hold one.
    """

    tokens_read: int
    tokens_kept: int
    sentences: int


@dataclass(frozen=True)
class TrainingPairs:
    """What GloVe trains on.

    Attributes
    ----------
    pairs : memory map of PAIR, shape (N,)
        Row and column with column <= row, ln x and f(x). A pair of two words stands for two cells.
    tile_starts : int64 array, shape (number of tiles + 1,)
        The tiles, which are to be visited in random order.
    vocabulary : Vocabulary
    statistics : CorpusStatistics
    fingerprint : str
        64 hexadecimal digits that tell these pairs, their order and vocabulary, from any other.
    """

    pairs: NDArray[Any]
    tile_starts: Int64Array
    vocabulary: Vocabulary
    statistics: CorpusStatistics
    fingerprint: str

    @classmethod
    def open(cls, directory: Path) -> "TrainingPairs":
        """Open what ``prepare_pairs`` wrote; every pair is checked.

        Raises
        ------
        FileContentError
            If something is missing or damaged.
        """
        tensors, metadata = read_tensors(directory / _DESCRIPTION_FILE)
        starts, path = tensors["tile_starts"], directory / _PAIRS_FILE
        try:
            size, expected = path.stat().st_size, PAIR.itemsize * int(starts[-1])
        except OSError as error:
            raise FileAccessError.from_os_error(error, path) from error
        if size != expected:
            cause = f"expected {expected} bytes, found {size}"
            raise FileContentError(cause, path=path, remedy=_REMEDY)
        opened = cls(
            pairs=np.memmap(path, PAIR, "r"),
            tile_starts=starts,
            vocabulary=Vocabulary.load(directory / _WORDS_FILE),
            statistics=CorpusStatistics(
                **{name: int(metadata[name]) for name in CorpusStatistics.__dataclass_fields__}
            ),
            fingerprint=metadata["fingerprint"],
        )
        checksum = _add(opened.pairs, np.zeros(1, np.uint64))
        if _fingerprint(checksum, starts, opened.vocabulary) != opened.fingerprint:
            raise FileContentError("damaged", path=path, remedy=_REMEDY)
        return opened

    @property
    def num_cells(self) -> int:
        """Cells of the symmetric matrix that are not 0: what an epoch trains on."""
        num_pairs = len(self.pairs)
        diagonal = sum(
            int(np.count_nonzero(part["row"] == part["column"]))
            for part in _parts(self.pairs, _MOST_PAIRS_A_GROUP)
        )
        return 2 * num_pairs - diagonal

    def count_visits(self) -> Int64Array:
        """Return in how many pairs each word stands, int64, shape (V,)."""
        visits, size = np.zeros(len(self.vocabulary), np.int64), len(self.vocabulary)
        for part in _parts(self.pairs, _MOST_PAIRS_A_GROUP):
            visits += np.bincount(part["row"], minlength=size)
            visits += np.bincount(part["column"], minlength=size)
        return visits


def prepare_pairs(
    file: CooccurrenceFile, directory: Path, settings: GloVeSettings, monitor: Monitor
) -> TrainingPairs:
    """Put co-occurrences into the order in which they are trained on.

    Memory is bounded by the size of a group, whatever the file holds; the disk holds the entries
    twice. The order depends on the seed alone.

    Parameters
    ----------
    file : CooccurrenceFile
        Every entry is checked.
    directory : Path
        Made if missing.
    settings : GloVeSettings
        Weighting, dimension (which decides how many rows fit in the cache) and seed.
    monitor : Monitor
        Hears of the progress.

    Raises
    ------
    CorpusError
        If no two words stand near each other.
    FileContentError
        If the file is damaged.
    FileAccessError
        If the pairs cannot be written.
    """
    if file.header.num_entries == 0:
        raise CorpusError(
            "no two words of the vocabulary stand near each other",
            path=file.path,
            remedy="there is nothing to learn from it; name a larger text or lower --min-count",
        )
    path = directory / _PAIRS_FILE
    vocabulary = Vocabulary.read(io.BytesIO(file.vocabulary), file.path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            starts, checksum = _write_pairs(file, out, settings, monitor)
            out.flush()
            os.fsync(out.fileno())
    except FileAccessError:
        raise
    except OSError as error:
        raise FileAccessError.from_os_error(error, path, "write") from error
    header = file.header
    statistics = CorpusStatistics(header.tokens_read, header.tokens_kept, header.sentences)
    fingerprint = _fingerprint(checksum, starts, vocabulary)
    vocabulary.save(directory / _WORDS_FILE)
    described = {name: str(value) for name, value in asdict(statistics).items()}
    write_tensors(
        directory / _DESCRIPTION_FILE,
        {"tile_starts": starts},
        {**described, "fingerprint": fingerprint},
    )
    pairs = np.memmap(path, PAIR, "r")
    return TrainingPairs(pairs, starts, vocabulary, statistics, fingerprint)


def _write_pairs(
    file: CooccurrenceFile, out: BinaryIO, settings: GloVeSettings, monitor: Monitor
) -> tuple[Int64Array, Uint64Array]:
    """Write all groups in random order; return where tiles start, and the checksum of all."""
    starts, checksum = [0], np.zeros(1, np.uint64)
    draws = numpy_generator(settings.seed, "kernel").integers(0, 2**64, 1, np.uint64)
    monitor.start("shuffling pairs", file.header.num_entries, "pairs")
    for entries in _groups(file, settings):
        pairs = np.empty(len(entries), PAIR)
        with np.errstate(over="ignore"):  # random numbers wrap around on purpose
            shuffle_pairs(entries, *_logs_and_weights(entries, file, settings), draws, pairs)
        pairs = pairs[np.argsort(_runs(pairs["column"]), kind="stable")]
        _add(pairs, checksum)
        out.write(pairs.view(np.uint8).data)
        sizes = np.bincount(_bands(pairs["column"]))
        starts += (starts[-1] + np.cumsum(sizes[sizes > 0])).tolist()
        monitor.update(Progress(starts[-1], file.header.num_entries, "pairs"))
    monitor.finish()
    return np.array(starts, np.int64), checksum


def _groups(file: CooccurrenceFile, settings: GloVeSettings) -> Iterator[NDArray[Any]]:
    """Yield the entries of so many rows at a time that their parameters fit in the cache."""
    num_rows = max(_FEWEST_ROWS, _CACHE_BYTES // (4 * NUM_PARTS * settings.dim))
    group: list[NDArray[Any]] = []
    for entries in read_entries(file):
        numbers = entries["row"] // num_rows
        for part in np.split(entries, np.flatnonzero(np.diff(numbers)) + 1):
            is_next = bool(group) and group[-1]["row"][0] // num_rows != part["row"][0] // num_rows
            if is_next or sum(map(len, group)) >= _MOST_PAIRS_A_GROUP:
                yield np.concatenate(group)
                group = []
            group.append(part)
    yield np.concatenate(group)


def _runs(columns: Int32Array) -> NDArray[Any]:
    """Return the run of each column, in the smallest type: 16 bits are sorted in linear time."""
    runs = columns // _COLUMNS_A_RUN
    return runs.astype(np.min_scalar_type(int(runs.max())))


def _bands(columns: Int32Array) -> NDArray[np.uint8]:
    """Return the band of each column; band n has _FIRST_BAND * 2**n of them."""
    _, exponents = np.frexp(columns // _FIRST_BAND + 1)
    bands: NDArray[np.uint8] = (exponents - 1).astype(np.uint8)
    return bands


def _logs_and_weights(
    entries: NDArray[Any], file: CooccurrenceFile, settings: GloVeSettings
) -> tuple[Float32Array, Float32Array]:
    """Return ln x and f(x) of entries: Pennington et al. 2014, eq. 8 and 9."""
    x = entries["weight"] / file.header.scale
    weights = np.minimum(1.0, (x / settings.x_max) ** settings.weight_exponent)
    return np.log(x).astype(np.float32), weights.astype(np.float32)


def _parts(pairs: NDArray[Any], size: int) -> Iterator[NDArray[Any]]:
    """Yield an array in parts."""
    for first in range(0, len(pairs), size):
        yield pairs[first : first + size]


def _add(pairs: NDArray[Any], checksum: Uint64Array) -> Uint64Array:
    """Add pairs to a checksum, and return it."""
    with np.errstate(over="ignore"):  # it wraps around on purpose
        for part in _parts(pairs, _MOST_PAIRS_A_GROUP):
            add_to_checksum(np.ascontiguousarray(part).view(np.int32), checksum)
    return checksum


def _fingerprint(checksum: Uint64Array, starts: Int64Array, vocabulary: Vocabulary) -> str:
    """Return the fingerprint of pairs."""
    tiles = hashlib.sha256(starts.tobytes()).hexdigest()
    parts = f"seqtools glove pairs {int(checksum[0]):016x} {tiles} {vocabulary.fingerprint}"
    return hashlib.sha256(parts.encode()).hexdigest()

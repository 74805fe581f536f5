"""Words with the words before them, from an id cache, for the neural probabilistic language model.

Source: Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model" (2003): the
word at t is predicted from the n-1 words before it.
"""

from dataclasses import dataclass

import numpy as np

from seqtools.errors import CorpusError, SettingsError
from seqtools.seeding import numpy_generator
from seqtools.text.id_cache import SENTENCE_END
from seqtools.types import Int32Array, Int64Array

_BLOCK_POSITIONS = 1 << 20
_LARGEST_ORDER, _LARGEST_BATCH = 64, 1 << 20


@dataclass(frozen=True)
class NgramSettings:
    """How words and contexts are put into batches.

    Attributes
    ----------
    order : int
        n: each word is predicted from the n-1 words before it.
    batch_size : int
        Words B that are predicted at a time.
    seed : int
        Seed of the order.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    order: int = 5
    batch_size: int = 128
    seed: int = 1

    def __post_init__(self) -> None:
        if not 2 <= self.order <= _LARGEST_ORDER:
            raise SettingsError(f"order must lie in 2..{_LARGEST_ORDER}, got {self.order}")
        if not 1 <= self.batch_size <= _LARGEST_BATCH:
            raise SettingsError(
                f"batch_size must lie in 1..{_LARGEST_BATCH}, got {self.batch_size}"
            )
        if self.seed < 0:
            raise SettingsError(f"seed must be at least 0, got {self.seed}")


@dataclass(frozen=True)
class NgramBatch:
    """Words to predict and what stands before them.

    Attributes
    ----------
    contexts : int32 array, shape (B, n-1)
        The words before, in the order of the text: the last column is the nearest.
    targets : int32 array, shape (B,)
        The words.
    """

    contexts: Int32Array
    targets: Int32Array

    @property
    def num_tokens(self) -> int:
        """Words to predict."""
        return int(self.targets.size)


class NgramBatches:
    """All words of an id cache, each predicted once an epoch, in a new order every time.

    The end of a sentence is predicted too, and what stands before a sentence's first word are ends
    of sentences; both have the id V, one more than the last word's. The order of large corpora is
    drawn in blocks of a million words, so that memory stays bounded; it depends on the seed and
    the number of the epoch alone.

    Parameters
    ----------
    ids : int32 array, shape (N,)
        As in ``IdCache``: 0 to V-1, and SENTENCE_END; a memory map will do.
    num_words : int
        V.
    settings : NgramSettings

    Attributes
    ----------
    boundary : int
        The id of the end of a sentence, V.
    num_symbols : int
        V + 1.

    Raises
    ------
    CorpusError
        If there are no ids.
    """

    def __init__(self, ids: Int32Array, num_words: int, settings: NgramSettings) -> None:
        if not ids.size:
            raise CorpusError("no words to predict", remedy="name a file with text")
        self._ids, self.settings = ids, settings
        self.boundary, self.num_symbols = num_words, num_words + 1
        # Whole batches in every block but the last.
        batch_size = settings.batch_size
        self._block_size = max(1, _BLOCK_POSITIONS // batch_size) * batch_size
        self._block_starts = np.arange(0, ids.size, self._block_size, dtype=np.int64)
        self._key: tuple[int, int] | None = None
        self._positions = np.empty(0, dtype=np.int64)

    @property
    def num_tokens(self) -> int:
        """Words and ends of sentences that are predicted in an epoch."""
        return int(self._ids.size)

    def num_batches(self, epoch: int = 0) -> int:
        """Return the number of batches of an epoch, which is the same for all."""
        del epoch
        return -(-self.num_tokens // self.settings.batch_size)

    def batch(self, epoch: int, index: int) -> NgramBatch:
        """Return a batch of an epoch, both counted from 0."""
        if not 0 <= index < self.num_batches():
            raise IndexError(f"batch {index} of {self.num_batches()}")
        batch_size = self.settings.batch_size
        block, within = divmod(index, self._block_size // batch_size)
        positions = self._positions_of(epoch, block)
        return self._make(positions[within * batch_size : (within + 1) * batch_size])

    def _positions_of(self, epoch: int, place: int) -> Int64Array:
        """Return the shuffled positions of the block that comes at a place in an epoch."""
        if self._key != (epoch, place):
            seed = self.settings.seed
            # The last block may be short, and then stays last, so that all other batches are full.
            starts = self._block_starts.copy()
            starts[:-1] = numpy_generator(seed, "batches", epoch).permutation(starts[:-1])
            start = int(starts[place])
            stop = min(start + self._block_size, self.num_tokens)
            generator = numpy_generator(seed, "batches", epoch, place)
            self._positions = start + generator.permutation(stop - start)
            self._key = epoch, place
        return self._positions

    def _make(self, positions: Int64Array) -> NgramBatch:
        """Gather words and contexts."""
        back = np.arange(self.settings.order - 1, 0, -1, dtype=np.int64)
        places = positions[:, np.newaxis] - back
        contexts = np.asarray(self._ids[np.maximum(places, 0)], dtype=np.int32)
        is_outside = (places < 0) | (contexts == SENTENCE_END)
        # Everything before the nearest end of a sentence is outside.
        is_outside = np.logical_or.accumulate(is_outside[:, ::-1], axis=1)[:, ::-1]
        contexts[is_outside] = self.boundary
        targets = np.asarray(self._ids[positions], dtype=np.int32)
        targets[targets == SENTENCE_END] = self.boundary
        return NgramBatch(contexts, targets)

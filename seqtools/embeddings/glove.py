"""Training GloVe vectors: the parts of the model.

Source: Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation".
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seqtools.embeddings.glove_pairs import PAIR, CorpusStatistics, TrainingPairs
from seqtools.embeddings.lock_free import Model
from seqtools.embeddings.private_rows import CopyRules, plan_copies, rows_with_copies
from seqtools.embeddings.settings import GloVeSettings
from seqtools.embeddings.tile_schedule import TileSchedule
from seqtools.kernels import glove as kernel
from seqtools.kernels import tile
from seqtools.kernels.row_copies import NO_COPIES, RowCopies
from seqtools.kernels.vector_glove import (
    CONTEXT,
    CONTEXT_SQUARES,
    NUM_PARTS,
    WORD,
    WORD_SQUARES,
)
from seqtools.seeding import kernel_states, numpy_generator
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Float32Array, Float64Array, Int64Array

# A kernel call takes about a twentieth of a second: signals and checkpoints wait no longer.
_NUMBERS_A_CALL = 2.5e7
# A row holds four times the numbers of word2vec's: 2,048 of them are slower than 512.
_COPY_RULES = CopyRules(most_rows=512, visits_a_merge=64)


@dataclass
class GloVeWalk:
    """What one thread has done; its tiles come from the model's schedule.

    Attributes
    ----------
    copies : RowCopies
        The rows it works on in place of shared ones; none for a thread alone.
    epoch : int
        Epochs finished.
    losses, pairs : float64 and int64 arrays, shape (epochs,)
        Sum of the losses and number of cells of each epoch so far.
    """

    losses: Float64Array
    pairs: Int64Array
    copies: RowCopies = NO_COPIES
    epoch: int = 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that a checkpoint stores."""
        return {"losses": self.losses, "pairs": self.pairs, "epoch": np.array([self.epoch])}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        self.losses[:], self.pairs[:] = arrays["losses"], arrays["pairs"]
        self.epoch = int(arrays["epoch"][0])


@dataclass
class GloVeModel(Model):
    """The parameters and walks of a run.

    Attributes
    ----------
    settings : GloVeSettings
    data : TrainingPairs
    x_and_copies : float32 array, shape (V and more, NUM_PARTS * padded part)
        Of each word: vector, context vector and the squared gradients of both. A vector is followed
        by its bias and a one, a context vector by a one and its bias. Behind the words lie the
        copies of the threads; see ``private_rows``.
    walks : list of GloVeWalk
        One a thread.
    schedule : TileSchedule
        Deals out the tiles.
    num_cells : int
        Cells of the symmetric matrix that are not 0.
    """

    settings: GloVeSettings
    data: TrainingPairs
    x_and_copies: Float32Array
    walks: list[GloVeWalk]
    schedule: TileSchedule
    num_cells: int

    unit: ClassVar[str] = "entries"

    @property
    def x(self) -> Float32Array:
        """The rows of the words, without copies."""
        return self.x_and_copies[: len(self.data.vocabulary)]

    @property
    def work_done(self) -> int:
        """Cells trained on so far over all epochs and threads."""
        return int(sum(walk.pairs.sum() for walk in self.walks))

    @property
    def work_in_all(self) -> int:
        """Cells to train on over all epochs."""
        return self.settings.epochs * self.num_cells

    @property
    def words_done(self) -> int:
        """Words of text that the work done so far amounts to."""
        return round(self.data.statistics.tokens_kept * (self.work_done / self.num_cells))

    def parameters(self) -> dict[str, Float32Array]:
        """Return vectors, biases and squared gradients, in one array."""
        return {"x": self.x}

    def shared_state(self) -> dict[str, NDArray[Any]]:
        """Return the order of the tiles and how far it has been dealt out."""
        return self.schedule.arrays()

    def part(self, number: int) -> Float32Array:
        """Return a part of every row without biases and padding, float32, shape (V, dim)."""
        return _part(self.x, number)[:, : self.settings.dim]

    def word_vectors(self) -> Float32Array:
        """Return word and context vectors combined as the settings say."""
        words, contexts = self.part(WORD), self.part(CONTEXT)
        if self.settings.combine == "input":
            return words
        if self.settings.combine == "concat":
            return np.concatenate((words, contexts), axis=1)
        total: Float32Array = words + contexts
        return total if self.settings.combine == "sum" else total / np.float32(2)

    def context_vectors(self) -> Float32Array:
        """Return the context vectors."""
        return self.part(CONTEXT)

    def start_from(self, rows: Int64Array, vectors: Float32Array) -> None:
        """Take over vectors that a run with the same `combine` returned."""
        words, contexts = self.part(WORD), self.part(CONTEXT)
        if self.settings.combine == "concat":
            words[rows], contexts[rows] = np.split(vectors, 2, axis=1)
            return
        words[rows] = vectors / np.float32(2) if self.settings.combine == "sum" else vectors
        if self.settings.combine != "input":
            contexts[rows] = words[rows]

    def advance(self, walk: GloVeWalk) -> bool:
        """Train on the next tiles, and say whether there were any."""
        budget = max(1_000, int(_NUMBERS_A_CALL / self.settings.dim))
        tiles = self.schedule.take(walk.epoch, budget)
        if len(tiles) == 0:
            return False
        cost = np.zeros(1)
        cells = kernel.train_tiles(
            self.data.pairs,
            self.data.tile_starts,
            tiles,
            np.float32(self.settings.learning_rate),
            np.float32(self.settings.gradient_clip),
            walk.copies,
            self.x_and_copies,
            cost,
        )
        if not np.isfinite(cost[0]):
            raise self.not_finite()
        # Half the squared error, as in the authors' program: the gradient is that of the half.
        walk.losses[walk.epoch] += 0.5 * cost[0]
        walk.pairs[walk.epoch] += cells
        return True


def make_model(
    data: TrainingPairs,
    settings: GloVeSettings,
    initial_vectors: tuple[Int64Array, Float32Array] | None = None,
) -> GloVeModel:
    """Prepare a run: parameters and walks.

    Parameters
    ----------
    data : TrainingPairs
    settings : GloVeSettings
    initial_vectors : (int64 array (N,), float32 array (N, vector_size)), optional
        Rows to start from in place of random ones.
    """
    num_walks = min(settings.threads, len(data.tile_starts) - 1)
    walks = [
        GloVeWalk(np.zeros(settings.epochs), np.zeros(settings.epochs, np.int64))
        for _ in range(num_walks)
    ]
    order_state = kernel_states(settings.seed, 1)[0]
    schedule = TileSchedule(np.diff(data.tile_starts), order_state, num_walks)
    x = _make_parameters(len(data.vocabulary), settings, len(walks))
    if len(walks) > 1:
        share_a_turn = kernel.PAIRS_A_TURN / len(data.pairs)
        planned = plan_copies(share_a_turn * data.count_visits(), len(walks), _COPY_RULES)
        for walk, copies in zip(walks, planned, strict=True):
            walk.copies = copies
    model = GloVeModel(settings, data, x, walks, schedule, data.num_cells)
    if initial_vectors is not None:
        model.start_from(*initial_vectors)
    return model


def load_kernel(settings: GloVeSettings) -> None:
    """Compile the kernel, or load it from the cache on disk."""
    words, counts = Vocabulary(["a", "b"], np.array([1, 1])), CorpusStatistics(2, 2, 1)
    pairs = np.array([(1, 0, 0.0, 0.0)], PAIR)
    pairs.setflags(write=False)  # like those of a file
    data = TrainingPairs(pairs, np.array([0, 1]), words, counts, "")
    model = make_model(data, replace(settings, threads=1))
    model.advance(model.walks[0])


def _make_parameters(size: int, settings: GloVeSettings, num_walks: int) -> Float32Array:
    """Return rows with random vectors and biases in U(-0.5, 0.5) / dim, and room for copies."""
    dim = settings.dim
    whole = tile.aligned_zeros(
        rows_with_copies(size, num_walks, _COPY_RULES), NUM_PARTS * _padded(dim + 2)
    )
    x = whole[:size]
    random = numpy_generator(settings.seed, "initial vectors").random(
        (2, size, dim + 1), np.float32
    )
    random = (random - np.float32(0.5)) / np.float32(dim)
    words, contexts = _part(x, WORD), _part(x, CONTEXT)
    words[:, : dim + 1], words[:, dim + 1] = random[0], 1.0
    contexts[:, :dim], contexts[:, dim + 1] = random[1, :, :dim], random[1, :, dim]
    contexts[:, dim] = 1.0
    word_squares, context_squares = _part(x, WORD_SQUARES), _part(x, CONTEXT_SQUARES)
    word_squares[:], context_squares[:] = 1.0, 1.0
    word_squares[:, dim + 1], context_squares[:, dim] = kernel.FROZEN, kernel.FROZEN
    return whole


def _padded(numbers: int) -> int:
    """Return the length of a part, rounded up to whole vectors."""
    return int(tile.aligned_zeros(1, numbers).shape[1])


def _part(x: Float32Array, number: int) -> Float32Array:
    """Return a part of every row, with biases and padding."""
    size = x.shape[1] // NUM_PARTS
    return x[:, number * size : (number + 1) * size]

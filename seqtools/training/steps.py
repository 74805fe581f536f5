"""One update of the parameters: gradients of the shards, their sum, clipping, the step."""

from collections.abc import Iterator
from typing import Any, Generic, NamedTuple

import numpy as np

from seqtools.errors import TrainingError
from seqtools.kernels import updates
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.seeding import numpy_generator
from seqtools.training.optimizers import PIECE, Optimizer, clear_frozen, first_not_finite
from seqtools.training.settings import TrainingSettings
from seqtools.training.task import Batch, LossSum, Shard, Task
from seqtools.training.team import Team

# A pool costs more than it saves below this many parameters.
_LEAST_FOR_THREADS = 4 * PIECE


class Step(NamedTuple):
    """What one update showed.

    Attributes
    ----------
    loss : LossSum
        Of the whole batch, before the update.
    gradient_norm : float
        Before clipping.
    is_clipped : bool
        Whether it was above the limit.
    """

    loss: LossSum
    gradient_norm: float
    is_clipped: bool


class NotFiniteError(TrainingError):
    """A loss or gradient is NaN or infinite; the parameters are as before the update."""


class Stepper(Generic[Shard]):
    """Makes updates, one batch each.

    Parameters
    ----------
    task : Task
    settings : TrainingSettings
    team : Team
        Its number of shards is that of the settings.

    Attributes
    ----------
    optimizer : Optimizer
    """

    def __init__(self, task: Task[Shard], settings: TrainingSettings, team: Team) -> None:
        self._task, self._settings, self._team = task, settings, team
        self._parameters: Parameters = task.parameters
        self.optimizer = Optimizer(settings.optimizer, task.parameters)
        self._gradients = [Gradients(task.parameters) for _ in range(settings.shards)]
        self._sums = np.zeros(-(-task.parameters.flat.size // updates.BLOCK))

    def step(self, batch: Batch[Shard], rate: float) -> Step:
        """Make one update.

        Raises
        ------
        NotFiniteError
            If the loss or the gradient is NaN or infinite; nothing was changed then.
        """
        number = max(batch.tokens if self._settings.loss_scale == "token" else batch.sequences, 1)
        losses = self._team.run(self._shard_function(1.0 / number), batch.shards)
        loss = LossSum(sum(part.nats for part in losses), sum(part.tokens for part in losses))
        norm = self._add_gradients()
        if not (np.isfinite(loss.nats) and np.isfinite(norm)):
            raise NotFiniteError(self._blame())
        limit = self._settings.optimizer.clip_norm
        is_clipped = 0 < limit < norm
        self._move(rate, limit / norm if is_clipped else 1.0)
        return Step(loss, norm, is_clipped)

    def _shard_function(self, scale: float) -> Any:
        """Return the function that works on one shard in a thread."""
        seed, update = self._settings.seed, self.optimizer.num_updates

        def work(index: int, shard: Shard, workspace: Any) -> LossSum:
            generator = numpy_generator(seed, "training step", update, index)
            return self._task.loss_and_gradients(
                index, shard, self._gradients[index], workspace, generator, scale
            )

        return work

    def _add_gradients(self) -> float:
        """Add the gradients of all shards into the first, in order; return the norm."""
        clear_frozen(self._parameters, self._gradients[0].flat)
        for gradients in self._gradients[1:]:
            clear_frozen(self._parameters, gradients.flat)
        size = self._parameters.flat.size
        self._spread(
            self._add_stretch,
            [(first, min(first + PIECE, size)) for first in range(0, size, PIECE)],
        )
        return float(np.sqrt(self._sums.sum()))

    def _add_stretch(self, first: int, stop: int) -> None:
        """Add the gradients of a stretch, and the squares of its blocks."""
        total = self._gradients[0].flat[first:stop]
        for gradients in self._gradients[1:]:
            updates.add_gradient(gradients.flat[first:stop], total)
        updates.squared_sums(total, self._sums[first // updates.BLOCK : -(-stop // updates.BLOCK)])

    def _move(self, rate: float, factor: float) -> None:
        """Step all parameters, and clear the gradient."""
        step, slope = self.optimizer.begin(rate, factor), self._gradients[0].flat

        def move(first: int, stop: int, is_decayed: bool) -> None:
            step(first, stop, is_decayed, slope)
            slope[first:stop] = 0

        self._spread(move, self.optimizer.pieces)

    def _spread(self, function: Any, pieces: list[Any]) -> None:
        """Call a function on all pieces, a run of them in each thread."""
        threads = self._team.num_threads if len(pieces) * PIECE > _LEAST_FOR_THREADS else 1

        def work(some: list[Any]) -> None:
            for piece in some:
                function(*piece)

        self._team.call(work, [(some,) for some in _runs(pieces, threads)])

    def _blame(self) -> str:
        """Say which tensor is not finite, parameters before gradients; clear the gradients."""
        bad_value = first_not_finite(self._parameters, self._parameters.flat)
        bad_slope = first_not_finite(self._parameters, self._gradients[0].flat)
        for gradients in self._gradients:
            gradients.clear()
        if bad_value:
            return f"parameter {bad_value} is no longer finite"
        return (
            f"the gradient of {bad_slope} is not finite" if bad_slope else "the loss is not finite"
        )


def _runs(pieces: list[Any], number: int) -> Iterator[list[Any]]:
    """Cut a list into runs of nearly equal length."""
    size = max(-(-len(pieces) // number), 1)
    for first in range(0, len(pieces), size):
        yield pieces[first : first + size]

"""The training loop of every model.

A run resumed from a checkpoint ends in the bytes of one that was never stopped, on any number of
threads: random choices depend on seed, epoch, update and shard alone, shards are a setting, and
sums are taken in their order.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from seqtools.errors import CheckpointError, TrainingError, TrainingInterrupted
from seqtools.kernels.updates import move_average
from seqtools.monitor import Monitor, Progress, StopRequest
from seqtools.training.pace import Pace
from seqtools.training.run_state import EpochSums, Run
from seqtools.training.run_store import RunStore
from seqtools.training.schedules import rate_factor
from seqtools.training.selection import Selection
from seqtools.training.settings import TrainingSettings
from seqtools.training.steps import NotFiniteError, Step, Stepper
from seqtools.training.task import Task
from seqtools.training.team import StopWork, Team

_SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True)
class Outcome:
    """What a finished run came to; the task holds the weights that were chosen.

    Attributes
    ----------
    history : list of dict
        One a epoch: "epoch", "loss" (nats a target in training), "metrics", "learning_rate",
        "clip_rate", "gradient_norm", "seconds".
    best_epochs : list of int
        The epochs whose weights were chosen, or averaged; counted from 1.
    metrics : dict of str to float
        Of the chosen weights.
    targets : int
        Targets trained on.
    updates : int
    seconds : float
        Training time, over all resumed runs.
    targets_per_second : float or None
        Speed of the updates of this run; None if it made none.
    """

    history: list[dict[str, Any]]
    best_epochs: list[int]
    metrics: dict[str, float]
    targets: int
    updates: int
    seconds: float
    targets_per_second: float | None


def train(
    task: Task[Any],
    settings: TrainingSettings,
    monitor: Monitor,
    stop: StopRequest,
    store: RunStore | None = None,
    is_resumed: bool = False,
    observe: Callable[[Team], dict[str, Any]] | None = None,
) -> Outcome:
    """Train a model until its epochs are done or it no longer improves.

    Parameters
    ----------
    task : Task
        Its parameters are trained in place, and hold the best weights at the end.
    settings : TrainingSettings
    monitor : Monitor
        Hears speed, loss and time left.
    stop : StopRequest
        Looked at after every batch.
    store : RunStore, optional
        Keeps events, checkpoints and the best weights so far.
    is_resumed : bool
        Go on from the checkpoint of `store`.
    observe : callable, optional
        Called before the first and after every epoch; what it returns is logged.

    Raises
    ------
    TrainingInterrupted
        If a stop was requested; a checkpoint is saved if there is a store for it.
    TrainingError
        If the loss or a gradient is no longer finite; the message names the tensor. The parameters
        are those before that update, and a checkpoint of them is saved.
    CheckpointError
        If the checkpoint belongs to another run.
    """
    with Team(settings.shards, settings.threads, task.parameters.dtype, stop) as team:
        return _Loop(task, settings, team, monitor, stop, store, observe).run(is_resumed)


class _Loop:
    """A run, with all it needs at hand."""

    def __init__(
        self,
        task: Task[Any],
        settings: TrainingSettings,
        team: Team,
        monitor: Monitor,
        stop: StopRequest,
        store: RunStore | None,
        observe: Callable[[Team], dict[str, Any]] | None,
    ) -> None:
        self._task, self._settings, self._team = task, settings, team
        self._monitor, self._stop, self._store, self._observe = monitor, stop, store, observe
        self._stepper = Stepper(task, settings, team)
        average = task.parameters.flat.copy() if settings.moving_average else None
        selection = Selection(
            task.metric, task.is_higher_better, settings.average_best, settings.min_delta,
            task.ties, task.floor,
        )  # fmt: skip
        self._run = Run(task, self._stepper.optimizer, average, selection)
        self._started = self._last_save = self._last_report = time.monotonic()
        self._seconds_before, self._pace = 0.0, Pace()

    def run(self, is_resumed: bool) -> Outcome:
        """Train, and choose the weights."""
        self._begin(is_resumed)
        total = self._task.num_targets * self._settings.epochs
        self._monitor.start("training", total, self._task.unit)
        self._stop.is_heeded = True
        try:
            while not self._is_done():
                self._epoch()
            return self._finish()
        except StopWork:
            self._interrupt()
        except NotFiniteError as error:
            self._give_up(error)
        finally:
            self._monitor.finish()

    def _begin(self, is_resumed: bool) -> None:
        """Restore the checkpoint, or begin the log."""
        store = self._store
        if store is None:
            return
        if is_resumed and store.has_checkpoint():
            self._run.restore(store.load(self._identity()))
            self._seconds_before = self._run.state.seconds
            state, epochs = self._run.state, self._settings.epochs
            if state.epoch > epochs or (state.epoch == epochs and state.batch):
                raise CheckpointError(
                    f"{store.state_path}: the run is in epoch {state.epoch + 1} already; go on "
                    f"with --epochs {state.epoch + 1} or more"
                )
            self._log("resume", epoch=state.epoch + 1, batch=state.batch)
            done = f"{state.epoch} of {epochs} epochs and {state.batch} updates"
            self._monitor.message(f"resumed from {store.state_path} after {done}")
            return
        if is_resumed:
            self._monitor.message("no checkpoint to resume from: starting at the beginning")
        store.begin_log()
        self._log(
            "start",
            parameters=self._task.parameters.num_values,
            updates_an_epoch=self._task.num_batches,
            targets_an_epoch=self._task.num_targets,
            threads=self._team.num_threads,
        )
        self._observe_epoch(0)

    def _is_done(self) -> bool:
        """Say whether all epochs are done or the metric has stopped improving."""
        settings, run = self._settings, self._run
        is_tired = 0 < settings.patience <= run.selection.waited
        return run.state.epoch >= settings.epochs or is_tired

    def _epoch(self) -> None:
        """Train for one epoch, or for what is left of it, and evaluate."""
        state = self._run.state
        if state.batch == 0:
            self._task.begin_epoch(state.epoch)
        self._pace.begin()
        for batch in self._task.batches(state.epoch, state.batch):
            rate = self._rate()
            step = self._stepper.step(batch, rate)
            self._follow()
            self._count(step)
            self._report(step, rate)
            self._look_up()
        with self._evaluated_weights():
            metrics = self._task.evaluate(self._team)
            is_best = self._run.selection.add(state.epoch + 1, metrics, self._task.parameters.flat)
            if is_best and self._store is not None:
                self._store.save_weights(self._task.parameters)
        self._end_epoch(metrics)

    def _rate(self) -> float:
        """Return the learning rate of the next update."""
        settings, state = self._settings, self._run.state
        updates = self._task.num_batches * settings.epochs
        done = self._stepper.optimizer.num_updates
        factor = rate_factor(settings.schedule, done, state.epoch, updates, state.plateau)
        return settings.optimizer.learning_rate * factor

    def _follow(self) -> None:
        """Let the moving average follow; at first quickly, as it starts from untrained weights."""
        average = self._run.average
        if average is not None:
            updates = self._stepper.optimizer.num_updates
            keep = min(self._settings.moving_average, (1 + updates) / (10 + updates))
            scalar = average.dtype.type
            move_average(self._task.parameters.flat, scalar(keep), scalar(1 - keep), average)

    def _count(self, step: Step) -> None:
        """Add up what an update showed."""
        state, sums = self._run.state, self._run.state.sums
        state.batch += 1
        state.targets += step.loss.tokens
        self._pace.add(step.loss.tokens)
        sums.nats += step.loss.nats
        sums.tokens += step.loss.tokens
        sums.updates += 1
        sums.clipped += step.is_clipped
        sums.norms += step.gradient_norm

    def _report(self, step: Step, rate: float) -> None:
        """Tell the monitor ten times a second, and the log now and then."""
        state, now = self._run.state, time.monotonic()
        speed = self._pace.targets_per_second
        if self._store and self._stepper.optimizer.num_updates % self._settings.log_every == 0:
            self._log(
                "update",
                update=self._stepper.optimizer.num_updates,
                epoch=state.epoch + 1,
                loss=step.loss.nats / max(step.loss.tokens, 1),
                learning_rate=rate,
                gradient_norm=step.gradient_norm,
                is_clipped=bool(step.is_clipped),
                targets_per_second=speed,
            )
        if now - self._last_report >= _SECONDS_BETWEEN_REPORTS:
            self._last_report = now
            self._monitor.update(
                Progress(
                    done=state.targets,
                    total=self._task.num_targets * self._settings.epochs,
                    unit=self._task.unit,
                    per_second=speed,
                    loss=state.sums.loss,
                    note=f"epoch {state.epoch + 1}/{self._settings.epochs}",
                )
            )

    def _look_up(self) -> None:
        """Heed a stop request, and save a checkpoint when one is due."""
        self._team.check_stop()
        now = time.monotonic()
        if self._store and now - self._last_save >= self._settings.checkpoint_seconds:
            self._save()
            self._last_save = now

    @contextmanager
    def _evaluated_weights(self) -> Iterator[None]:
        """Put the moving average, if there is one, in the place of the weights for a while."""
        average, flat = self._run.average, self._task.parameters.flat
        if average is None:
            yield
            return
        weights = flat.copy()
        flat[:] = average
        try:
            yield
        finally:
            flat[:] = weights

    def _end_epoch(self, metrics: dict[str, float]) -> None:
        """Note, log and tell what the epoch came to."""
        state, sums, selection = self._run.state, self._run.state.sums, self._run.selection
        updates = max(sums.updates, 1)
        summary = {
            "epoch": state.epoch + 1,
            "loss": sums.loss,
            "metrics": metrics,
            "learning_rate": self._rate(),
            "clip_rate": sums.clipped / updates,
            "gradient_norm": sums.norms / updates,
            "seconds": self._seconds(),
        }
        state.history.append(summary)
        if metrics:
            state.plateau.observe(selection.waited == 0, self._settings.schedule)
        state.epoch, state.batch, state.sums = state.epoch + 1, 0, EpochSums()
        self._log("epoch", **summary)
        self._monitor.message(describe_epoch(summary, self._settings.epochs))
        self._observe_epoch(state.epoch)

    def _observe_epoch(self, epoch: int) -> None:
        """Log what the observer sees."""
        if self._observe is not None and self._store is not None:
            self._log("observation", epoch=epoch, **self._observe(self._team))

    def _finish(self) -> Outcome:
        """Choose the weights, save them, and drop the checkpoint."""
        run, parameters = self._run, self._task.parameters
        epochs, metrics = self._choose()
        state = run.state
        outcome = Outcome(
            state.history, epochs, metrics, state.targets, run.optimizer.num_updates,
            self._seconds(), self._pace.targets_per_second,
        )  # fmt: skip
        if self._store is not None:
            self._store.save_weights(parameters)
            self._log("end", best_epochs=epochs, metrics=metrics, seconds=outcome.seconds)
            self._store.remove_checkpoint()
        return outcome

    def _choose(self) -> tuple[list[int], dict[str, float]]:
        """Put the best weights, or their mean if that is better, into the model."""
        selection, flat = self._run.selection, self._task.parameters.flat
        if not selection.kept:
            return [], {}
        best = selection.kept[0]
        if len(selection.kept) > 1:
            before = flat.copy()
            flat[:] = selection.mean_weights()
            try:
                metrics = self._task.evaluate(self._team)
            except StopWork:
                flat[:] = before
                raise
            cost, best_cost = selection.cost(metrics), selection.cost(best.metrics)
            if cost is not None and best_cost is not None and cost < best_cost:
                return sorted(kept.epoch for kept in selection.kept), metrics
        flat[:] = best.weights
        return [best.epoch], best.metrics

    def _interrupt(self) -> NoReturn:
        """Save a checkpoint if there is a place for it, and say so."""
        store, number = self._store, self._stop.signal_number
        if store is None or not store.saves_checkpoints:
            raise TrainingInterrupted("interrupted; nothing was saved", number)
        self._log("stop", signal=number, epoch=self._run.state.epoch + 1)
        self._save()
        raise TrainingInterrupted(
            f"interrupted; saved a checkpoint in {store.state_path.parent}; go on with --resume",
            number,
        )

    def _give_up(self, error: NotFiniteError) -> NoReturn:
        """Keep the last good state, and say what is not finite, where, and what to do."""
        state, optimizer = self._run.state, self._settings.optimizer
        place = f"epoch {state.epoch + 1}, batch {state.batch + 1}"
        kept = "no state was saved"
        if self._store is not None:
            if self._run.is_finite():
                self._save()
            if self._store.has_checkpoint():
                kept = f"the last good state is in {self._store.state_path.parent}"
            self._log("not finite", cause=str(error), epoch=state.epoch + 1, batch=state.batch + 1)
        raise TrainingError(
            f"{place}: {error}; use a learning rate below {optimizer.learning_rate:g} "
            f"or a clip norm below {optimizer.clip_norm or float('inf'):g}; {kept}"
        ) from error

    def _save(self) -> None:
        """Save a checkpoint."""
        if self._store is not None:
            self._run.state.seconds = self._seconds()
            self._store.save(self._run.tensors(), self._run.progress(), self._identity())

    def _identity(self) -> dict[str, Any]:
        """Return what a resumed run must share."""
        return {**self._settings.fixed(), "data": self._task.fingerprint}

    def _seconds(self) -> float:
        """Return the training time so far."""
        return self._seconds_before + time.monotonic() - self._started

    def _log(self, event: str, **values: Any) -> None:
        """Log an event if there is a log."""
        if self._store is not None:
            self._store.log(event, **values)


def describe_epoch(summary: dict[str, Any], epochs: int) -> str:
    """Say in a line what an epoch came to."""
    loss = summary["loss"]
    parts = [f"epoch {summary['epoch']}/{epochs}: loss " + ("-" if loss is None else f"{loss:.4f}")]
    parts += [f"{name} {value:.4g}" for name, value in summary["metrics"].items()]
    parts.append(f"learning rate {summary['learning_rate']:.3g}")
    parts.append(f"{100 * summary['clip_rate']:.0f}% of updates clipped")
    return ", ".join(parts)

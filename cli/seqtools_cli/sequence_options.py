"""Options that all commands share which train a sequence model, and their settings.

Defaults are those of the settings classes, unless a command hands in its own.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqtools.training.settings import (
    LEARNING_RATES,
    LOSS_SCALES,
    OPTIMIZERS,
    SCHEDULES,
    OptimizerSettings,
    ScheduleSettings,
    TrainingSettings,
)
from seqtools_cli.options import FiniteFloat, IntAtLeast, seed_option
from seqtools_cli.text_options import threads_option

Function = TypeVar("Function", bound=Callable[..., Any])
_CHECKPOINT_SECONDS = 300.0


def network_options(
    default: Any, *, is_tied_allowed: bool = True
) -> Callable[[Function], Function]:
    """Add the options of recurrent layers and embeddings.

    Parameters
    ----------
    default : object
        Settings with the attributes that `cell_options` names, and embedding_size.
    is_tied_allowed : bool
        Whether --tied is among them.
    """
    options = [
        cell_options(default, "embeddings, between layers and before the output"),
        click.option(
            "--embedding-size", type=IntAtLeast(1, 65_536), default=default.embedding_size,
            show_default=True, help="Numbers in the embedding of a symbol.",
        ),
        click.option(
            "--pretrained-embeddings", "pretrained", metavar="FILE",
            help="Begin with the word vectors of this file, of any format of `seqtools embed`.",
        ),
        click.option(
            "--freeze-embeddings", "freezes_embeddings", is_flag=True,
            help="Leave the embeddings as they are at the start.",
        ),
    ]  # fmt: skip
    if is_tied_allowed:
        options.append(
            click.option(
                "--tied", "is_tied", is_flag=True,
                help="Use the embeddings as the weights of the output layer too.",
            )
        )  # fmt: skip
    return lambda command: _apply(options, command)


def cell_options(default: Any, dropped: str) -> Callable[[Function], Function]:
    """Add the options of recurrent layers.

    Parameters
    ----------
    default : object
        Settings with the attributes cell, gru_variant, num_layers, hidden_size, dropout and
        recurrent_dropout.
    dropped : str
        Where --dropout drops.
    """
    options = [
        click.option(
            "--cell", type=click.Choice(["rnn", "gru", "lstm"]), default=default.cell,
            show_default=True, help="Kind of recurrent cell.",
        ),
        click.option(
            "--gru-variant", type=click.Choice(["reset-after", "reset-before"]),
            default=default.gru_variant, show_default=True,
            help="Apply a GRU's reset gate after the recurrent product, like PyTorch, or before.",
        ),
        click.option(
            "--peepholes", "has_peepholes", is_flag=True, help="Let an LSTM's gates see the cell."
        ),
        click.option(
            "--layers", "num_layers", type=IntAtLeast(1, 64), default=default.num_layers,
            show_default=True, help="Recurrent layers, one above the other.",
        ),
        click.option(
            "--hidden-size", type=IntAtLeast(1, 65_536), default=default.hidden_size,
            show_default=True, help="Numbers in the hidden state of a layer.",
        ),
        click.option(
            "--dropout", type=FiniteFloat(0, 0.95), default=default.dropout, show_default=True,
            help=f"Share set to zero of {dropped}.",
        ),
        click.option(
            "--recurrent-dropout", type=FiniteFloat(0, 0.95), default=default.recurrent_dropout,
            show_default=True, help="Share of the hidden state set to zero on its way to the next "
            "step, the same one in all steps.",
        ),
        click.option(
            "--variational-dropout", "is_variational", is_flag=True,
            help="Draw the masks of --dropout once a sequence, not once a step.",
        ),
    ]  # fmt: skip
    return lambda command: _apply(options, command)


def training_options(command: Function) -> Function:
    """Add the options of optimiser, schedule, length of training, threads and checkpoints."""
    for group in (_run_options, _length_options, _schedule_options, _optimizer_options):
        command = group(command)
    return command


def gradient_option(command: Function) -> Function:
    """Add --grad-stats."""
    option = click.option(
        "--grad-stats", "has_gradient_statistics", is_flag=True,
        help="Log gradients by time lag and layer after each epoch, for `seqtools grad-report`.",
    )  # fmt: skip
    return _apply([option], command)


def training_settings(options: dict[str, Any]) -> TrainingSettings:
    """Take the values of `training_options` out of `options`, and make settings of them."""
    taken = {name: options.pop(name) for name in _NAMES if name in options}
    name, rate = taken.pop("optimizer"), taken.pop("learning_rate")
    optimizer = OptimizerSettings(
        name=name,
        learning_rate=LEARNING_RATES[name] if rate is None else rate,
        **{name: taken.pop(name) for name in _OPTIMIZER},
    )
    schedule = ScheduleSettings(
        name=taken.pop("schedule"), **{name: taken.pop(name) for name in _SCHEDULE}
    )
    taken["threads"] = taken["threads"] or _count_cores()
    return TrainingSettings(optimizer=optimizer, schedule=schedule, **taken)


_OPTIMIZER = ("momentum", "is_nesterov", "beta1", "beta2", "epsilon", "weight_decay", "clip_norm")
_SCHEDULE = ("warmup", "decay", "decay_every", "decay_after", "min_factor")
_NAMES = (
    "optimizer", "learning_rate", *_OPTIMIZER, "schedule", *_SCHEDULE, "epochs", "loss_scale",
    "patience", "min_delta", "average_best", "moving_average", "shards", "threads", "seed",
    "checkpoint_seconds", "log_every",
)  # fmt: skip


def _optimizer_options(command: Function) -> Function:
    """Add the options of the optimiser."""
    default = OptimizerSettings()
    rates = ", ".join(f"{name} {rate:g}" for name, rate in LEARNING_RATES.items())
    options = [
        click.option(
            "--optimizer", type=click.Choice(OPTIMIZERS), default=default.name, show_default=True,
            help="How a gradient becomes a step.",
        ),
        click.option(
            "--lr", "--learning-rate", "learning_rate", type=FiniteFloat(1e-12, 1e4),
            help=f"Learning rate, before the schedule.  [default: {rates}]",
        ),
        click.option(
            "--momentum", type=FiniteFloat(0, 0.9999), default=default.momentum, show_default=True,
            help="Share of the velocity that stays, with --optimizer momentum.",
        ),
        click.option(
            "--nesterov", "is_nesterov", is_flag=True,
            help="Look one step ahead, with --optimizer momentum.",
        ),
        click.option(
            "--beta1", type=FiniteFloat(0, 0.999999), default=default.beta1, show_default=True,
            help="Share of the mean gradient that stays, with adam and adamw.",
        ),
        click.option(
            "--beta2", type=FiniteFloat(0, 0.999999), default=default.beta2, show_default=True,
            help="Share of the mean square that stays, with rmsprop, adam and adamw.",
        ),
        click.option(
            "--epsilon", type=FiniteFloat(1e-30, 1), default=default.epsilon, show_default=True,
            help="Added to the root of the mean square.",
        ),
        click.option(
            "--weight-decay", type=FiniteFloat(0, 10), default=default.weight_decay,
            show_default=True, help="Decay of weights, not of biases; decoupled with adamw.",
        ),
        click.option(
            "--clip-norm", type=FiniteFloat(0, 1e9), default=default.clip_norm, show_default=True,
            help="Scale the gradient of all parameters down to this norm; 0 does not.",
        ),
        click.option(
            "--loss-scale", type=click.Choice(LOSS_SCALES), default=TrainingSettings().loss_scale,
            show_default=True, help="Divide a batch's summed loss by its targets, or by its rows.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def _schedule_options(command: Function) -> Function:
    """Add the options of the learning rate's schedule."""
    default = ScheduleSettings()
    options = [
        click.option(
            "--schedule", type=click.Choice(SCHEDULES), default=default.name, show_default=True,
            help="How the learning rate falls: never, every --decay-every epochs, every epoch "
            "after --decay-after, when validation stops improving, or along a curve.",
        ),
        click.option(
            "--warmup", type=IntAtLeast(0), default=default.warmup, show_default=True,
            help="Updates during which the rate rises from 0.",
        ),
        click.option(
            "--decay", type=FiniteFloat(1e-6, 1), default=default.decay, show_default=True,
            help="Factor at each fall, with step, decay-after and plateau.",
        ),
        click.option(
            "--decay-every", type=IntAtLeast(1, 1_000_000), default=default.decay_every,
            show_default=True, help="Epochs between falls, or without improvement (plateau).",
        ),
        click.option(
            "--decay-after", type=IntAtLeast(0, 1_000_000), default=default.decay_after,
            show_default=True, help="Epochs before the first fall, with decay-after.",
        ),
        click.option(
            "--min-factor", type=FiniteFloat(0, 1), default=default.min_factor, show_default=True,
            help="The rate never falls below this share of --lr.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def _length_options(command: Function) -> Function:
    """Add the options that say when training ends and which weights are kept."""
    default = TrainingSettings()
    options = [
        click.option(
            "--epochs", type=IntAtLeast(1, 1_000_000), default=default.epochs, show_default=True,
            help="Passes over the training data.",
        ),
        click.option(
            "--patience", type=IntAtLeast(0, 1_000_000), default=default.patience,
            show_default=True, help="End after so many epochs without improvement; 0 never does.",
        ),
        click.option(
            "--min-delta", type=FiniteFloat(0, 1e9), default=default.min_delta, show_default=True,
            help="What the validation metric must improve by to count for --patience.",
        ),
        click.option(
            "--average-best", type=IntAtLeast(1, 100), default=default.average_best,
            show_default=True, help="Average the weights of so many best epochs, if that is better "
            "than the best one.",
        ),
        click.option(
            "--moving-average", type=FiniteFloat(0, 0.999999), default=default.moving_average,
            show_default=True, help="Keep an exponential moving average of the weights with this "
            "share staying at each update; 0 keeps none.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def _run_options(command: Function) -> Function:
    """Add the options of threads, seed, checkpoints and log."""
    default = TrainingSettings()
    options = [
        click.option(
            "--shards", type=IntAtLeast(1, 256), default=default.shards, show_default=True,
            help="Parts of a batch that threads can work on; the result depends on it.",
        ),
        threads_option("work on the shards; the result does not depend on them"),
        seed_option(default.seed),
        click.option(
            "--checkpoint-every", "checkpoint_seconds", type=FiniteFloat(0, above=True),
            default=_CHECKPOINT_SECONDS, show_default=True,
            help="Save a checkpoint every so many seconds; a signal always saves one.",
        ),
        click.option(
            "--resume", "is_resumed", is_flag=True,
            help="Go on from the checkpoint in the model's directory, if there is a model.",
        ),
        click.option(
            "--overwrite", "may_overwrite", is_flag=True,
            help="Replace the model that lies in the directory.",
        ),
        click.option(
            "--log-every", type=IntAtLeast(1, 1_000_000_000), default=default.log_every,
            show_default=True, help="Updates between lines of train.jsonl.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def _apply(options: list[Callable[[Any], Any]], command: Function) -> Function:
    """Add options to a command in the order of the list."""
    for option in reversed(options):
        command = option(command)
    return command


def _count_cores() -> int:
    """Return the number of cores that this process may use."""
    from seqtools.embeddings.settings import count_cores

    return count_cores()

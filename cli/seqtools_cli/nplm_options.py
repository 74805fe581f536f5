"""The options of `seqtools embed train --model nplm` alone."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqtools.embeddings.nplm_settings import NPLMSettings
from seqtools.training.settings import OPTIMIZERS
from seqtools_cli.options import FiniteFloat, IntAtLeast

Function = TypeVar("Function", bound=Callable[..., Any])

NPLM_OPTIONS = (
    "hidden_size", "has_direct", "batch_size", "shards", "optimizer", "weight_decay", "clip_norm",
    "patience", "valid", "valid_share",
)  # fmt: skip


def nplm_options(command: Function) -> Function:
    """Add the options of the neural probabilistic language model."""
    default = NPLMSettings()
    options = (
        click.option(
            "--hidden-size", type=IntAtLeast(1, 65_536), default=default.hidden_size,
            show_default=True, help="Units of nplm's tanh layer.",
        ),
        click.option(
            "--direct", "has_direct", is_flag=True,
            help="Connect nplm's context vectors also directly to the output.",
        ),
        click.option(
            "--valid", multiple=True, metavar="FILE",
            help="Text to choose nplm's best epoch by, whose perplexity is reported.",
        ),
        click.option(
            "--valid-share", type=FiniteFloat(0, 0.9), default=default.valid_share,
            show_default=True,
            help="Without --valid, nplm sets apart this share of the text's end; 0 sets nothing "
            "apart.",
        ),
        click.option(
            "--patience", type=IntAtLeast(0, 1_000_000), default=default.patience,
            show_default=True,
            help="nplm ends after so many epochs without improvement; 0 never does.",
        ),
        click.option(
            "--optimizer", type=click.Choice(OPTIMIZERS), default=default.optimizer,
            show_default=True, help="How nplm's gradient becomes a step; each has its own --lr.",
        ),
        click.option(
            "--weight-decay", type=FiniteFloat(0, 10), default=default.weight_decay,
            show_default=True, help="Decay of nplm's vectors and weights, not of its biases.",
        ),
        click.option(
            "--clip-norm", type=FiniteFloat(0, 1e9), default=default.clip_norm, show_default=True,
            help="Scale nplm's gradient down to this norm; 0 does not.",
        ),
        click.option(
            "--batch-size", type=IntAtLeast(1, 1 << 20), default=default.batch_size,
            show_default=True, help="Words that nplm predicts at a time.",
        ),
        click.option(
            "--shards", type=IntAtLeast(1, 256), default=default.shards, show_default=True,
            help="Parts of nplm's batch that threads can work on; the result depends on it.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command

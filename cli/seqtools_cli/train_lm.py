"""`seqtools train-lm`."""

import time
from typing import Any

import click

from seqtools.models.settings import LanguageModelSettings
from seqtools.text.stream_settings import StreamSettings
from seqtools_cli.console import Console
from seqtools_cli.option_rules import check_rules
from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options
from seqtools_cli.sequence_options import (
    gradient_option,
    network_options,
    training_options,
    training_settings,
)
from seqtools_cli.training_rules import LANGUAGE_MODEL_RULES

_DEFAULT = LanguageModelSettings()


@click.command("train-lm")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option("-o", "--output", required=True, metavar="DIR", help="Directory of the model.")
@click.option("--valid", multiple=True, metavar="FILE", help="Text to choose the best epoch by.")
@click.option("--test", multiple=True, metavar="FILE", help="Text to report perplexity on.")
@click.option(
    "--valid-share",
    type=FiniteFloat(0, 0.9),
    default=0.05,
    show_default=True,
    help="Without --valid, set apart this share of TEXT's end; 0 sets nothing apart.",
)
@click.option(
    "--level",
    type=click.Choice(["char", "word", "subword"]),
    default="word",
    show_default=True,
    help="Model characters, words between white space, or subwords learnt from TEXT.",
)
@click.option(
    "--vocab-size",
    "vocabulary_size",
    type=IntAtLeast(5, 1 << 24),
    help="The most symbols, 4 special ones included.  [default: all; subword: 8000]",
)
@click.option(
    "--min-count",
    type=IntAtLeast(1),
    default=1,
    show_default=True,
    help="Words or characters that occur less often become <unk>.",
)
@click.option("--lower", is_flag=True, help="Fold upper to lower case.")
@click.option("--nfc", "is_composed", is_flag=True, help="Compose characters by Unicode's NFC.")
@click.option(
    "--encoding-errors",
    type=click.Choice(["strict", "replace"]),
    default="strict",
    show_default=True,
    help="Refuse invalid UTF-8, or replace and count it.",
)
@click.option(
    "--batch-size",
    type=IntAtLeast(1, 1 << 20),
    default=StreamSettings().batch_size,
    show_default=True,
    help="Places of the text that are read side by side.",
)
@click.option(
    "--bptt",
    "num_steps",
    type=IntAtLeast(1, 1 << 20),
    default=StreamSettings().num_steps,
    show_default=True,
    help="Steps through which the gradient flows back; the state flows on.",
)
@network_options(_DEFAULT)
@click.option(
    "--init-range",
    "initial_range",
    type=FiniteFloat(0, 10),
    default=_DEFAULT.initial_range,
    show_default=True,
    help="Draw all weights from [-r, r]; 0 draws each layer's own way.",
)
@training_options
@gradient_option
@common_options
def train_lm(
    texts: tuple[str, ...], output: str, console: Console, **options: Any
) -> None:  # fmt: skip
    """Train a recurrent language model on text, plain or compressed ("-" is stdin).

    The same seed gives the same bytes on any number of threads, also after Ctrl-C and --resume.
    Perplexity is per token: ends of lines and unknown symbols count.
    """
    check_rules(LANGUAGE_MODEL_RULES)
    from seqtools_cli.language_model_output import make_plan, print_training
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.models.language_model_run import train_language_model
    from seqtools.monitor import StopRequest
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.signals import stop_on_signals

    started = time.monotonic()
    settings = training_settings(options)
    plan = make_plan(texts, output, settings, options)
    stop = StopRequest()
    with stop_on_signals(stop):
        training = train_language_model(plan, make_monitor(console.quiet), stop)
    print_training(console, plan, training, time.monotonic() - started)

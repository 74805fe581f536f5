"""`seqtools generate`."""

from typing import Any

import click

from seqtools_cli.console import Console
from seqtools_cli.decoding_rules import GENERATE_RULES
from seqtools_cli.option_rules import check_rules
from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options, seed_option


@click.command("generate")
@click.argument("model", metavar="DIR")
@click.option("--prompt", default="", help="What the text begins with.  [default: a new line]")
@click.option(
    "--max-len",
    "max_length",
    type=IntAtLeast(1, 100_000_000),
    default=500,
    show_default=True,
    help="The most symbols of each text: characters, words or subwords.",
)
@click.option(
    "--num-samples",
    type=IntAtLeast(1, 1_000_000),
    default=1,
    show_default=True,
    help="Number of texts, drawn independently.",
)
@click.option(
    "--temperature",
    type=FiniteFloat(0, 1e6),
    default=1.0,
    show_default=True,
    help="1 draws from the model's own distribution, which is random; lower is bolder in what is "
    "likely, 0 takes the likeliest symbol always.",
)
@click.option("--greedy", is_flag=True, help="Take the likeliest symbol always: --temperature 0.")
@click.option(
    "--top-k",
    type=IntAtLeast(0),
    default=0,
    show_default=True,
    help="Draw from so many likeliest symbols; 0 from all.",
)
@click.option(
    "--top-p",
    type=FiniteFloat(0, 1, above=True),
    default=1.0,
    show_default=True,
    help="Draw from the fewest symbols that together have this share of the probability.",
)
@click.option(
    "--no-repeat-ngram",
    "block_repeats",
    type=IntAtLeast(0, 1_000),
    default=0,
    show_default=True,
    help="Write no sequence of so many symbols twice; 0 allows it.",
)
@click.option(
    "--one-line/--many-lines",
    "stops_at_line_end",
    default=None,
    help="End with the first line, or go on to --max-len.  "
    "[default: one line, except for characters]",
)
@click.option(
    "--report",
    multiple=True,
    metavar="TEXT",
    help="Training text: report what was copied from it, and what is repeated.",
)
@seed_option()
@common_options
def generate(model: str, console: Console, **options: Any) -> None:
    """Let the language model in DIR write text.

    Unknown symbols are never written: another symbol is drawn in their place. The same seed gives
    the same text.
    """
    check_rules(GENERATE_RULES)
    from seqtools_cli.language_model_output import print_samples
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.decoding.sampling import SamplingSettings
    from seqtools.models.generation_run import generate_samples
    from seqtools.models.text_generation import GenerationSettings

    temperature = 0.0 if options.pop("greedy") else options["temperature"]
    del options["temperature"]
    sampling = SamplingSettings(temperature, options.pop("top_k"), options.pop("top_p"))
    prompt, texts = options.pop("prompt"), options.pop("report")
    settings = GenerationSettings(sampling=sampling, **options)
    samples = generate_samples(model, prompt, settings, texts)
    print_samples(console, prompt, settings, samples)

"""Options of every command that reads a file of vectors."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

# Spelled out, so that help needs no NumPy; a test compares them with the library's.
WRITABLE = click.Choice(["word2vec", "word2vec-binary", "glove", "safetensors", "gensim"])
READABLE = click.Choice([*WRITABLE.choices, "npy"])

Function = TypeVar("Function", bound=Callable[..., Any])


def loading_options(command: Function) -> Function:
    """Add --allow-pickle, --allow-nonfinite and --encoding-errors; pass them as ``loading``."""

    @wraps(command)
    def wrapper(
        *args: Any, allow_pickle: bool, allow_nonfinite: bool, encoding_errors: str, **values: Any
    ) -> Any:
        loading = {
            "allow_pickle": allow_pickle,
            "allow_nonfinite": allow_nonfinite,
            "encoding_errors": encoding_errors,
        }
        return command(*args, loading=loading, **values)

    options = [
        click.option(
            "--encoding-errors",
            type=click.Choice(["strict", "replace", "skip"]),
            default="strict",
            show_default=True,
            help="Refuse words that are not UTF-8, repair them with U+FFFD, or leave them out.",
        ),
        click.option(
            "--allow-nonfinite", is_flag=True, help="Accept vectors with NaN or infinity."
        ),
        click.option(
            "--allow-pickle",
            is_flag=True,
            help="Open gensim's .kv files, which can run code hidden in them.",
        ),
    ]
    decorated: Any = wrapper
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]

"""From the options of `seqtools embed train` to the plan of a run."""

from dataclasses import fields
from typing import Any

import click

_DEFAULT_CHECKPOINT_SECONDS = 600.0


def make_plan(output: str, options: dict[str, Any]) -> Any:
    """Turn options into a plan; options that are None take the default of the model's settings."""
    from pathlib import Path

    from seqtools.embeddings.plans import GloVePlan, NPLMPlan, TrainingPlan
    from seqtools.embeddings.settings import GloVeSettings, Word2VecSettings
    from seqtools.text.id_cache import TextSettings

    options = {name: value for name, value in options.items() if value is not None}
    options["threads"] = _threads(options)
    every, directory = options.get("checkpoint_every"), options.get("checkpoint_dir")
    is_resumed = options["is_resumed"]
    keeps_checkpoints = is_resumed or every is not None or directory is not None
    common = {
        "text": TextSettings(
            min_count=options["min_count"],
            max_vocabulary=options.get("max_vocab"),
            lower=options["lower"],
            encoding_errors=options["encoding_errors"],
        ),
        "vocabulary": options.get("vocabulary"),
        "initial_vectors": options.get("initial_vectors"),
        "work_directory": Path(output).resolve().parent if output != "-" else Path.cwd(),
        "checkpoint_directory": (directory or f"{output}.checkpoint")
        if keeps_checkpoints
        else None,
        "checkpoint_every": every or _DEFAULT_CHECKPOINT_SECONDS,
        "is_resumed": is_resumed,
    }
    if options["model"] == "nplm":
        nplm = _nplm_settings(options)
        return NPLMPlan(
            nplm=nplm, threads=options["threads"], valid=options.get("valid", ()), **common
        )
    if options["model"] != "glove":
        return TrainingPlan(word2vec=_settings(Word2VecSettings, options), **common)
    if "cooccurrences" in options:
        options.setdefault("window", _window_of(options["cooccurrences"]))
    return GloVePlan(
        glove=_settings(GloVeSettings, options),
        memory_bytes=options["memory_bytes"],
        is_counted="cooccurrences" in options,
        **common,
    )


def _threads(options: dict[str, Any]) -> int:
    """Return the number of threads."""
    from seqtools.embeddings.settings import count_cores

    threads: int | None = options.get("threads")
    if options["deterministic"]:
        if threads not in (None, 1):
            raise click.UsageError(
                f"--deterministic trains on one thread, but --threads is {threads}."
            )
        return 1
    return threads or count_cores()


def _nplm_settings(options: dict[str, Any]) -> Any:
    """Make the settings of the neural model; the learning rate is the optimiser's unless given."""
    from seqtools.embeddings.nplm_settings import NPLMSettings
    from seqtools.training.settings import LEARNING_RATES

    options.setdefault("learning_rate", LEARNING_RATES[options["optimizer"]])
    return _settings(NPLMSettings, options)


def _settings(kind: Any, options: dict[str, Any]) -> Any:
    """Make settings from the options that they have."""
    names = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in options.items() if name in names})


def _window_of(path: str) -> int:
    """Return the window with which co-occurrences were counted."""
    from seqtools.io.cooccurrence_file import CooccurrenceFile

    return CooccurrenceFile.open(path).header.window

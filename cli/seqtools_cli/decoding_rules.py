"""Which options of the commands that write text go together."""

from seqtools_cli.option_rules import Contradiction, OneStdin, Rule, Unheeded

TRANSLATE_RULES: tuple[Rule, ...] = (
    Contradiction(
        lambda values: values["n_best"] > values["beam_size"] and not values["is_sampled"],
        "--n-best {n_best} is above --beam-size {beam_size}; raise --beam-size or lower --n-best.",
    ),
    Contradiction(
        lambda values: values["replaces_unknown"] and values["forbid_unk"],
        "--replace-unk has nothing to replace without --allow-unk.",
    ),
    Unheeded(
        ("--temperature", "--top-k", "--top-p"),
        lambda values: not values["is_sampled"],
        "needs --sample",
        counts_zero=True,
    ),
    Unheeded(
        ("--beam-size",),
        lambda values: values["is_sampled"],
        "has no effect with --sample, which does not search; leave one out",
    ),
    Unheeded(("--n-best-format",), lambda values: values["n_best"] < 2, "needs --n-best above 1"),
    Unheeded(
        ("--n-best-format",),
        lambda values: values["as_json"],
        "has no effect with --json; leave one out",
    ),
    Unheeded(
        ("--by-words",), lambda values: values["attention_plot"] is None, "needs --attention-plot"
    ),
)
GENERATE_RULES: tuple[Rule, ...] = (
    Unheeded(
        ("--temperature", "--top-k", "--top-p"),
        lambda values: values["greedy"],
        "has no effect with --greedy, which draws nothing; leave one out",
    ),
    OneStdin({"report": "--report"}),
)


def _needs_model(name: str, option: str) -> Contradiction:
    """Return the rule that an option needs a language model."""
    return Contradiction(
        lambda values: values[name] is not None and not values["language_model"],
        f"{option} needs --lm.",
    )


TRANSCRIBE_RULES: tuple[Rule, ...] = (
    Contradiction(
        lambda values: bool(values["files"]) == (values["manifest"] is not None),
        "Name recordings, or give --manifest.",
    ),
    Contradiction(
        lambda values: values["n_best"] > (values["beam_size"] or values["n_best"]),
        "--n-best {n_best} is above --beam-size {beam_size}; raise --beam-size or lower --n-best.",
    ),
    Contradiction(
        lambda values: values["n_best"] > 1 and not values["beam_size"],
        "--n-best needs --beam-size.",
    ),
    Contradiction(
        lambda values: values["language_model"] and not values["beam_size"],
        "--lm needs --beam-size.",
    ),
    _needs_model("alpha", "--lm-weight"),
    _needs_model("beta", "--word-bonus"),
    _needs_model("tuning", "--tune"),
    Unheeded(
        ("--lm-weight", "--word-bonus"),
        lambda values: values["tuning"] is not None,
        "has no effect with --tune, which chooses it; leave one out",
        counts_zero=True,
    ),
    Unheeded(
        ("--n-best",),
        lambda values: not values["as_json"] and values["n_best"] > 1,
        "needs --json; a line holds one text",
    ),
    OneStdin({"manifest": "--manifest", "tuning": "--tune"}),
)

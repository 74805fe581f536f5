"""From the options of `seqtools beam-errors MODEL SRC REF` to settings."""

from typing import Any

from seqtools.decoding.beam import BeamSettings
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.objective import SearchObjective
from seqtools.evaluation.beam_errors import VerdictSettings
from seqtools.evaluation.beam_errors_model import SWEEP_BEAM_SIZES, ModelErrorSettings
from seqtools.evaluation.beam_errors_summary import SummarySettings


def model_settings(options: dict[str, Any], has_page: bool) -> ModelErrorSettings:
    """Return the settings that options ask for; stories are told for a page alone."""
    given = {name: options[name] for name in ("alpha", "max_length") if options[name] is not None}
    limits = OutputLimits(
        max_length=given.get("max_length", OutputLimits.max_length),
        max_length_ratio=options["max_length_ratio"],
        forbid_unk=not options["allow_unk"],
    )
    objective = SearchObjective(
        given.get("alpha", SearchObjective.alpha), options["beta"], options["coverage"]
    )
    sizes = options["sweep_beam_sizes"] or (SWEEP_BEAM_SIZES if options["use_sweep"] else ())
    return ModelErrorSettings(
        beam=BeamSettings(options["beam_size"], objective=objective, limits=limits),
        wider_beam_size=options["wider_beam_size"],
        sweep_beam_sizes=sizes,
        use_exact=options["use_exact"],
        node_budget=options["node_budget"],
        summary=SummarySettings(
            verdict=VerdictSettings(
                tie_margin=options["tie_margin"], not_worse_at=options["not_worse_at"]
            ),
            metric=options["metric"],
            resamples=options["resamples"],
            seed=options["seed"],
        ),
        num_stories=options["num_stories"] if has_page else 0,
        batch_size=options["batch_size"],
    )

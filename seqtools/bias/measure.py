"""A measure of bias: one number, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seqtools.evaluation.bootstrap import Interval

# What each measure is called in tables, and the value that means no bias.
TITLES: dict[str, tuple[str, str]] = {
    "direct_bias": ("direct bias", "0"),
    "direct_bias_own": ("direct bias, direction found anew", "0"),
    "ripa": ("RIPA, mean size, as stored", "0"),
    "ripa_unit": ("RIPA, mean size, unit vectors", "0"),
    "ripa_signed": ("RIPA, mean, as stored", "0"),
    "rnd": ("RND, mean", "0"),
    "ect": ("ECT", "1"),
    "mac": ("MAC", "1"),
    "cluster_accuracy": ("cluster accuracy", "1 / groups"),
    "neighborhood": ("bias told by neighbours", "0"),
    "probe": ("probe accuracy", "1 / groups"),
}


@dataclass(frozen=True)
class Measure:
    """A measure of bias.

    Attributes
    ----------
    value : float or None
        None if it is not defined, as over too few words.
    interval : (float, float) or None
        Bootstrap interval over words, where that makes sense.
    details : mapping of str to object
        What else there is to say.
    """

    value: float | None
    interval: Interval | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

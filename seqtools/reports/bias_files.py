"""Where the pictures and the page of a bias report go."""

from seqtools.bias.comparison import Audited, Comparison


def check_pictures(report: str | None, plot: str | None) -> None:
    """Refuse now what could not be written after the work."""


def write_pictures(
    result: Audited | Comparison, source: str, report: str | None, plot: str | None
) -> None:
    """Write what was asked for."""

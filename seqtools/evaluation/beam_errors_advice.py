"""One line of advice from the counts, no surer than they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqtools.evaluation.beam_errors import ErrorClass

if TYPE_CHECKING:
    from seqtools.evaluation.beam_errors_summary import BeamErrorSummary

_MANY = 0.05
_HALF = 0.5
_SHORT_RATIO = 0.9
_LONG_RATIO = 1.1
_NOTABLE_BLEU = 1.0


def advise(summary: BeamErrorSummary) -> str:
    """Say what to improve first, or why the scores do not tell."""
    for advice in (_doubts(summary), _too_few(summary)):
        if advice:
            return advice
    parts = [_verdict(summary), _lengths(summary), _ranking(summary), _curse(summary)]
    return "; ".join(part for part in parts if part)


def _doubts(summary: BeamErrorSummary) -> str:
    """Say what makes the comparison itself doubtful."""
    num_sentences = len(summary.sentences)
    if len(summary.mismatches) > _MANY * num_sentences:
        return (
            f"the same words are scored differently in {len(summary.mismatches)} of "
            f"{num_sentences} sentences (first: {summary.mismatches[0]}): make search and scorer "
            "agree (end symbol, unknown words, normalisation) before reading on"
        )
    if summary.exact_below:
        return (
            f"exact search scores below the output in {summary.exact_below} sentences, which it "
            "cannot under one objective: check that both use the one stated"
        )
    return ""


def _too_few(summary: BeamErrorSummary) -> str:
    """Say that there is nothing, or nothing sure, to tell."""
    if summary.num_errors == 0:
        return "no errors: every output is its reference or not worse"
    undecided = (summary.fractions["unreachable"] or 0) + (summary.fractions["inconclusive"] or 0)
    if undecided > _HALF:
        return (
            f"{100 * undecided:.0f}% of the errors have no reference to compare with: score the "
            "references, and allow the model their words and length"
        )
    return ""


def _verdict(summary: BeamErrorSummary) -> str:
    """Say which of search and model is at fault more often."""
    search, model = summary.ci95["search"], summary.ci95["model"]
    shares = (
        f"search {100 * (summary.fractions['search'] or 0):.0f}%, "
        f"model {100 * (summary.fractions['model'] or 0):.0f}% of {summary.num_errors} errors"
    )
    if search is not None and search[0] > _HALF and _curse(summary):
        return f"improve the model ({shares}): a beam that finds more does not translate better"
    if search is not None and search[0] > _HALF:
        return f"improve the search ({shares}): raise the beam size, prune less"
    if model is not None and model[0] > _HALF:
        advice = f"improve the model ({shares}): train longer, on more data, or a larger one"
        return "; ".join([advice, *_hidden(summary)])
    return f"too close to call ({shares}): score more sentences"


def _hidden(summary: BeamErrorSummary) -> list[str]:
    """Say how many model errors may hide a search error."""
    unchecked = summary.model_errors_checked["unchecked"]
    if not unchecked:
        return []
    num_model_errors = summary.counts[ErrorClass.MODEL_ERROR]
    how = "compared with the reference alone and may hide search errors: score a wider beam"
    return [f"{unchecked} of {num_model_errors} model errors were {how}"]


def _lengths(summary: BeamErrorSummary) -> str:
    """Say what the lengths suggest."""
    ratio, alpha = summary.lengths.ratio, summary.objective.alpha
    if ratio is None:
        return ""
    if ratio < _SHORT_RATIO:
        return f"outputs are short ({ratio:.2f} of the references): raise alpha above {alpha:g}"
    if ratio > _LONG_RATIO and alpha > 0:
        return f"outputs are long ({ratio:.2f} of the references): lower alpha below {alpha:g}"
    return ""


def _ranking(summary: BeamErrorSummary) -> str:
    """Say whether another penalty, or another beam, would give better outputs."""
    current = next(
        (
            point
            for point in summary.sweep
            if point.alpha == summary.objective.alpha and point.beam_size == summary.beam_size
        ),
        None,
    )
    if current is None:
        return ""
    best = max(summary.sweep, key=lambda point: point.bleu)
    if best.bleu < current.bleu + _NOTABLE_BLEU:
        return ""
    if best.beam_size is None:
        return (
            f"alpha {best.alpha:g} would choose outputs of BLEU {best.bleu:.1f} rather than "
            f"{current.bleu:.1f} from the lists"
        )
    return (
        f"beam {best.beam_size} with alpha {best.alpha:g} gives BLEU {best.bleu:.1f} rather than "
        f"{current.bleu:.1f}"
    )


def _curse(summary: BeamErrorSummary) -> str:
    """Say that wider beams find higher scores and no better outputs."""
    points = [point for point in summary.sweep if point.alpha == summary.objective.alpha]
    current = next((point for point in points if point.beam_size == summary.beam_size), None)
    if current is None or len(points) < 2:
        return ""
    best, widest = max(points, key=lambda point: point.bleu), points[-1]
    if widest.bleu <= best.bleu - _NOTABLE_BLEU and widest.mean_score >= best.mean_score:
        return (
            f"wider is not better: beam {widest.beam_size} scores higher than beam "
            f"{best.beam_size} and loses {best.bleu - widest.bleu:.1f} BLEU, so the model prefers "
            "what it should not"
        )
    if widest.bleu <= current.bleu and widest.mean_score > current.mean_score:
        return (
            f"search errors do little harm: beam {widest.beam_size} finds higher scores, but "
            f"BLEU {widest.bleu:.1f} rather than {current.bleu:.1f}"
        )
    return ""

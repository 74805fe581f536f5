"""One sentence's search told step by step: its beam, the reference's place in it, its attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from seqtools.decoding.batches import run_in_batches
from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.beam_trace import BeamTrace, BeamTracer
from seqtools.decoding.forced import score_targets
from seqtools.decoding.hypothesis import Hypothesis
from seqtools.decoding.step_scorer import StepScorer
from seqtools.evaluation.beam_errors import GOOD_CLASSES, ErrorClass, Verdict
from seqtools.evaluation.beam_errors_codec import TranslationCodec
from seqtools.evaluation.beam_errors_pools import Encoded
from seqtools.monitor import Monitor

SourceT = TypeVar("SourceT")
_DIGITS = 4
_LONGEST = 250


@dataclass(frozen=True)
class ToldOutput:
    """A hypothesis or reference, symbol by symbol.

    Attributes
    ----------
    labels : tuple of str
        How each symbol is written, the end symbol last.
    hypothesis : Hypothesis
        Its scores and attention.
    """

    labels: tuple[str, ...]
    hypothesis: Hypothesis


@dataclass(frozen=True)
class SentenceStory:
    """What happened to one sentence.

    Attributes
    ----------
    number : int
        Where the sentence stands, counted from 1.
    source_labels : tuple of str
        What each position of attention is called.
    output, reference : ToldOutput
        What the beam returned, and what was wanted.
    trace : BeamTrace
        What each step kept and pruned, and where the reference stood.
    token_labels : dict of int to str
        How the symbols of the trace are written.
    """

    number: int
    source_labels: tuple[str, ...]
    output: ToldOutput
    reference: ToldOutput
    trace: BeamTrace
    token_labels: dict[int, str]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, numbers rounded to what a picture shows."""
        return {
            "source": list(self.source_labels),
            "output": _output_dict(self.output),
            "reference": _output_dict(self.reference),
            "steps": [
                [
                    [
                        c.parent,
                        self.token_labels[c.token],
                        _short(c.total),
                        _short(c.log_prob),
                        c.fate,
                    ]
                    for c in step
                ]
                for step in self.trace.steps
            ],
            "places": [
                {
                    "rank": place.rank,
                    "margin": _short(place.margin),
                    "total": _short(place.total),
                    "parent": place.parent,
                    "fate": place.fate,
                }
                for place in self.trace.places
            ],
        }


def choose_stories(verdicts: Sequence[Verdict], lengths: Sequence[int], number: int) -> list[int]:
    """Return places of sentences worth telling: of every class in turn, errors first, widest gaps.

    Parameters
    ----------
    verdicts : sequence of Verdict
        Of all sentences.
    lengths : sequence of int
        Of sources or references, the longer of the two. Sentences that no screen could show are
        left out.
    number : int
        Sentences wanted.
    """
    by_class: dict[ErrorClass, list[int]] = {name: [] for name in ErrorClass}
    order = sorted(range(len(verdicts)), key=lambda place: -abs(verdicts[place].gap or 0.0))
    for place in filter(lambda place: lengths[place] <= _LONGEST, order):
        by_class[verdicts[place].error_class].append(place)
    chosen: list[int] = []
    errors = [places for name, places in by_class.items() if name not in GOOD_CLASSES]
    good = [places for name, places in by_class.items() if name in GOOD_CLASSES]
    for group in (errors, good):
        for rank in range(max(map(len, group), default=0)):
            chosen += [places[rank] for places in group if rank < len(places)]
    return sorted(chosen[:number])


def tell_stories(
    scorers: Sequence[StepScorer[SourceT, Any]],
    codec: TranslationCodec[SourceT],
    text: Encoded[SourceT],
    settings: BeamSettings,
    chosen: Sequence[int],
    batch_size: int,
    monitor: Monitor | None = None,
) -> dict[int, SentenceStory]:
    """Search chosen sentences again, writing everything down.

    Returns
    -------
    dict of int to SentenceStory
        By the sentence's number, counted from 1.
    """

    def work(worker: int, indices: list[int]) -> list[SentenceStory]:
        places = [chosen[index] for index in indices]
        sources = [text.sources[place] for place in places]
        references = [text.references[place] for place in places]
        tracer = BeamTracer(references)
        lists = beam_search(scorers[worker], sources, settings, tracer)
        scored = score_targets(scorers[worker], sources, references, settings.objective)
        return [
            _tell(codec, place + 1, text.sources[place], list_[0], reference, trace)
            for place, list_, reference, trace in zip(
                places, lists, scored, tracer.traces, strict=True
            )
        ]

    lengths = [text.lengths[place] for place in chosen]
    stories = run_in_batches(work, lengths, batch_size, "telling beams", monitor, len(scorers))
    return {story.number: story for story in stories}


def _tell(
    codec: TranslationCodec[SourceT],
    number: int,
    source: SourceT,
    output: Hypothesis,
    reference: Hypothesis,
    trace: BeamTrace,
) -> SentenceStory:
    """Put a sentence's story together."""
    tokens = sorted({candidate.token for step in trace.steps for candidate in step})
    labels = codec.target_labels(np.array(tokens, dtype=np.int32))
    return SentenceStory(
        number=number,
        source_labels=tuple(codec.source_labels(source)),
        output=ToldOutput(tuple(codec.target_labels(output.tokens)), output),
        reference=ToldOutput(tuple(codec.target_labels(reference.tokens)), reference),
        trace=trace,
        token_labels=dict(zip(tokens, labels, strict=True)),
    )


def _output_dict(output: ToldOutput) -> dict[str, Any]:
    """Return plain values; attention in hundredths."""
    found = output.hypothesis
    attention = None
    if found.attention is not None:
        attention = (found.attention * 100).round().astype(int).tolist()
    return {
        "labels": list(output.labels),
        "log_probs": [_short(value) for value in found.token_log_probs.tolist()],
        "attention": attention,
    }


def _short(value: float) -> float | None:
    """Round a number; None where it is infinite."""
    return round(value, _DIGITS) if abs(value) != float("inf") else None

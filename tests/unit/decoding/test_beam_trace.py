"""The trace of a beam, and where it loses a reference."""

import numpy as np
import pytest

from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.beam_trace import BeamTracer
from seqtools.decoding.forced import score_targets
from seqtools.decoding.objective import SearchObjective
from tests.reference.toy_scorers import EOS, UNK, TableScorer, ToyScorer

SOURCES = [[4, 5, 6], [5], [6, 4, 4, 5, 6]]


def reference(*symbols):
    return np.array([*symbols, EOS], dtype=np.int32)


def traced(scorer, sources, references, settings, **options):
    tracer = BeamTracer(references, **options)
    found = beam_search(scorer, sources, settings, tracer)
    return found, tracer.traces


@pytest.mark.parametrize("beam_size", [1, 3, 5])
def test_watching_changes_nothing(beam_size):
    scorer, settings = ToyScorer(2), BeamSettings(beam_size, beam_size)
    plain = beam_search(scorer, SOURCES, settings)
    found, _ = traced(scorer, SOURCES, [None] * 3, settings)
    assert [[h.tokens.tolist() for h in list_] for list_ in plain] == [
        [h.tokens.tolist() for h in list_] for list_ in found
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_hypothesis_of_the_beam_is_followed_to_its_end(seed):
    scorer, settings = ToyScorer(seed), BeamSettings(4, 4, stop_early=False)
    lists = beam_search(scorer, SOURCES, settings)
    for rank in range(4):
        references = [list_[min(rank, len(list_) - 1)].tokens for list_ in lists]
        _, traces = traced(scorer, SOURCES, references, settings)
        for trace, wanted in zip(traces, references, strict=True):
            assert trace.fell_off is None
            assert [place.fate for place in trace.places] == ["kept"] * (len(wanted) - 1) + [
                "ended"
            ]
            assert all(place.margin >= 0 and place.rank <= 4 for place in trace.places)


@pytest.mark.parametrize("seed", range(8))
def test_a_reference_outside_the_beam_fell_off_where_its_prefix_is_no_longer_kept(seed):
    scorer, settings = ToyScorer(seed), BeamSettings(2, 2, stop_early=False)
    wanted = reference(6, 5, 4, 4)
    _, [trace] = traced(scorer, [[4, 5]], [wanted], settings)
    [scored] = score_targets(scorer, [[4, 5]], [wanted])
    place = trace.places[-1]
    assert place.total == np.cumsum(scored.token_log_probs)[place.step - 1]
    if place.fate == "pruned":
        assert place.margin < 0
        assert place.rank > 1
        kept = [c for c in trace.steps[place.step - 1] if c.fate in ("kept", "ended")]
        assert place.rank > len(kept)
        assert place.margin == pytest.approx(place.total - kept[-1].total)
    else:
        assert place.fate == "ended"


def test_a_garden_path_is_traced():
    table = {(): {4: 0.6, 5: 0.4}, (4,): {6: 0.5, 7: 0.5}, (5,): {6: 0.9, 7: 0.1}}
    _, [trace] = traced(
        TableScorer(table), [[4]], [reference(5, 6)], BeamSettings(1, 1, SearchObjective(0.0))
    )
    assert trace.fell_off.step == 1
    assert trace.fell_off.rank == 2
    assert trace.fell_off.margin == pytest.approx(np.log(0.4 / 0.6))
    assert [(c.token, c.fate) for c in trace.steps[0]] == [(4, "kept"), (5, "pruned")]


def test_a_forbidden_reference_falls_off_with_an_infinite_margin():
    _, [trace] = traced(ToyScorer(0), [[4]], [reference(UNK)], BeamSettings(3))
    assert trace.fell_off.step == 1
    assert trace.fell_off.margin == -np.inf


def test_a_reference_still_alive_when_search_stops_did_not_fall_off():
    table = {(): {EOS: 0.6, 4: 0.4}}
    _, [trace] = traced(
        TableScorer(table), [[4]], [reference(4)], BeamSettings(2, 1, SearchObjective(0.0))
    )
    assert trace.fell_off is None
    assert [place.fate for place in trace.places] == ["stopped"]


def test_steps_are_written_down_where_asked():
    settings = BeamSettings(3)
    references = [reference(4)] * 3
    _, traces = traced(ToyScorer(1), SOURCES, references, settings, detailed=[1], num_pruned=2)
    assert [bool(trace.steps) for trace in traces] == [False, True, False]
    assert all(trace.places for trace in traces)
    for before, after in zip(traces[1].steps, traces[1].steps[1:], strict=False):
        kept = [c for c in before if c.fate == "kept"]
        assert all(c.parent < len(kept) for c in after)
        for candidate in after:
            total = kept[candidate.parent].total + candidate.log_prob
            assert candidate.total == pytest.approx(total)

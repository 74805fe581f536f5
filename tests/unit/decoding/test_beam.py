"""Beam search: the laws it keeps, on decoders small enough to list all outputs."""

import numpy as np
import pytest

from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.forced import score_targets
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.stepwise import greedy_search
from seqtools.errors import DecodingError, SettingsError
from tests.reference.toy_scorers import BOS, EOS, PAD, UNK, TableScorer, ToyScorer, ranked_outputs

SOURCES = [[4, 5, 6], [5], [6, 4, 4, 5, 6], [4, 4], [5, 6]]
OBJECTIVES = [
    SearchObjective(alpha=0.0),
    SearchObjective(alpha=0.7),
    SearchObjective(alpha=1.0, beta=5.0),
    SearchObjective(alpha=1.0, coverage=0.2),
]
SHORT = OutputLimits(max_length=4, max_length_ratio=None)


def same(first, second):
    """Say whether two hypotheses are equal, bit by bit."""
    return (
        first.tokens.tolist() == second.tokens.tolist()
        and first.log_prob == second.log_prob
        and first.score == second.score
        and first.token_log_probs.tolist() == second.token_log_probs.tolist()
        and np.array_equal(first.attention, second.attention)
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(5))
def test_beam_of_one_is_greedy(seed, objective):
    scorer, limits = ToyScorer(seed), OutputLimits(max_length=9)
    settings = BeamSettings(1, 1, objective, limits)
    found = beam_search(scorer, SOURCES, settings)
    wanted = greedy_search(scorer, SOURCES, limits, objective)
    assert all(same(beam, greedy) for [beam], greedy in zip(found, wanted, strict=True))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("beam_size", [1, 3, 8])
def test_forced_decoding_gives_a_hypothesis_its_score_again(beam_size, objective):
    scorer = ToyScorer(beam_size)
    settings = BeamSettings(beam_size, beam_size, objective, OutputLimits(max_length=12))
    lists = beam_search(scorer, SOURCES, settings)
    pairs = [
        (source, found) for source, list_ in zip(SOURCES, lists, strict=True) for found in list_
    ]
    again = score_targets(
        scorer, [source for source, _ in pairs], [found.tokens for _, found in pairs], objective
    )
    assert all(same(found, scored) for (_, found), scored in zip(pairs, again, strict=True))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_a_beam_as_wide_as_the_space_finds_the_best_outputs_of_all(seed, objective):
    scorer = ToyScorer(seed, vocabulary_size=6)
    settings = BeamSettings(40, 10, objective, SHORT)
    for source, list_ in zip(SOURCES, beam_search(scorer, SOURCES, settings), strict=True):
        wanted = ranked_outputs(
            scorer, source, 4, objective.alpha, objective.beta, objective.coverage
        )
        assert [tuple(found.tokens.tolist()) for found in list_] == [t for _, t in wanted[:10]]
        np.testing.assert_allclose(
            [found.score for found in list_], [score for score, _ in wanted[:10]], atol=1e-9
        )


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("n_best", [1, 2, 4])
@pytest.mark.parametrize("seed", range(4))
def test_stopping_early_changes_no_result(seed, n_best, objective):
    scorer, limits = ToyScorer(seed), OutputLimits(max_length=15)
    early, late = (
        beam_search(scorer, SOURCES, BeamSettings(4, n_best, objective, limits, is_early))
        for is_early in (True, False)
    )
    assert all(
        same(*pair) for a, b in zip(early, late, strict=True) for pair in zip(a, b, strict=True)
    )


def test_stopping_early_saves_steps():
    work = []
    for is_early in (True, False):
        scorer = ToyScorer(1, sharpness=3.0)
        settings = BeamSettings(8, 1, SearchObjective(0.0), stop_early=is_early)
        beam_search(scorer, SOURCES, settings)
        work.append(scorer.num_rows)
    assert work[0] < work[1]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_batch_composition_and_order_change_nothing(objective):
    scorer = ToyScorer(3)
    settings = BeamSettings(3, 3, objective)
    together = beam_search(scorer, SOURCES, settings)
    alone = [beam_search(scorer, [source], settings)[0] for source in SOURCES]
    backwards = beam_search(scorer, SOURCES[::-1], settings)[::-1]
    for one, two, three in zip(together, alone, backwards, strict=True):
        assert len(one) == len(two) == len(three)
        assert all(same(a, b) and same(a, c) for a, b, c in zip(one, two, three, strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_outputs_of_a_list_differ_and_are_ranked(seed):
    for list_ in beam_search(ToyScorer(seed), SOURCES, BeamSettings(6, 6)):
        assert len({tuple(found.tokens.tolist()) for found in list_}) == len(list_)
        scores = [found.score for found in list_]
        assert scores == sorted(scores, reverse=True)


def test_a_longer_hypothesis_wins_though_a_shorter_one_ended_first():
    table = {
        (): {4: 0.6, 5: 0.4},
        (4,): {EOS: 0.5, 6: 0.5},
        (4, 6): {6: 1.0},
        (4, 6, 6): {6: 1.0},
        (5,): {EOS: 1.0},
    }
    scorer = TableScorer(table)
    tokens = {
        alpha: beam_search(scorer, [[4]], BeamSettings(3, 1, SearchObjective(alpha)))[0][0]
        for alpha in (0.0, 1.0)
    }
    assert tokens[0.0].tokens.tolist() == [5, EOS]
    assert tokens[1.0].tokens.tolist() == [4, 6, 6, 6, EOS]


def test_forbidden_symbols_are_never_written_and_unknown_words_only_if_allowed():
    written = set()
    for seed in range(20):
        for allowed in (False, True):
            limits = OutputLimits(forbid_unk=not allowed, max_length=12)
            lists = beam_search(ToyScorer(seed), SOURCES, BeamSettings(4, 4, limits=limits))
            symbols = {s for list_ in lists for found in list_ for s in found.symbols.tolist()}
            assert not symbols & {BOS, EOS, PAD}
            assert allowed or UNK not in symbols
            written |= symbols
    assert UNK in written


def test_outputs_keep_to_their_lengths():
    limits = OutputLimits(max_length=14, max_length_ratio=0.5, min_length=6)
    for seed in range(5):
        lists = beam_search(ToyScorer(seed), SOURCES, BeamSettings(5, 5, limits=limits))
        for source, list_ in zip(SOURCES, lists, strict=True):
            assert all(6 <= found.length <= limits.longest(len(source)) for found in list_)
            assert all(found.tokens[-1] == EOS for found in list_)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_blocked_repeats_do_not_occur(order):
    limits = OutputLimits(max_length=30, max_length_ratio=None, min_length=4, block_repeats=order)
    for seed in range(5):
        scorer = ToyScorer(seed, vocabulary_size=12)
        for list_ in beam_search(scorer, SOURCES, BeamSettings(4, 4, limits=limits)):
            for found in list_:
                words = found.symbols.tolist()
                grams = [tuple(words[i : i + order]) for i in range(len(words) - order + 1)]
                assert len(set(grams)) == len(grams)
                assert limits.allows(found.tokens, scorer, 3)


def test_limits_allow_exactly_what_a_search_without_end_finds():
    scorer = ToyScorer(2, vocabulary_size=6)
    limits = OutputLimits(max_length=4, max_length_ratio=None, min_length=2, block_repeats=1)
    [found] = beam_search(scorer, [[4, 5]], BeamSettings(64, 64, limits=limits))
    everything = [tokens for _, tokens in ranked_outputs(scorer, [4, 5], 5, allow_unk=True)]
    allowed = {
        tokens for tokens in everything if limits.allows(np.array(tokens, np.int32), scorer, 2)
    }
    assert {tuple(hypothesis.tokens.tolist()) for hypothesis in found} == allowed


def test_attention_has_a_row_a_symbol_and_no_padding():
    [first, second] = beam_search(ToyScorer(4), [[4, 5, 6], [5]], BeamSettings(3))
    for [found], width in ((first, 3), (second, 1)):
        assert found.attention.shape == (found.length, width)
        np.testing.assert_allclose(found.attention.sum(axis=1), 1.0, atol=1e-6)


def test_an_impossible_sentence_has_an_output_of_probability_zero():
    scorer = TableScorer({(): {4: 1.0}, (4,): {4: 1.0}, (4, 4): {4: 1.0}})
    limits = OutputLimits(max_length=3)
    [[found]] = beam_search(scorer, [[4]], BeamSettings(2, 2, limits=limits))
    assert found.score == -np.inf
    assert found.tokens.tolist() == [4, 4, EOS]
    [again] = score_targets(scorer, [[4]], [found.tokens])
    assert again.score == -np.inf


def test_no_sources_have_no_outputs():
    assert beam_search(ToyScorer(), []) == []


def test_nan_is_refused():
    scorer = TableScorer({(): {4: np.nan, EOS: np.nan}})
    with pytest.raises(DecodingError, match="NaN"):
        beam_search(scorer, [[4]])
    with pytest.raises(DecodingError, match="NaN"):
        greedy_search(scorer, [[4]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BeamSettings(beam_size=0), "beam_size must be at least 1, got 0"),
        (lambda: BeamSettings(3, 4), "n_best must be at most beam_size 3, got 4"),
        (lambda: SearchObjective(alpha=-1.0), "alpha must be at least 0 and finite, got -1.0"),
        (lambda: OutputLimits(max_length=0), "max_length must be at least 1, got 0"),
        (lambda: OutputLimits(max_length=3, min_length=4), "min_length must be at most max_length"),
        (lambda: OutputLimits(max_length_ratio=0.0), "max_length_ratio must be above 0"),
    ],
)
def test_settings_name_their_range(make, message):
    with pytest.raises(SettingsError, match=message):
        make()


def test_coverage_needs_attention():
    settings = BeamSettings(objective=SearchObjective(coverage=0.1))
    with pytest.raises(SettingsError, match="without attention"):
        beam_search(ToyScorer(has_attention=False), SOURCES, settings)

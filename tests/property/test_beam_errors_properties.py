"""Laws of error attribution: against brute force on toy models, and under any scores."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.evaluation.beam_errors import (
    GOOD_CLASSES,
    SEARCH_CLASSES,
    ErrorClass,
    ScoredSentence,
    classify,
)
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.evaluation.beam_errors_summary import summarize

NUM_WORDS, LONGEST = 3, 3
END = NUM_WORDS


class ToyModel:
    """A model of sequences over a few words; every prefix has its own distribution."""

    def __init__(self, seed):
        generator = np.random.default_rng(seed)
        self.steps = {}
        for length in range(LONGEST):
            for prefix in itertools.product(range(NUM_WORDS), repeat=length):
                logits = generator.normal(scale=2.0, size=NUM_WORDS + 1)
                self.steps[prefix] = logits - np.log(np.exp(logits).sum())

    def score(self, words):
        """Sum of log-probabilities; the longest sequences end by force."""
        total = sum(self.steps[words[:i]][words[i]] for i in range(len(words)))
        return float(total + (self.steps[words][END] if len(words) < LONGEST else 0.0))

    def sequences(self):
        for length in range(LONGEST + 1):
            yield from itertools.product(range(NUM_WORDS), repeat=length)

    def candidate(self, words):
        return Candidate(self.score(words), len(words) + 1, " ".join(map(str, words)))

    def beam(self, size, objective):
        """Beam search that keeps finished sequences and returns the best by the objective."""
        live, finished = [((), 0.0)], []
        for _ in range(LONGEST):
            grown = [
                (prefix, word, total + self.steps[prefix][word])
                for prefix, total in live
                for word in range(NUM_WORDS + 1)
            ]
            grown = sorted(grown, key=lambda item: -item[2])[:size]
            finished += [prefix for prefix, word, _ in grown if word == END]
            live = [((*prefix, word), total) for prefix, word, total in grown if word != END]
        finished += [prefix for prefix, _ in live]
        return max(finished, key=lambda words: objective.value(self.candidate(words)))

    def exact(self, objective):
        return max(self.sequences(), key=lambda words: objective.value(self.candidate(words)))


OBJECTIVES = [Objective(), Objective(alpha=0.7), Objective(alpha=0.6, beta=5.0)]


def attributed(seed, objective, size):
    """Return a toy model's sentence, its verdict with and without help, and the truth."""
    model = ToyModel(seed)
    generator = np.random.default_rng(seed + 1)
    sequences = list(model.sequences())
    wanted = sequences[generator.integers(len(sequences))]
    found, best = model.beam(size, objective), model.exact(objective)
    wider = model.beam(2 * size, objective)
    plain = ScoredSentence(
        1,
        model.candidate(found),
        model.candidate(wanted),
        reference_text=model.candidate(wanted).text,
    )
    helped = ScoredSentence(
        1,
        plain.hypothesis,
        plain.reference,
        alternatives=(model.candidate(wider),),
        exact=model.candidate(best),
        reference_text=plain.reference_text,
    )
    is_optimal = objective.value(model.candidate(best)) <= objective.value(plain.hypothesis) + 1e-9
    return classify(plain, objective), classify(helped, objective), is_optimal, wanted == found


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.formula)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_verdicts_are_sound_on_toy_models(objective, size):
    hidden = 0
    for seed in range(60):
        plain, helped, is_optimal, is_match = attributed(seed, objective, size)
        # What is called a search error is one.
        if plain.proofs or helped.proofs:
            assert not is_optimal
        # Exact search tells the truth either way.
        assert helped.is_optimal is is_optimal
        assert bool(helped.proofs) is not is_optimal
        # More evidence turns no verdict but those that had found no error of the search.
        if plain.error_class in SEARCH_CLASSES:
            assert helped.error_class is plain.error_class
        assert (plain.error_class is ErrorClass.MATCH) is is_match
        if plain.error_class is ErrorClass.MODEL_ERROR:
            # No search would have returned the reference: something scores higher.
            assert plain.gap < 0
            hidden += not is_optimal
    # The plain rule alone calls some search errors model errors; exact search finds them.
    if size == 1:
        assert hidden > 0


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.formula)
def test_beam_as_wide_as_the_space_errs_never(objective):
    for seed in range(10):
        _, helped, is_optimal, _ = attributed(seed, objective, (NUM_WORDS + 1) ** LONGEST)
        assert is_optimal
        assert helped.error_class not in SEARCH_CLASSES


SCORES = st.floats(-20.0, 0.0, allow_nan=False)
CANDIDATES = st.builds(Candidate, SCORES, st.integers(1, 9))
SENTENCES = st.builds(
    ScoredSentence,
    number=st.just(1),
    hypothesis=CANDIDATES,
    reference=st.none() | CANDIDATES | st.just(Candidate(-math.inf, 3)),
    alternatives=st.lists(CANDIDATES, max_size=3).map(tuple),
    exact=st.none() | CANDIDATES,
    hypothesis_quality=st.none() | st.floats(0.0, 100.0),
    reference_quality=st.none() | st.floats(0.0, 100.0),
)
ANY_OBJECTIVE = st.builds(Objective, st.floats(0.0, 2.0), st.sampled_from([0.0, 5.0]))


def recount(sentence, objective, margin=1e-4):
    """Name a sentence's class from the definitions, one after another."""

    def value(candidate):
        below = ((objective.beta + candidate.length) / (objective.beta + 1)) ** objective.alpha
        return candidate.score / below

    quality, wanted = sentence.hypothesis_quality, sentence.reference_quality
    if quality is not None and quality >= (100.0 if wanted is None else wanted):
        return "not_worse"
    found, reference = value(sentence.hypothesis), sentence.reference
    is_scored = reference is not None and reference.score > -math.inf
    if is_scored and value(reference) - found > margin:
        return "search_error_reference"
    if any(value(other) - found > margin for other in sentence.alternatives):
        return "search_error_beam"
    if sentence.exact is not None and value(sentence.exact) - found > margin:
        return "search_error_exact"
    if reference is None:
        return "inconclusive"
    if not is_scored:
        return "unreachable"
    return "tie" if abs(value(reference) - found) <= margin else "model_error"


@given(sentences=st.lists(SENTENCES, min_size=1, max_size=12), objective=ANY_OBJECTIVE)
def test_counts_equal_a_recount(sentences, objective):
    summary = summarize(sentences, objective)
    expected = Counter(recount(sentence, objective) for sentence in sentences)
    assert {str(name): count for name, count in summary.counts.items() if count} == expected


@given(sentences=st.lists(SENTENCES, min_size=1, max_size=12), objective=ANY_OBJECTIVE)
def test_fractions_sum_to_one_and_lie_in_their_intervals_range(sentences, objective):
    summary = summarize(sentences, objective)
    assert sum(summary.counts.values()) == len(sentences)
    good = sum(summary.counts[name] for name in GOOD_CLASSES)
    assert summary.num_errors == len(sentences) - good
    if not summary.num_errors:
        assert set(summary.fractions.values()) == {None}
        return
    assert sum(summary.fractions.values()) == pytest.approx(1.0)
    for low, high in summary.ci95.values():
        assert 0.0 <= low <= high <= 1.0


@given(
    sentences=st.lists(SENTENCES, min_size=1, max_size=12),
    objective=ANY_OBJECTIVE,
    shuffle=st.randoms(use_true_random=False),
)
def test_order_of_sentences_changes_nothing(sentences, objective, shuffle):
    shuffled = list(sentences)
    shuffle.shuffle(shuffled)
    first, second = (summarize(lines, objective).as_dict() for lines in (sentences, shuffled))
    for key in ("counts", "fractions", "ci95", "search_errors_proved", "advice"):
        assert first[key] == second[key]


@given(sentence=SENTENCES, objective=ANY_OBJECTIVE, scale=st.floats(0.5, 4.0))
def test_scores_in_other_units_give_the_same_class(sentence, objective, scale):
    from dataclasses import replace

    from seqtools.evaluation.beam_errors import VerdictSettings

    def scaled(candidate):
        return candidate and replace(candidate, score=candidate.score * scale)

    other = replace(
        sentence,
        hypothesis=scaled(sentence.hypothesis),
        reference=scaled(sentence.reference),
        alternatives=tuple(map(scaled, sentence.alternatives)),
        exact=scaled(sentence.exact),
    )
    exact = VerdictSettings(tie_margin=0.0)
    before, after = classify(sentence, objective, exact), classify(other, objective, exact)
    gaps = [verdict.gap for verdict in (before, after) if verdict.gap is not None]
    if not any(0 < abs(gap) < 1e-9 for gap in gaps):
        assert before.error_class is after.error_class

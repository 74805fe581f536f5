"""Summaries: oracle, other penalties, lengths, advice."""

import pytest
from sacrebleu.metrics.bleu import BLEU

from seqtools.evaluation.beam_errors import ErrorClass, ScoredSentence, VerdictSettings
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.evaluation.beam_errors_quality import CandidateLists, repetition, with_qualities
from seqtools.evaluation.beam_errors_summary import SummarySettings, summarize

RAW = Objective()


def scored(found, wanted, **fields):
    """Make a sentence of two scores."""
    return ScoredSentence(
        fields.pop("number", 1), Candidate(found, 9), Candidate(wanted, 9), **fields
    )


def listed(output, reference, *others, scores=(-1.0, -5.0)):
    """Make a sentence of texts with a list, in which each scores one less than the last."""

    def candidate(text, score):
        return Candidate(score, len(text.split()) + 1, text)

    return ScoredSentence(
        1,
        candidate(output, scores[0]),
        candidate(reference, scores[1]),
        alternatives=tuple(
            candidate(text, scores[0] - 1.0 - rank) for rank, text in enumerate(others)
        ),
        reference_text=reference,
    )


LISTS = [
    listed("the cat sat", "the cat sat on the mat", "the cat sat on a mat", "a cat"),
    listed("a dog barked loudly today", "the dog barked loudly today", "the dog barked"),
    listed("same words here now", "same words here now", "other words"),
]


def test_oracle_equals_a_search_by_sacrebleu():
    oracle = CandidateLists(LISTS, RAW).oracle()
    sentence_bleu = BLEU(effective_order=True)
    chosen, ranks = [], []
    for sentence in LISTS:
        texts = [sentence.hypothesis.text, *(other.text for other in sentence.alternatives)]
        scores = [
            sentence_bleu.sentence_score(text, [sentence.reference_text]).score for text in texts
        ]
        ranks.append(scores.index(max(scores)) + 1)
        chosen.append(texts[ranks[-1] - 1])
    references = [[sentence.reference_text for sentence in LISTS]]
    outputs = [sentence.hypothesis.text for sentence in LISTS]
    assert oracle.bleu_oracle == pytest.approx(BLEU().corpus_score(chosen, references).score)
    assert oracle.bleu_output == pytest.approx(BLEU().corpus_score(outputs, references).score)
    assert oracle.mean_rank == pytest.approx(sum(ranks) / 3)
    assert oracle.rank_histogram == {1: 2, 2: 1}
    assert (oracle.sentences, oracle.reference_in_list) == (3, 1)
    assert oracle.list_size == pytest.approx(7 / 3)


def test_lists_without_texts_have_no_oracle():
    lists = CandidateLists([scored(-1.0, -2.0, alternatives=(Candidate(-3.0, 4),))], RAW)
    assert len(lists) == 0
    assert lists.oracle() is None
    assert lists.sweep(VerdictSettings()) == []


def test_repeated_and_reordered_texts_count_once():
    sentence = listed("a b c d", "a b c e", "a b c d", "a  b c d", "a b")
    assert CandidateLists([sentence], RAW).oracle().list_size == 2


def test_sweep_takes_the_text_on_top_under_each_exponent():
    # By sum the short text wins, by token the long one, which is the reference.
    sentence = listed("a b", "a b c d e f", "a b c d e f", scores=(-3.0, -4.0))
    points = {
        point.alpha: point for point in CandidateLists([sentence], RAW).sweep(VerdictSettings())
    }
    assert points[0.0].length_ratio == pytest.approx(2 / 6)
    assert points[1.0].bleu == pytest.approx(100.0)
    assert points[1.0].mean_score == pytest.approx(-4.0 / 7)
    assert points[0.0].search_error_fraction == 0.0
    assert 0.0 in points


def test_sweep_has_the_beams_own_exponent():
    objective = Objective(alpha=0.65)
    points = CandidateLists(LISTS, objective).sweep(VerdictSettings())
    assert 0.65 in [point.alpha for point in points]
    given = Objective(alpha=0.65, score_kind="objective")
    assert CandidateLists(LISTS, given).sweep(VerdictSettings()) == []


def test_qualities_are_sentence_scores_of_sacrebleu():
    filled = with_qualities(LISTS, "bleu")
    metric = BLEU(effective_order=True)
    for sentence in filled:
        expected = metric.sentence_score(sentence.hypothesis.text, [sentence.reference_text]).score
        assert sentence.hypothesis_quality == pytest.approx(expected)
    assert with_qualities(LISTS, "none") == LISTS
    assert with_qualities(LISTS, "chrf")[2].hypothesis_quality == pytest.approx(100.0)


def test_outputs_above_the_threshold_are_not_worse():
    sentences = [listed("a black dog barked .", "a black dog barked.")]
    assert summarize(sentences, RAW).counts[ErrorClass.NOT_WORSE] == 1
    sentences = [listed("a b c d e f g h", "a b c d e f g i")]
    assert summarize(sentences, RAW).counts[ErrorClass.NOT_WORSE] == 0
    lenient = SummarySettings(VerdictSettings(not_worse_at=80.0))
    assert summarize(sentences, RAW, lenient).counts[ErrorClass.NOT_WORSE] == 1


def test_lengths_leave_the_end_symbol_out():
    sentences = [
        ScoredSentence(1, Candidate(-1.0, 1), Candidate(-2.0, 5)),
        ScoredSentence(2, Candidate(-1.0, 5), Candidate(-2.0, 5)),
        ScoredSentence(3, Candidate(-1.0, 9), None),
    ]
    lengths = summarize(sentences, Objective(alpha=0.5)).lengths
    assert (lengths.ratio, lengths.empty, lengths.short, lengths.known) == (0.5, 1, 1, 2)
    uncounted = summarize(sentences, Objective(eos_counted=False)).lengths
    assert (uncounted.ratio, uncounted.empty) == (6 / 10, 0)


def test_model_errors_tell_what_their_outputs_were_compared_with():
    others = (Candidate(-5.0, 9),)
    sentences = [
        scored(-1.0, -2.0),
        scored(-1.0, -2.0, alternatives=others),
        scored(-1.0, -2.0, alternatives=others, exact=Candidate(-1.0, 9)),
        scored(-2.0, -1.0),
    ]
    checked = summarize(sentences, RAW).model_errors_checked
    assert checked == {"optimal": 1, "withstood_alternatives": 1, "unchecked": 1}


def test_repetition_is_the_share_of_repeated_four_grams():
    assert repetition(["a b c d a b c d"]) == pytest.approx(1 / 5)
    assert repetition(["a b c", ""]) is None


def many(found, wanted, number, **fields):
    return [scored(found, wanted, number=i + 1, **fields) for i in range(number)]


@pytest.mark.parametrize(
    ("sentences", "objective", "message"),
    [
        (many(-2.0, -1.0, 40) + many(-1.0, -2.0, 5), RAW, "improve the search (search 89%"),
        (many(-1.0, -2.0, 40) + many(-2.0, -1.0, 5), RAW, "improve the model (search 11%"),
        (many(-1.0, -2.0, 40), RAW, "40 of 40 model errors were compared with the reference alone"),
        (many(-1.0, -2.0, 5) + many(-2.0, -1.0, 5), RAW, "too close to call"),
        (many(-1.0, -2.0, 4, hypothesis_quality=100.0), RAW, "no errors"),
        (
            [ScoredSentence(i, Candidate(-1.0, 9), None) for i in range(9)],
            RAW,
            "100% of the errors have no reference to compare with",
        ),
        (
            many(-1.0, -2.0, 9, exact=Candidate(-3.0, 9)),
            RAW,
            "exact search scores below the output in 9 sentences",
        ),
        (
            [ScoredSentence(i, Candidate(-1.0, 5), Candidate(-2.0, 9)) for i in range(9)],
            RAW,
            "outputs are short (0.50 of the references): raise alpha above 0",
        ),
        (
            [ScoredSentence(i, Candidate(-1.0, 13), Candidate(-2.0, 9)) for i in range(9)],
            Objective(1.0),
            "outputs are long (1.50 of the references): lower alpha below 1",
        ),
        (
            [listed("a b c", "a b c", scores=(-1.0, -3.0))] * 3 + many(-1.0, -2.0, 9),
            RAW,
            "the same words are scored differently in 3 of 12 sentences",
        ),
        (
            [listed("a b", "a b c d e f", "a b c d e f", scores=(-3.0, -4.0))] * 9,
            RAW,
            "would choose outputs of BLEU 100.0 rather than",
        ),
    ],
)
def test_advice(sentences, objective, message):
    summary = summarize(sentences, objective)
    assert message in summary.advice
    assert "\n" not in summary.advice


def test_falls_from_the_beam_become_histograms():
    sentences = [
        scored(-1.0, -2.0, fell_off_step=2, fell_off_rank=7),
        scored(-1.0, -2.0, fell_off_step=2),
    ]
    fell_off = summarize(sentences, RAW).fell_off()
    assert fell_off == {"step_histogram": {2: 2}, "rank_histogram": {7: 1}}
    assert summarize(many(-1.0, -2.0, 1), RAW).fell_off() is None

"""Scores of corpora, segments and several systems."""

import math

import numpy as np
import pytest

from seqtools.errors import MissingDependencyError, SettingsError
from seqtools.evaluation.bleu import compare_systems, score_corpus, score_segments
from seqtools.evaluation.bleu_metrics import make_metric
from seqtools.evaluation.bleu_settings import BleuRequest, BleuSettings

HYPOTHESES = ["the cat is on the mat", "there is a dog here today"]
REFERENCES = [["the cat is on a mat", "there is a dog here today"]]


@pytest.mark.parametrize(
    "references",
    [
        [["the cat is on the mat"]],
        [["the cat is on the mat"], ["there is a dog here today"], ["x"]],
        ["the cat is on the mat", "there is a dog here today"],
        [[*HYPOTHESES, "one more"]],
        [],
        [HYPOTHESES, HYPOTHESES[:1]],
    ],
    ids=["one short", "one a segment", "strings", "one long", "none", "second short"],
)
def test_references_of_the_wrong_shape_never_score(references):
    with pytest.raises(SettingsError, match="sequence"):
        score_corpus(HYPOTHESES, references)
    with pytest.raises(SettingsError, match="sequence"):
        score_segments(HYPOTHESES, references)
    with pytest.raises(SettingsError, match="sequence"):
        compare_systems({"a": HYPOTHESES, "b": HYPOTHESES}, references)


def test_segment_without_any_reference_is_refused():
    with pytest.raises(SettingsError, match="segment 2 has no reference"):
        score_corpus(HYPOTHESES, [["a", None], ["b", None]])


def test_no_hypotheses_are_refused():
    with pytest.raises(SettingsError, match="at least one segment"):
        score_corpus([], [[]])


def test_clipping_of_the_papers_example():
    # Papineni et al. 2002, section 2.1: the clipped unigram precision of this line is 2/7.
    [result] = score_corpus(
        ["the the the the the the the"],
        [["the cat is on the mat"], ["there is a cat on the mat"]],
    )
    assert result.statistics[0].tolist() == [7, 7, 2, 0, 0, 0, 7, 6, 5, 4]


def test_brevity_penalty_is_exponential():
    hypothesis, reference = "a b c d e", "a b c d e f g"
    [result] = score_corpus([hypothesis], [[reference]])
    assert result.score.bp == pytest.approx(math.exp(1 - 7 / 5))
    assert result.score.score == pytest.approx(100 * math.exp(1 - 7 / 5))


def test_of_two_reference_lengths_as_near_the_shorter_counts():
    [result] = score_corpus(["a b c d"], [["a b c d e"], ["a b c"]])
    assert result.statistics[0, 1] == 3


def test_empty_hypothesis_lines_cost_brevity_and_count_no_match():
    [result] = score_corpus(["a b c d", ""], [["a b c d", "e f g h"]])
    assert result.score.score == pytest.approx(100 * math.exp(1 - 8 / 4))
    scores, _ = score_segments(["a b c d", ""], [["a b c d", "e f g h"]])
    assert [score.score for score in scores] == [pytest.approx(100.0), 0.0]


def test_identical_systems_differ_by_nothing():
    systems = {"a": HYPOTHESES * 4, "b": HYPOTHESES * 4}
    for test in ("bootstrap", "randomization"):
        [result] = compare_systems(systems, [REFERENCES[0] * 4], test=test, num_samples=50)
        [comparison] = result.comparisons
        assert comparison.difference == 0.0
        assert comparison.p_value == pytest.approx(1 / 51)


def test_comparison_without_a_test_gives_scores_alone():
    [result] = compare_systems({"a": HYPOTHESES, "b": REFERENCES[0]}, REFERENCES, test=None)
    assert result.comparisons == []
    assert [score.score.score for score in result.scores][1] == pytest.approx(100.0)


def test_interval_holds_its_mean_and_is_repeatable():
    settings = {"confidence_samples": 200, "seed": 7}
    [first] = score_corpus(HYPOTHESES * 9, [REFERENCES[0] * 9], **settings)
    [second] = score_corpus(HYPOTHESES * 9, [REFERENCES[0] * 9], **settings)
    assert first.interval == second.interval
    assert first.interval.low <= first.interval.mean <= first.interval.high
    assert "bs:200|seed:7" in str(first.signature)
    assert first.as_dict(4)["ci95"] == [first.interval.low, first.interval.high]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metrics": ("meteor",)}, "metrics must be one of bleu, chrf, ter, got 'meteor'"),
        ({"metrics": ()}, "at least one metric"),
        ({"tokenize": "13b"}, "tokenize must be one of 13a, .*, got '13b'"),
        ({"smooth_method": "add1"}, "smooth_method must be one of"),
        ({"smooth_value": 1.0}, "smooth_value belongs to floor and add-k, not to exp"),
        ({"smooth_method": "floor", "smooth_value": -1.0}, "above 0 and finite, got -1.0"),
        ({"smooth_method": "floor", "smooth_value": math.nan}, "above 0 and finite, got nan"),
        ({"chrf_beta": 0}, "chrf_beta must be at least 1, got 0"),
    ],
)
def test_settings_outside_their_range_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        BleuSettings(**settings)


@pytest.mark.parametrize(
    ("request_fields", "message"),
    [
        ({"hypotheses": ()}, "name a hypothesis file"),
        ({"references": ()}, "name a reference file"),
        ({"references": ("a", "b"), "num_references": 2}, "name just one"),
        ({"hypotheses": ("a", "a")}, "named twice"),
        ({"hypotheses": ("-",), "references": ("-",)}, "standard input can be read once"),
        ({"test": "bootstrap"}, "at least 2 systems"),
        ({"hypotheses": ("a", "b"), "confidence_samples": 9}, "paired bootstrap"),
        ({"hypotheses": ("a", "b"), "sentence_level": True}, "one system at a time"),
        ({"sentence_level": True, "confidence_samples": 9}, "no confidence interval"),
    ],
)
def test_requests_that_contradict_themselves_are_refused(request_fields, message):
    fields = {"hypotheses": ("hyp",), "references": ("ref",), **request_fields}
    with pytest.raises(SettingsError, match=message):
        BleuRequest(**fields)


def test_missing_tokenizer_package_gives_the_install_command(monkeypatch):
    import sacrebleu.metrics.bleu as sacrebleu_bleu

    def fail(_):
        raise ImportError("no mecab")

    monkeypatch.setattr(sacrebleu_bleu, "_get_tokenizer", fail)
    with pytest.raises(MissingDependencyError, match=r"pip install 'sacrebleu\[ja\]'"):
        make_metric("bleu", BleuSettings(tokenize="ja-mecab"), REFERENCES)


def test_tokenizer_model_that_cannot_be_fetched_is_said(monkeypatch):
    import sacrebleu.metrics.bleu as sacrebleu_bleu

    def fail(_):
        raise OSError("no network")

    monkeypatch.setattr(sacrebleu_bleu, "_get_tokenizer", fail)
    with pytest.raises(SettingsError, match=r"flores200 needs a model .* \(no network\); take"):
        make_metric("bleu", BleuSettings(tokenize="flores200"), REFERENCES)


def test_slower_metrics_report_progress():
    events = []

    class Recorder:
        def start(self, phase, total, unit):
            events.append((phase, total, unit))

        def update(self, progress):
            events.append(progress.done)

        def finish(self):
            events.append("end")

    score_corpus(HYPOTHESES, REFERENCES, BleuSettings(metrics=("chrf",)), monitor=Recorder())
    assert events == [("chrF2 of 2 lines", 2, "lines"), 0, "end"]


@pytest.mark.parametrize("block", [1, 7, 30])
def test_blocks_of_segments_do_not_change_the_statistics(monkeypatch, block):
    from seqtools.evaluation import bleu_statistics

    hypotheses = [*HYPOTHESES, "", "a b a b", *HYPOTHESES]
    references = [[*REFERENCES[0], "x", "a b a c", "", "a dog"], hypotheses[::-1]]
    [whole] = score_corpus(hypotheses, references)
    monkeypatch.setattr(bleu_statistics, "_BLOCK_TOKENS", block)
    [parts] = score_corpus(hypotheses, references)
    assert np.array_equal(whole.statistics, parts.statistics)


def test_statistics_of_no_token_are_zero():
    [result] = score_corpus(["", ""], [["", ""]])
    assert not result.statistics.any()
    assert result.score.score == 0.0
    assert np.isfinite(result.score.score)

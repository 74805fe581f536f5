"""Error analysis of live models, on decoders small enough to know the truth."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.objective import SearchObjective
from seqtools.errors import DecodingError, SegmentError, SettingsError
from seqtools.evaluation.beam_errors import ErrorClass
from seqtools.evaluation.beam_errors_codec import CodecPair
from seqtools.evaluation.beam_errors_model import ModelErrorSettings, analyze_model
from seqtools.evaluation.beam_errors_story import choose_stories
from seqtools.evaluation.beam_errors_summary import SummarySettings
from seqtools.evaluation.bleu import score_corpus
from seqtools.text.codecs import build_codec
from seqtools.text.symbols import END, CodecSettings
from tests.reference.toy_scorers import (
    EOS,
    LetterCodec,
    TableScorer,
    ToyScorer,
    ranked_outputs,
)

NUMBER = 40
OBJECTIVE = SearchObjective(alpha=0.6)
LIMITS = OutputLimits(max_length=5, max_length_ratio=None)
SETTINGS = ModelErrorSettings(
    beam=BeamSettings(1, objective=OBJECTIVE, limits=LIMITS),
    wider_beam_size=2,
    sweep_beam_sizes=(3,),
    summary=SummarySettings(resamples=50),
    node_budget=100_000,
    batch_size=7,
)


def lines(seed, longest=4):
    generator = np.random.default_rng(seed)
    return [
        " ".join(generator.choice(list("abc"), size=generator.integers(1, longest + 1)))
        for _ in range(NUMBER)
    ]


SOURCES, REFERENCES = lines(1), lines(2)


@pytest.fixture(scope="module")
def scorer():
    return ToyScorer(1, sharpness=1.0)


@pytest.fixture(scope="module")
def found(scorer):
    settings = replace(SETTINGS, use_exact=True, num_stories=12)
    return analyze_model(scorer, LetterCodec(), SOURCES, REFERENCES, settings)


@pytest.fixture(scope="module")
def truth(scorer):
    codec = LetterCodec()
    return [ranked_outputs(scorer, codec.encode_source(line), 5, 0.6)[0][0] for line in SOURCES]


def test_exact_search_leaves_no_search_error_hidden(found, truth):
    summary = found.summary
    for verdict, best in zip(summary.verdicts, truth, strict=True):
        is_optimal = verdict.hypothesis_value >= best - 1e-4
        if verdict.error_class in (ErrorClass.MATCH, ErrorClass.NOT_WORSE):
            continue
        assert is_optimal == (not str(verdict.error_class).startswith("search_error"))
    counts = summary.counts
    assert counts[ErrorClass.SEARCH_ERROR_REFERENCE] > 0
    assert counts[ErrorClass.SEARCH_ERROR_BEAM] > 0
    assert counts[ErrorClass.MODEL_ERROR] > 0
    assert summary.model_errors_checked["optimal"] == counts[ErrorClass.MODEL_ERROR]
    assert found.exact.budget_hit == 0
    assert not summary.mismatches
    assert summary.exact_below == 0


def test_without_exact_search_fewer_search_errors_are_proved_and_none_is_false(
    scorer, found, truth
):
    plain = analyze_model(scorer, LetterCodec(), SOURCES, REFERENCES, SETTINGS).summary
    alone = replace(SETTINGS, wider_beam_size=0, sweep_beam_sizes=())
    alone = analyze_model(scorer, LetterCodec(), SOURCES, REFERENCES, alone).summary
    assert alone.proved <= plain.proved <= found.summary.proved
    assert alone.counts[ErrorClass.SEARCH_ERROR_BEAM] == 0
    for verdict, best in zip(plain.verdicts, truth, strict=True):
        assert not verdict.proofs or verdict.hypothesis_value < best


def test_a_beam_of_one_errs_where_only_exact_search_can_tell():
    table = {(): {4: 0.4, 5: 0.35, 6: 0.25}, (4,): {EOS: 0.5, 5: 0.5}, (5,): {6: 0.5, 4: 0.5}}
    beam = BeamSettings(1, objective=SearchObjective(0.0))
    settings = ModelErrorSettings(beam=beam, wider_beam_size=0)
    for use_exact, wanted in ((False, "model_error"), (True, "search_error_exact")):
        settings = replace(settings, use_exact=use_exact)
        found = analyze_model(TableScorer(table), LetterCodec(), ["a"], ["b c"], settings)
        assert [str(verdict.error_class) for verdict in found.summary.verdicts] == [wanted]


def test_sweep_points_are_what_direct_searches_give(scorer, found):
    codec = LetterCodec()
    encoded = [codec.encode_source(line) for line in SOURCES]
    for point in found.summary.sweep:
        objective = SearchObjective(point.alpha)
        settings = BeamSettings(point.beam_size, 1, objective, LIMITS)
        outputs = [list_[0] for list_ in beam_search(scorer, encoded, settings)]
        texts = [codec.decode_target(output.tokens) for output in outputs]
        assert point.mean_score == pytest.approx(np.mean([o.score for o in outputs]))
        assert point.bleu == pytest.approx(score_corpus(texts, [REFERENCES])[0].score.score)
        assert point.empty_fraction == np.mean([o.length == 1 for o in outputs])
        words = [sum(len(text.split()) for text in side) for side in (texts, REFERENCES)]
        assert point.length_ratio == pytest.approx(words[0] / words[1])
    assert [(p.alpha, p.beam_size) for p in found.summary.sweep[:3]] == [(0, 1), (0, 2), (0, 3)]


def test_wider_beams_leave_less_to_improve(found):
    at = {p.beam_size: p.improvable_fraction for p in found.summary.sweep if p.alpha == 0.6}
    assert at[1] > at[3]
    assert all(p.improvable_fraction >= p.search_error_fraction for p in found.summary.sweep)


def test_references_fell_off_unless_the_beam_holds_them(found):
    for sentence, verdict in zip(found.summary.sentences, found.summary.verdicts, strict=True):
        if verdict.error_class == ErrorClass.MATCH:
            assert sentence.fell_off_step is None
        elif verdict.error_class == ErrorClass.SEARCH_ERROR_REFERENCE:
            assert sentence.fell_off_rank > 1
            assert sentence.fell_off_margin < 0
    assert found.summary.fell_off() is not None


def test_a_hit_budget_is_counted_and_what_it_found_still_counts(scorer, found):
    settings = replace(SETTINGS, use_exact=True, node_budget=2)
    hit = analyze_model(scorer, LetterCodec(), SOURCES, REFERENCES, settings)
    assert hit.exact.budget_hit > 0
    assert hit.exact.complete + hit.exact.budget_hit == hit.exact.sentences
    assert hit.exact.nodes <= 2 * hit.exact.sentences
    assert hit.summary.proved <= found.summary.proved


def test_stories_tell_the_beam_the_verdict_was_made_of(found):
    assert len(found.stories) == 12
    for number, story in found.stories.items():
        sentence = found.summary.sentences[number - 1]
        assert story.number == number
        assert story.output.hypothesis.log_prob == sentence.hypothesis.score
        if sentence.fell_off_step is not None:
            assert story.trace.fell_off.step == sentence.fell_off_step
            assert story.trace.fell_off.rank == sentence.fell_off_rank
        plain = story.as_dict()
        json.dumps(plain, allow_nan=False)
        shape = np.shape(plain["output"]["attention"])
        assert shape == (len(plain["output"]["labels"]), len(plain["source"]))
        assert len(plain["reference"]["log_probs"]) == len(plain["reference"]["labels"])
        assert len(plain["steps"]) >= len(plain["output"]["labels"])


def test_stories_are_chosen_from_every_class_in_turn(found):
    verdicts = found.summary.verdicts
    chosen = choose_stories(verdicts, [5] * NUMBER, 4)
    classes = {found.summary.verdicts[place].error_class for place in chosen}
    assert len(classes) >= 3
    assert choose_stories(verdicts, [5] * NUMBER, 10**6) == list(range(NUMBER))
    assert choose_stories(verdicts, [5000] + [5] * (NUMBER - 1), 10**6) == list(range(1, NUMBER))


def test_batches_and_order_change_no_verdict(scorer):
    plain = analyze_model(scorer, LetterCodec(), SOURCES, REFERENCES, SETTINGS).summary
    single = replace(SETTINGS, batch_size=1)
    back = analyze_model(scorer, LetterCodec(), SOURCES[::-1], REFERENCES[::-1], single).summary
    assert plain.verdicts == back.verdicts[::-1]
    assert plain.sweep == back.sweep


def test_threads_change_no_result(found):
    settings = replace(SETTINGS, use_exact=True, num_stories=12)
    first, *rest = [ToyScorer(1, sharpness=1.0) for _ in range(3)]
    again = analyze_model(first, LetterCodec(), SOURCES, REFERENCES, settings, helpers=rest)
    assert again.as_dict() == found.as_dict()
    assert [s.as_dict() for s in again.stories.values()] == [
        s.as_dict() for s in found.stories.values()
    ]


def test_an_error_in_a_thread_ends_the_analysis():
    broken = TableScorer({(): {4: math.nan, EOS: math.nan}})
    with pytest.raises(DecodingError, match="NaN"):
        analyze_model(broken, LetterCodec(), SOURCES, REFERENCES, SETTINGS, helpers=[broken])


def test_references_that_search_may_not_write_are_unreachable(scorer):
    references = ["u a", "a b c a b c a b", "a b", ""]
    summary = analyze_model(scorer, LetterCodec(), SOURCES[:4], references, SETTINGS).summary
    classes = [str(verdict.error_class) for verdict in summary.verdicts]
    assert classes[1] in {"unreachable", "search_error_beam"}
    assert summary.verdicts[0].reference_value is None
    assert summary.verdicts[1].reference_value is None
    assert summary.verdicts[2].reference_value is not None
    assert summary.verdicts[3].reference_value is not None


@pytest.mark.parametrize(
    "objective", [SearchObjective(0.0), SearchObjective(1.0, 5.0), SearchObjective(1.0, 0.0, 0.3)]
)
def test_values_are_the_scores_of_the_search(scorer, objective):
    beam = BeamSettings(2, objective=objective, limits=LIMITS)
    settings = replace(SETTINGS, beam=beam)
    summary = analyze_model(scorer, LetterCodec(), SOURCES, REFERENCES, settings).summary
    encoded = [LetterCodec().encode_source(line) for line in SOURCES]
    for verdict, [output] in zip(summary.verdicts, beam_search(scorer, encoded, beam), strict=True):
        assert verdict.hypothesis_value == pytest.approx(output.score)
    assert ("coverage" in summary.objective.formula) == (objective.coverage > 0)


def test_json_holds_the_contracts_keys_and_no_nan(found):
    payload = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    keys = "objective counts fractions ci95 sweep oracle fell_off advice sentences exact"
    assert set(keys.split()) <= set(payload)
    assert payload["objective"]["beam_size"] == 1
    wanted = {"beam_size", "alpha", "bleu", "mean_score", "search_error_fraction"}
    assert wanted <= set(payload["sweep"][0])
    assert set(payload["fell_off"]) == {"step_histogram", "rank_histogram"}
    assert payload["oracle"]["list_size"] > 1


def test_advice_names_the_better_beam(found):
    summary = found.summary
    point = summary.sweep[0]
    best = replace(point, beam_size=3, alpha=0.6, bleu=point.bleu + 20, mean_score=-2.0)
    sweep = [replace(best, beam_size=1, bleu=1.0), best]
    assert "beam 3 with alpha 0.6 gives BLEU" in replace(summary, sweep=sweep).advice
    sweep = [best, replace(best, beam_size=9, bleu=1.0, mean_score=-1.0)]
    own = replace(best, beam_size=1)
    assert "wider is not better: beam 9" in replace(summary, sweep=[own, *sweep]).advice
    sweep = [own, replace(best, beam_size=9, bleu=best.bleu - 0.5, mean_score=-1.0)]
    assert "search errors do little harm: beam 9" in replace(summary, sweep=sweep).advice


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wider_beam_size": -1}, "wider_beam_size must be at least 0, got -1"),
        ({"sweep_beam_sizes": (0,)}, "sweep_beam_sizes must be at least 1, got 0"),
        ({"sweep_alphas": (math.inf,)}, "alpha must be at least 0 and finite, got inf"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
    ],
)
def test_settings_name_their_range(change, message):
    with pytest.raises(SettingsError, match=message):
        replace(SETTINGS, **change)


def test_unequal_or_empty_texts_are_refused(scorer):
    with pytest.raises(SegmentError, match="2 sources and 1 references"):
        analyze_model(scorer, LetterCodec(), ["a", "b"], ["a"])
    with pytest.raises(SegmentError, match="no sentence"):
        analyze_model(scorer, LetterCodec(), [], [])


def test_codec_pair_ends_targets_and_names_symbols():
    codec = build_codec(["a b", "b c"], CodecSettings(level="word"))
    pair = CodecPair(codec, codec)
    assert pair.encode_target("b a")[-1] == END
    assert pair.decode_target(pair.encode_target("b a")) == "b a"
    assert pair.source_labels(pair.encode_source("b a")) == ["b", "a", "</s>"]
    assert pair.target_labels(pair.encode_target("c")) == ["c", "</s>"]
    pair = CodecPair(codec, codec, has_source_end=False)
    assert pair.source_labels(pair.encode_source("b a")) == ["b", "a"]
    assert len(pair.encode_source("b a")) == 2

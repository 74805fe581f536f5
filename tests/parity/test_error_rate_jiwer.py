"""Word and character error rates as jiwer counts them, error kind by error kind."""

import numpy as np
import pytest

from seqtools.evaluation.error_rate import ErrorRateSettings, score_transcripts

jiwer = pytest.importorskip("jiwer", reason="jiwer is not installed")


def random_texts(seed, words, number=150):
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(words, generator.integers(0, 15))) for _ in range(number)]


def as_jiwer_says(output, rate):
    counts = (output.hits, output.substitutions, output.deletions, output.insertions)
    return [*counts, pytest.approx(rate, rel=1e-12)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("words", [["a", "b"], ["a", "b", "c", "d", "e"], list("abcdefghijklmnop")])
def test_words_are_counted_alike(seed, words):
    references, hypotheses = random_texts(seed, words), random_texts(seed + 50, words)
    result = score_transcripts(hypotheses, references, ErrorRateSettings(samples=0))
    output = jiwer.process_words(references, hypotheses)
    assert [*result.counts.sum(0).tolist(), result.rate] == as_jiwer_says(output, output.wer)


def test_words_of_noisy_copies_are_counted_alike():
    references = random_texts(7, list("abcdefgh"))
    generator = np.random.default_rng(3)
    hypotheses = []
    for text in references:
        words = [w if generator.random() > 0.2 else "z" for w in text.split()]
        hypotheses.append(" ".join(w for w in words if generator.random() > 0.1))
    result = score_transcripts(hypotheses, references, ErrorRateSettings(samples=0))
    output = jiwer.process_words(references, hypotheses)
    assert [*result.counts.sum(0).tolist(), result.rate] == as_jiwer_says(output, output.wer)


def test_characters_are_counted_alike():
    references, hypotheses = (
        random_texts(1, ["ab", "cde", "f"]),
        random_texts(2, ["ab", "cd", "fg"]),
    )
    result = score_transcripts(hypotheses, references, ErrorRateSettings("character", samples=0))
    output = jiwer.process_characters(references, hypotheses)
    assert [*result.counts.sum(0).tolist(), result.rate] == as_jiwer_says(output, output.cer)


@pytest.mark.parametrize("hypothesis", ["", "a", "a b c"])
def test_a_reference_without_words_is_defined_alike(hypothesis):
    assert score_transcripts([hypothesis], [""]).rate == jiwer.process_words([""], [hypothesis]).wer

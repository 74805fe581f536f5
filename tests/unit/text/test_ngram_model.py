"""n-gram models: training, files, and probabilities."""

import itertools

import numpy as np
import pytest

from seqtools.errors import CorpusError, LanguageModelError, SettingsError
from seqtools.io.arpa import ArpaFile, read_arpa
from seqtools.text.kneser_ney import characters_of, train_ngram_model
from seqtools.text.ngram_model import END, START, UNKNOWN, NGramModel
from tests.reference.ngram import log10_probability

SMALL = """some comment

\\data\\
ngram 1=4
ngram 2=2

\\1-grams:
-99\t<s>\t-0.3
-1\t</s>
-0.5\ta\t-0.25
-0.7\tb

\\2-grams:
-0.2\t<s> a
-0.4\ta b

\\end\\
"""


def random_sentences(seed=0, number=300):
    """Return sentences whose counts of counts are all there."""
    generator = np.random.default_rng(seed)
    words = [f"w{i}" for i in range(60)]
    shares = 1 / np.arange(1, 61)
    return [
        list(generator.choice(words, generator.integers(0, 9), p=shares / shares.sum()))
        for _ in range(number)
    ]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("number", [3, 300])
def test_probabilities_sum_to_one_after_any_context(order, number):
    model = train_ngram_model(random_sentences(number=number), order)
    words = [word for word in model.words if word != START]
    contexts = [[], ["w0"], ["w0", "w1"], ["w5", "never"], ["w59", "w58", "w1", "w0"]]
    for context in contexts:
        for has_start in (True, False):
            total = sum(np.exp(model.score([*context, word], has_start)[-1]) for word in words)
            assert total == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_scores_are_those_of_the_definition(order):
    model = train_ngram_model(random_sentences(1), order)
    for sentence in random_sentences(2, 20):
        known = [word if word in model.ids else UNKNOWN for word in [*sentence, END]]
        expected = [
            log10_probability(model.content.orders, [START, *known[:i]], word)
            for i, word in enumerate(known)
        ]
        np.testing.assert_allclose(
            model.score([*sentence, END]) / np.log(10), expected, rtol=1e-12, atol=1e-12
        )


def test_kneser_ney_counts_contexts_not_occurrences():
    # "francisco" is frequent, but only after "san": it is unlikely after anything else.
    sentences = [["san", "francisco"]] * 40 + [["a", "glass"], ["my", "glass"], ["the", "glass"]]
    model = train_ngram_model(sentences, 2)
    assert model.score(["your", "glass"])[1] > model.score(["your", "francisco"])[1]
    assert model.score(["san", "francisco"])[1] > np.log(0.9)


def test_unigrams_follow_the_formula():
    # Counts 3, 1, and 4 ends; too few to estimate discounts, so 0.5, 1 and 1.5.
    model = train_ngram_model([["a"], ["a"], ["a", "b"], []], order=1)
    left_over = 1.5 + 0.5 + 1.5
    for word, kept in (("a", 1.5), ("b", 0.5), (END, 2.5), (UNKNOWN, 0)):
        expected = (kept + left_over / 4) / 8
        assert np.exp(model.score([word])[0]) == pytest.approx(expected)


def test_unknown_words_of_the_text_are_a_word_like_others():
    model = train_ngram_model([["a", UNKNOWN], ["b", UNKNOWN], ["c", "d"]] * 3, order=2)
    assert np.exp(model.score(["a", "x"])[1]) > 0.5
    total = sum(np.exp(model.score(["a", word])[1]) for word in model.words if word != START)
    assert total == pytest.approx(1)


def test_more_of_the_same_text_is_less_surprising():
    sentences = random_sentences(3, 600)
    small, large = (train_ngram_model(sentences[:n], 2) for n in (50, 500))
    assert large.perplexity(sentences[500:]) < small.perplexity(sentences[500:])
    assert train_ngram_model(sentences[:500], 2).perplexity([["w0"]]) > 1


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
def test_a_file_gives_back_the_model(tmp_path, name):
    model = train_ngram_model(random_sentences(), 3)
    model.write(tmp_path / name)
    again = NGramModel.read(tmp_path / name)
    assert again.order == 3
    sentences = random_sentences(9, 30)
    for sentence in sentences:
        assert again.log_probability(sentence) == pytest.approx(
            model.log_probability(sentence), abs=1e-5
        )
    again.write(tmp_path / "again.arpa")
    NGramModel.read(tmp_path / "again.arpa").write(tmp_path / "thrice.arpa")
    assert (tmp_path / "again.arpa").read_bytes() == (tmp_path / "thrice.arpa").read_bytes()


def test_a_file_of_another_tool_is_read(tmp_path):
    (tmp_path / "small.arpa").write_text(SMALL)
    model = NGramModel.read(tmp_path / "small.arpa")
    expected = [-0.2, -0.4, -1.0]  # the last backs off from b, which has no weight
    np.testing.assert_allclose(model.score(["a", "b", END]) / np.log(10), expected)
    assert model.score(["a", "a"])[1] / np.log(10) == pytest.approx(-0.25 - 0.5)
    assert model.score(["x"])[0] / np.log(10) == pytest.approx(-0.3 - 100)


@pytest.mark.parametrize(
    ("old", "new", "line", "cause"),
    [
        ("ngram 2=2", "ngram 3=2", 5, "where ngram 2=COUNT must stand"),
        ("ngram 1=4\nngram 2=2\n", "", 5, "where ngram 1=COUNT must stand"),
        ("ngram 1=4", "ngram 1=" + "4" * 5000, 4, "where ngram 1=COUNT must stand"),
        ("ngram 1=4", "ngram 1=٤", 4, "where ngram 1=COUNT must stand"),
        ("-0.5\ta", "-0_5\ta", 10, "'-0_5' is not a number"),
        ("ngram 1=4", "ngram 1=5", 13, "4 1-grams; the header counts 5"),
        ("\\2-grams:", "\\3-grams:", 13, r"where \\2-grams: must stand"),
        ("-0.2\t<s> a", "-0.2\t<s>", 14, "2 fields; a 2-gram has 3 or more"),
        ("-0.2\t<s> a", "-0.2\t<s> a -1", 14, "4 fields"),
        ("-0.2\t<s> a", "-0.4\ta b", 15, "the 2-gram 'a b' for the second time"),
        ("-0.5\ta", "zero\ta", 10, "'zero' is not a number"),
        ("-0.5\ta", "0.5\ta", 10, "log10 probability 0.5; it must be at most 0"),
        ("-0.5\ta", "nan\ta", 10, "nan is not a finite number"),
        ("\n\\end\\\n", "", 16, r"the file ends without \\end\\"),
        ("\\end\\", "\\fin\\", 17, r"where \\end\\ must stand"),
        ("\\data\\", "data", 18, r"the file ends without \\end\\, or is not an ARPA file"),
    ],
)
def test_a_broken_file_is_refused_by_its_line(tmp_path, old, new, line, cause):
    path = tmp_path / "broken.arpa"
    assert old in SMALL
    path.write_text(SMALL.replace(old, new))
    with pytest.raises(LanguageModelError, match=cause) as caught:
        read_arpa(path)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}, line {line}: ")


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ([], "no unigrams"),
        ([{("a",): (-1, 0)}, {("b", "a"): (-1, 0)}], "2-gram 'b a' without an entry for 'b'"),
        ([{("a",): (-1, 0)}, {("a", "b"): (-1, 0)}], "2-gram 'a b' without an entry for 'b'"),
    ],
)
def test_models_with_holes_are_refused(orders, message):
    with pytest.raises(LanguageModelError, match=message):
        NGramModel(ArpaFile(orders))


def test_text_that_cannot_be_trained_on_is_refused():
    for order in (0, 17):
        with pytest.raises(SettingsError, match="order must be between 1 and 16"):
            train_ngram_model([["a"]], order)
    with pytest.raises(CorpusError, match="no word to train"):
        train_ngram_model([[], []])
    for word in ("a b", "", "</s>"):
        with pytest.raises(CorpusError, match="sentence 2 holds"):
            train_ngram_model([["a"], ["b", word]])


def test_characters_are_words_of_a_model():
    assert characters_of(" ab  c\t") == ["a", "b", "<space>", "c"]
    model = train_ngram_model([characters_of("abab ab")] * 3, order=3)
    best = max(model.words, key=lambda word: model.score(["a", word])[1])
    assert best == "b"
    assert all(len(ngram) <= 3 for ngram in itertools.chain(*model.content.orders))


def test_a_nul_is_named_by_line_and_byte(tmp_path):
    (tmp_path / "broken.arpa").write_text(SMALL.replace("\ta b", "\ta \0b"))
    with pytest.raises(LanguageModelError, match=r"line \d+, byte \d+: a NUL byte.*ARPA") as caught:
        read_arpa(tmp_path / "broken.arpa")
    assert (tmp_path / "broken.arpa").read_bytes()[caught.value.byte] == 0


def test_without_an_end_no_sentence_has_a_probability():
    model = NGramModel(ArpaFile([{("a",): (-1.0, 0.0), ("<s>",): (-99.0, 0.0)}]), "no-end.arpa")
    assert model.score(["a"]) == pytest.approx([-np.log(10)])
    with pytest.raises(LanguageModelError, match=r"no-end.arpa: no </s> among its unigrams"):
        model.log_probability(["a"])

"""Against sacreBLEU 2.6: statistics number by number, scores, signatures, printed lines."""

import csv
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sacrebleu.metrics import METRICS
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest

from seqtools.evaluation.bleu import compare_systems, score_corpus, score_segments
from seqtools.evaluation.bleu_files import read_segments
from seqtools.evaluation.bleu_metrics import BleuMetric, make_metric
from seqtools.evaluation.bleu_settings import SMOOTH_METHODS, TOKENIZERS, BleuSettings
from seqtools.evaluation.bleu_statistics import bleu_scores

SET = "mt-metrics/multeval-zh-en-4refs"


@pytest.fixture(scope="module")
def multeval(data):
    folder = data / SET
    names = ["set1.out.0", "set1.out.1", *(f"set1.ref{index}" for index in range(4))]
    return {name: read_segments(folder / name, "hypothesis").lines for name in names}


@pytest.fixture
def some_lines(data, tmp_path):
    """Forty lines of two systems and two references, as files."""
    for name in ("set1.out.0", "set1.out.1", "set1.ref0", "set1.ref1"):
        lines = (data / SET / name).read_text("utf-8").split("\n")[:40]
        (tmp_path / name.removeprefix("set1.")).write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def sacrebleu_command(folder, *arguments):
    """Run sacreBLEU's command in a folder and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "sacrebleu", "-q", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def expected_rows():
    """Yield the rows that the file of expected scores has, in a stable order."""
    for system in range(4):
        yield f"set1.out.{system}"
        for reference in range(4):
            yield f"set1.out.{system} vs ref{reference}"


def expected_scores(data):
    with (data / "mt-metrics/EXPECTED.tsv").open(encoding="utf-8", newline="") as file:
        return {row["system"]: row for row in csv.DictReader(file, delimiter="\t")}


@pytest.mark.parametrize("system", list(expected_rows()))
def test_expected_scores_of_a_published_set_are_reproduced(data, seqtools, system):
    row = expected_scores(data)[system]
    name, _, reference = system.partition(" vs ")
    references = [reference] if reference else [f"ref{index}" for index in range(4)]
    files = [data / SET / name, *(data / SET / f"set1.{reference}" for reference in references)]
    done = seqtools("bleu", *files, "-tok", row["tokenize"], "-b", "-w", 4, "-q")
    assert done.stdout == row["sacrebleu_2.6.0_measured"] + "\n"


def test_score_printed_by_mteval_13a_is_reproduced(data, seqtools):
    folder = data / "mt-metrics/wmt15-en-ru-100"
    done = seqtools("bleu", folder / "google.ru", folder / "ref.ru", "-b", "-w", 4, "-q")
    assert done.stdout == expected_scores(data)["google"]["sacrebleu_2.6.0_measured"] + "\n"
    assert "BLEU score = 0.2318" in (folder / "mteval-13a.output").read_text("utf-8")
    assert done.stdout.startswith("23.18")


@pytest.mark.parametrize("tokenize", ["13a", "none", "char", "intl", "zh"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_statistics_equal_sacrebleus(multeval, tokenize, lowercase):
    hypotheses = multeval["set1.out.0"][:200]
    references = [multeval[f"set1.ref{index}"][:200] for index in range(4)]
    references[1] = [line if number % 3 else "" for number, line in enumerate(references[1])]
    settings = BleuSettings(tokenize=tokenize, lowercase=lowercase)
    ours = BleuMetric(settings, references).statistics(hypotheses)
    theirs = BLEU(tokenize=tokenize, lowercase=lowercase, force=True, references=references)
    assert np.array_equal(ours, theirs._extract_corpus_statistics(hypotheses, None))


def test_absent_references_count_as_in_sacrebleu(multeval):
    hypotheses = multeval["set1.out.0"][:100]
    references = [multeval["set1.ref0"][:100], list(multeval["set1.ref1"][:100])]
    references[1][::3] = [None] * len(references[1][::3])
    [ours] = score_corpus(hypotheses, references)
    theirs = BLEU(force=True)
    score = theirs.corpus_score(hypotheses, references)
    assert str(ours.score) == str(score)
    assert ours.score.score == score.score
    assert str(ours.signature) == str(theirs.get_signature())
    assert "nrefs:var" in str(ours.signature)


@pytest.mark.parametrize("smooth_method", SMOOTH_METHODS)
@pytest.mark.parametrize("effective_order", [False, True])
def test_many_scores_at_once_equal_sacrebleus_one_by_one(smooth_method, effective_order):
    generator = np.random.default_rng(3)
    lengths = generator.integers(0, 9, size=300)
    ngrams = np.maximum(lengths[:, None] - np.arange(4), 0)
    matches = generator.integers(0, ngrams + 1)
    rows = np.hstack([lengths[:, None], generator.integers(0, 9, size=(300, 1)), matches, ngrams])
    value = 0.3 if smooth_method in {"floor", "add-k"} else None
    ours = bleu_scores(rows, smooth_method, value, effective_order=effective_order)
    theirs = [
        BLEU.compute_bleu(
            row[2:6], row[6:], row[0], row[1], smooth_method, value, effective_order
        ).score
        for row in rows.tolist()
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-13)


@pytest.mark.parametrize(
    "settings",
    [
        BleuSettings(metrics=("chrf",)),
        BleuSettings(metrics=("chrf",), chrf_word_order=2, chrf_beta=3),
        BleuSettings(metrics=("chrf",), chrf_eps_smoothing=True, chrf_word_order=1),
        BleuSettings(metrics=("ter",)),
    ],
    ids=["chrF", "chrF++", "chrF+ with epsilon", "TER"],
)
def test_resampled_scores_of_other_metrics_equal_sacrebleus(multeval, settings):
    hypotheses = [*multeval["set1.out.0"][:5], "a", ""]
    references = [[*multeval["set1.ref0"][:5], "b c", "d"]]
    metric = make_metric(settings.metrics[0], settings, references)
    rows = metric.statistics(hypotheses)
    sums = np.vstack([rows, rows.sum(axis=0)])
    theirs = [metric.score(row[None]).score for row in sums]
    np.testing.assert_allclose(metric.scores(sums), theirs, rtol=1e-13)


PRINTED = [
    [],
    ["-lc", "-tok", "intl", "-s", "floor", "-sv", "0.5", "-w", "4"],
    ["-tok", "none", "-s", "add-k", "-w", "6", "-sh"],
    ["-m", "bleu", "chrf", "-w", "3"],
    ["-m", "chrf", "--chrf-word-order", "2", "--chrf-lowercase"],
    ["-ci", "-cin", "300", "-w", "3"],
    ["-ci", "-m", "chrf", "-cin", "100"],
    ["-sl", "-w", "5"],
    ["-sl", "-b", "-m", "chrf"],
    ["-b"],
]


@pytest.mark.parametrize("options", PRINTED, ids=lambda options: " ".join(options) or "plain")
def test_lines_equal_those_of_the_sacrebleu_command(some_lines, seqtools, monkeypatch, options):
    monkeypatch.chdir(some_lines)
    files = ["ref0", "ref1", "-i", "out.0"]
    ours = seqtools("bleu", *files, *options, "-f", "text", "-q")
    assert ours.exit_code == 0
    assert ours.stdout == sacrebleu_command(some_lines, *files, *options, "-f", "text")


def test_lines_of_all_metrics_together_equal_those_of_the_sacrebleu_command(
    tmp_path, seqtools, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("hyp").write_text("the cat sat on mat\nno more\n", "utf-8")
    Path("ref").write_text("on the mat sat the cat\nno more !\n", "utf-8")
    options = ["ref", "-i", "hyp", "-m", "bleu", "chrf", "ter", "-w", "3", "-f", "text"]
    assert seqtools("bleu", *options, "-q").stdout == sacrebleu_command(tmp_path, *options)


def test_json_holds_every_field_of_sacrebleus(some_lines, seqtools, monkeypatch):
    monkeypatch.chdir(some_lines)
    options = ["ref0", "-i", "out.0", "-ci", "-w", "4"]
    ours = json.loads(seqtools("bleu", *options, "--json", "-q").stdout)
    theirs = json.loads(sacrebleu_command(some_lines, *options))
    assert theirs.items() <= ours.items()


@pytest.mark.parametrize(("test", "short"), [("bootstrap", "bs"), ("randomization", "ar")])
@pytest.mark.parametrize(("metric", "num_lines"), [("bleu", 200), ("chrf", 30), ("ter", 6)])
def test_paired_tests_equal_sacrebleus(multeval, test, short, metric, num_lines):
    systems = {name: multeval[name][:num_lines] for name in ("set1.out.0", "set1.out.1")}
    references = [multeval[f"set1.ref{index}"][:num_lines] for index in range(2)]
    [ours] = compare_systems(
        systems, references, BleuSettings(metrics=(metric,)), test=test, num_samples=400
    )
    theirs = METRICS[metric.upper()](references=references)
    signatures, results = PairedTest(
        list(systems.items()), {metric: theirs}, None, test_type=short, n_samples=400
    )()
    [name] = signatures
    assert str(ours.signature) == str(signatures[name])
    assert [score.score.name for score in ours.scores] == [name, name]
    for mine, other in zip(ours.scores, results[name], strict=True):
        assert mine.score.score == pytest.approx(other.score, abs=1e-10)
        if other.mean is not None:
            # sacreBLEU sums resampled statistics in float32.
            assert mine.interval.mean == pytest.approx(other.mean, abs=1e-4)
            assert mine.interval.half_width == pytest.approx(other.ci, abs=1e-4)
    assert ours.comparisons[0].p_value == results[name][1].p_value


def test_paired_test_command_prints_what_the_sacrebleu_command_prints(
    some_lines, seqtools, monkeypatch
):
    monkeypatch.chdir(some_lines)
    options = ["ref0", "ref1", "-i", "out.0", "out.1", "-par", "-parn", "500"]
    ours = json.loads(seqtools("bleu", *options, "--json", "-q").stdout)["systems"]
    theirs = json.loads(sacrebleu_command(some_lines, *options))
    for mine, other in zip(ours, theirs, strict=True):
        assert other["system"].endswith(mine["system"])
        assert other["BLEU"].items() <= mine["BLEU"].items()


def test_segment_scores_equal_sacrebleus(multeval):
    hypotheses = [*multeval["set1.out.0"][:50], "", "a", "a b"]
    references = [[*multeval["set1.ref0"][:50], "x", "a", "a b c d e"]]
    ours, signature = score_segments(hypotheses, references)
    theirs = BLEU(effective_order=True)
    for mine, hypothesis, reference in zip(ours, hypotheses, references[0], strict=True):
        assert str(mine) == str(theirs.sentence_score(hypothesis, [reference]))
    assert str(signature) == str(theirs.get_signature())


def test_names_of_tokenizers_metrics_and_smoothings_are_sacrebleus():
    assert set(TOKENIZERS) == set(BLEU.TOKENIZERS)
    assert set(SMOOTH_METHODS) == set(BLEU.SMOOTH_DEFAULTS)
    assert {name.lower() for name in METRICS} == {"bleu", "chrf", "ter"}
    assert BleuSettings().chrf_beta == METRICS["CHRF"].BETA
    orders = (METRICS["CHRF"].CHAR_ORDER, METRICS["CHRF"].WORD_ORDER)
    assert (BleuSettings().chrf_char_order, BleuSettings().chrf_word_order) == orders


def test_every_smoothing_and_case_prints_sacrebleus_signature(multeval):
    hypotheses, references = multeval["set1.out.0"][:5], [multeval["set1.ref0"][:5]]
    for smooth_method, lowercase in itertools.product(SMOOTH_METHODS, (False, True)):
        [ours] = score_corpus(
            hypotheses,
            references,
            BleuSettings(smooth_method=smooth_method, lowercase=lowercase, force=True),
        )
        theirs = BLEU(smooth_method=smooth_method, lowercase=lowercase, force=True)
        assert ours.score.score == theirs.corpus_score(hypotheses, references).score
        assert str(ours.signature) == str(theirs.get_signature())

"""The command line of `seqtools beam-errors`."""

import io
import json
import sys

import pytest

ROWS = [
    ("hypothesis_score", "reference_score", "hypothesis_length", "reference_length"),
    (-3.0, -4.0, 5, 10),
    (-4.0, -3.0, 6, 6),
    (-2.0, "-inf", 4, 4),
    (-2.0, "", 4, 4),
    (-2.0, -2.0, 4, 4),
]
CLASSES = [
    "match",
    "not_worse",
    "search_error_reference",
    "search_error_beam",
    "search_error_exact",
    "unreachable",
    "inconclusive",
    "tie",
    "model_error",
]


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "".join("\t".join(map(str, row)) + "\n" for row in ROWS)
    (tmp_path / "scores.tsv").write_text(text, "utf-8")


def payload_of(seqtools, *options):
    done = seqtools("beam-errors", "--scores", "scores.tsv", *options, "--json")
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_json_has_the_contracts_keys(seqtools):
    payload = payload_of(seqtools)
    keys = "schema_version objective counts fractions ci95 sweep oracle fell_off advice sentences"
    assert set(keys.split()) <= set(payload)
    assert {"length_penalty", "alpha", "beta", "eos_counted"} <= set(payload["objective"])
    assert list(payload["counts"]) == CLASSES
    assert sum(payload["counts"].values()) == len(payload["sentences"]) == 5
    assert sum(payload["fractions"].values()) == pytest.approx(1.0)
    assert set(payload["ci95"]) == set(payload["fractions"])


def test_length_penalty_turns_a_verdict(seqtools):
    raw = payload_of(seqtools)
    assert [sentence["class"] for sentence in raw["sentences"]] == [
        "model_error", "search_error_reference", "unreachable", "inconclusive", "tie",
    ]  # fmt: skip
    by_token = payload_of(seqtools, "--length-penalty", 1)
    assert by_token["counts"]["search_error_reference"] == 2
    assert by_token["raw_would_differ"] == 1
    assert by_token["objective"]["alpha"] == 1.0
    # GNMT's penalty for (5 + T) / 6 pulls less.
    gnmt = payload_of(seqtools, "--lenpen", 0.2, "--length-penalty-beta", 5)
    assert gnmt["counts"]["search_error_reference"] == 1
    assert gnmt["objective"]["beta"] == 5.0


def test_tables_say_classes_faults_and_advice(seqtools):
    out = seqtools("beam-errors", "--scores", "scores.tsv", "--lenpen", "0.7").stdout
    lines = out.splitlines()
    assert lines[0] == "objective: sum of log P / T^0.7, T counting the end symbol"
    assert lines[1] == "class\tsentences\tshare\tmeaning"
    assert [line.split("\t")[0] for line in lines[2:11]] == CLASSES
    assert "fault\terrors\tfraction\t95% interval" in lines
    assert lines[-1].startswith("advice: ")


def test_wider_lists_prove_search_errors(seqtools, tmp_path):
    (tmp_path / "nbest").write_text("0 ||| a b ||| F0= -2.5 ||| -2.5\n", "utf-8")
    payload = payload_of(seqtools, "--nbest", "nbest")
    assert payload["sentences"][0]["class"] == "search_error_beam"
    assert payload["sentences"][0]["proved_by"] == ["beam"]


def test_scores_come_from_standard_input_and_as_costs(seqtools, monkeypatch):
    content = b"hypothesis_score\treference_score\n1.5\t0.5\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    done = seqtools("beam-errors", "--scores", "-", "--costs", "--json")
    assert json.loads(done.stdout)["counts"]["search_error_reference"] == 1


def test_equal_seeds_give_equal_intervals(seqtools):
    first, second = (payload_of(seqtools, "--seed", 4) for _ in range(2))
    assert first == second


def test_report_is_written(seqtools, tmp_path):
    done = seqtools("beam-errors", "--scores", "scores.tsv", "--html", "r.html")
    assert done.exit_code == 0
    assert (tmp_path / "r.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_command_loads_no_compiler(tmp_path):
    import os
    import subprocess
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    script = (
        "import sys; from seqtools_cli.main import run; "
        "code = run(['beam-errors', '--scores', 'scores.tsv', '--html', 'r.html']); "
        "sys.exit(code or 'numba' in sys.modules or 'gensim' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "cli")])}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give either MODEL SRC REF"),
        (("model", "src"), "give either MODEL SRC REF"),
        (("model", "src", "ref", "--scores", "scores.tsv"), "give either MODEL SRC REF"),
        (("--scores", "scores.tsv", "--exact"), "--exact needs MODEL SRC REF"),
        (("model", "src", "ref", "--costs"), "--costs needs --scores FILE"),
        (("model", "src", "ref", "--sweep-beams", "1,x"), "no list of beam sizes"),
    ],
)
def test_one_form_at_a_time_with_its_own_options(seqtools, arguments, message):
    done = seqtools("beam-errors", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_unequal_line_counts_are_named(seqtools, tmp_path):
    (tmp_path / "src").write_text("a\nb\n", "utf-8")
    (tmp_path / "ref").write_text("a\n", "utf-8")
    done = seqtools("beam-errors", "model", "src", "ref")
    assert done.exit_code == 1
    assert "src: 2 lines, but ref has 1" in done.stderr


def test_defaults_of_options_are_those_of_the_settings():
    from seqtools.evaluation.beam_errors_model import ModelErrorSettings
    from seqtools_cli.beam_errors import beam_errors
    from seqtools_cli.beam_errors_settings import model_settings

    context = beam_errors.make_context("beam-errors", ["model", "src", "ref"])
    options = {item.name: item.get_default(context) for item in beam_errors.params}
    defaults = {name: None if "UNSET" in repr(value) else value for name, value in options.items()}
    assert model_settings(defaults, has_page=False) == ModelErrorSettings()


def fake_analysis(_, __, ___, settings, monitor, threads):
    from seqtools.evaluation.beam_errors_model import analyze_model
    from tests.reference.toy_scorers import LetterCodec, ToyScorer

    lines = [("a b c", "b"), ("b", "a c"), ("c c a b", "c b"), ("a a", "")]
    sources, references = zip(*lines, strict=True)
    helpers = [ToyScorer(2)] * (threads - 1)
    return analyze_model(
        ToyScorer(2), LetterCodec(), sources, references, settings, monitor, helpers
    )


@pytest.fixture
def _toy_model(monkeypatch):
    from seqtools.models import translation_errors

    monkeypatch.setattr(translation_errors, "analyze_translation_errors", fake_analysis)


@pytest.mark.usefixtures("_toy_model")
def test_a_model_is_searched_as_options_say(seqtools, tmp_path):
    arguments = ("model", "src", "ref", "-b", 2, "--sweep-beams", "1,3", "--wider-beam", 0)
    done = seqtools("beam-errors", *arguments, "--lenpen", 0.5, "--exact", "--json")
    payload = json.loads(done.stdout)
    assert payload["objective"]["beam_size"] == 2
    assert payload["objective"]["alpha"] == 0.5
    assert sorted({point["beam_size"] for point in payload["sweep"]}) == [1, 2, 3]
    assert payload["exact"]["sentences"] >= payload["exact"]["complete"]
    done = seqtools("beam-errors", *arguments, "--report", "r.html", "--stories", 2)
    assert done.exit_code == 0
    assert "beam\talpha\tBLEU\tmean score\tlength" in done.stdout
    assert (tmp_path / "r.html").read_text("utf-8").count('"steps":') == 2

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

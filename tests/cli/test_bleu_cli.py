"""The command line of `seqtools bleu`."""

import json

import pytest

HYP = ["The cat sat on the mat.", "He reads a book.", "It was a dark night.", "We saw two dogs."]
REF = ["The cat is on the mat.", "He is reading a book.", "The night was dark.", "We saw two dogs."]
OTHER = ["A cat sat on a mat.", "She reads the book.", "It was a dark night.", "We saw dogs."]


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, lines in (("hyp", HYP), ("ref", REF), ("other", OTHER)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")


def test_roles_and_counts_are_always_said(seqtools):
    done = seqtools("bleu", "hyp", "ref", "other")
    assert done.stderr.splitlines() == [
        "hypothesis: hyp (4 lines, 19 words)",
        "reference 1: ref (4 lines, 19 words)",
        "reference 2: other (4 lines, 18 words)",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["hyp", "ref", "other"],
        ["ref", "other", "-i", "hyp"],
        ["-i", "hyp", "-r", "ref", "other"],
        ["hyp", "-r", "ref", "-r", "other"],
        ["hyp", "ref", "--ref", "other"],
        ["-m", "bleu", "hyp", "ref", "other"],
        ["-tok", "13a", "--", "hyp", "ref", "other"],
        ["-j", "4", "-nc", "hyp", "ref", "other"],
    ],
    ids=" ".join,
)
def test_files_may_be_named_in_either_order(seqtools, arguments):
    done = seqtools("bleu", "-b", "-w", 6, *arguments)
    assert done.stdout == seqtools("bleu", "hyp", "ref", "other", "-b", "-w", 6).stdout
    assert "hypothesis: hyp" in done.stderr


def test_json_has_the_contracts_keys(seqtools):
    payload = json.loads(seqtools("bleu", "hyp", "ref", "--json").stdout)
    keys = "schema_version name score signature verbose_score nrefs case eff tok smooth version"
    keys += " precisions counts totals bp hyp_len ref_len hypothesis references"
    assert set(keys.split()) <= set(payload)
    assert payload["hypothesis"] == {"path": "hyp", "lines": 4, "words": 19, "empty_lines": 0}
    assert [file["path"] for file in payload["references"]] == ["ref"]
    assert payload["score"] == round(payload["score_exact"], 1)


def test_several_metrics_are_a_list_in_json_and_aligned_lines_in_text(seqtools):
    done = seqtools("bleu", "hyp", "ref", "-m", "ter", "chrf", "bleu", "-q")
    lines = done.stdout.splitlines()
    assert [line.strip().split("|")[0] for line in lines] == ["BLEU", "chrF2", "TER"]
    assert len({line.index(" = ") for line in lines}) == 1
    payload = json.loads(seqtools("bleu", "hyp", "ref", "-m", "ter,bleu", "-f", "json").stdout)
    assert [score["name"] for score in payload["scores"]] == ["TER", "BLEU"]


def test_comparison_prints_a_row_a_system(seqtools):
    done = seqtools("bleu", "hyp", "ref", "--compare", "other", "--samples", 50, "-q")
    header, baseline, other, signature, note = done.stdout.splitlines()
    assert header.split("\t") == ["system", "BLEU", "mean", "95% interval", "difference", "p"]
    assert baseline.startswith("baseline: hyp\t")
    assert other.startswith("other\t")
    assert "bs:50|seed:12345" in signature
    assert note.endswith("paired bootstrap resampling, 50 resamples, seed 12345")


def test_comparison_by_randomization_in_json(seqtools):
    options = ["--compare", "other", "--test", "randomization", "--samples", 64, "--seed", 3]
    payload = json.loads(seqtools("bleu", "hyp", "ref", *options, "--json").stdout)
    assert (payload["test"], payload["samples"], payload["seed"]) == ("randomization", 64, 3)
    baseline, other = payload["systems"]
    assert baseline["baseline"]
    assert baseline["BLEU"]["p_value"] is None
    assert 0 < other["BLEU"]["p_value"] <= 1
    difference = other["BLEU"]["score"] - baseline["BLEU"]["score"]
    assert other["BLEU"]["difference"] == pytest.approx(difference)


def test_systems_without_a_test_are_scored_side_by_side(seqtools):
    done = seqtools("bleu", "ref", "-i", "hyp", "other", "-q")
    assert done.stdout.splitlines()[0] == "system\tBLEU"
    assert len(done.stdout.splitlines()) == 4
    scores = seqtools("bleu", "ref", "-i", "hyp", "other", "-q", "-b").stdout.split()
    assert len(scores) == 2


def test_latex_is_a_table_of_systems(seqtools):
    done = seqtools("bleu", "ref", "-i", "hyp", "other", "-pbs", "-pbsn", 20, "-f", "latex", "-q")
    assert done.stdout.startswith("\\begin{tabular}{lr}\n\\toprule\nSystem & BLEU \\\\\n")
    assert " $\\pm$ " in done.stdout
    refused = seqtools("bleu", "hyp", "ref", "-f", "latex")
    assert refused.exit_code == 2


def test_lines_are_scored_one_by_one(seqtools):
    assert len(seqtools("bleu", "hyp", "ref", "-sl", "-q").stdout.splitlines()) == 4
    rows = seqtools("bleu", "hyp", "ref", "-sl", "-f", "jsonl", "-q").stdout.splitlines()
    objects = [json.loads(row) for row in rows]
    assert [row["line"] for row in objects] == [1, 2, 3, 4]
    assert objects[3]["counts"] == [5, 4, 3, 2]
    payload = json.loads(seqtools("bleu", "hyp", "ref", "-sl", "--json").stdout)
    for row, other in zip(payload["sentences"], objects, strict=True):
        assert row.items() <= other.items()


def test_json_lines_hold_one_score_or_system_each(seqtools):
    rows = seqtools("bleu", "hyp", "ref", "-m", "bleu", "chrf", "-f", "jsonl", "-q").stdout
    assert [json.loads(row)["name"] for row in rows.splitlines()] == ["BLEU", "chrF2"]
    rows = seqtools("bleu", "ref", "-i", "hyp", "other", "-pbs", "-pbsn", 9, "-f", "jsonl", "-q")
    objects = [json.loads(row) for row in rows.stdout.splitlines()]
    assert [row["system"] for row in objects] == ["hyp", "other"]
    assert objects[1]["samples"] == 9


def test_explanation_shows_orders_formula_ngrams_and_lines(seqtools):
    out = seqtools("bleu", "hyp", "ref", "--explain", "--num-lines", 1, "-q").stdout
    assert "n-grams\tmatched\tbefore clipping\tin hypotheses\tprecision" in out
    assert "BLEU = 100 * " in out
    assert "most missed\torder\ttimes\tlines" in out
    assert "  hypothesis: It was a dark night ." in out
    payload = json.loads(seqtools("bleu", "hyp", "ref", "--explain", "--line", 2, "--json").stdout)
    [line] = payload["explain"]["lines"]
    assert (line["line"], line["hypothesis"]) == (2, "He reads a book .")
    assert payload["explain"]["orders"][0]["clipped"] == payload["counts"][0]


def test_groups_take_frequencies_from_a_training_file(seqtools, tmp_path):
    (tmp_path / "train").write_text("the the cat\n", "utf-8")
    out = seqtools("bleu", "hyp", "ref", "--buckets", "--train", "train", "-q").stdout
    assert "reference length\tlines\tBLEU\tlength ratio" in out
    payload = json.loads(
        seqtools("bleu", "hyp", "ref", "--buckets", "--train", "train", "--json").stdout
    )
    labels = [group["label"] for group in payload["buckets"]["by_frequency"]]
    assert labels == ["0", "1", "2"]


def test_explaining_other_metrics_is_refused(seqtools):
    done = seqtools("bleu", "hyp", "ref", "-m", "chrf", "--explain")
    assert done.exit_code == 1
    assert "add bleu to metrics" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name a hypothesis file and a reference file."),
        (["-i", "hyp"], "name a reference file."),
        (["-i", "hyp", "ref"], "name a reference file."),
        (
            ["hyp", "ref", "-par"],
            "a paired test needs at least 2 systems; name another (--compare).",
        ),
        (["hyp", "ref", "-sl", "-m", "bleu", "chrf"], "one metric at a time"),
        (["hyp", "ref", "-sv", "1"], "smooth_value belongs to floor and add-k"),
        (["hyp", "ref", "-s", "floor", "-sv", "nan"], "nan is not a finite number above 0"),
        (["hyp", "ref", "-tok", "13b"], "'13b' is not one of"),
        (["hyp", "ref", "-w", "-1"], "-1 is not in the range"),
        (["hyp", "ref", "-ci", "-cin", "0"], "0 is not in the range"),
        (["hyp", "ref", "-m", "meteor"], "metrics must be one of bleu, chrf, ter, got 'meteor'"),
        (["hyp", "ref", "-m"], "requires an argument"),
        (["hyp", "ref", "ref", "-nr", "2"], "name just one"),
        (["-", "-"], "standard input can be read once"),
    ],
)
def test_wrong_usage_exits_with_2(seqtools, arguments, message):
    done = seqtools("bleu", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_options_come_from_a_configuration_file(seqtools, tmp_path):
    (tmp_path / "c.toml").write_text("lowercase = true\nwidth = 3\n", "utf-8")
    out = seqtools("bleu", "hyp", "ref", "--config", "c.toml", "-q").stdout
    assert "case:lc" in out
    assert len(out.split(" = ")[1].split()[0].split(".")[1]) == 3


def test_help_shows_defaults_and_examples(seqtools):
    out = seqtools("bleu", "--help").stdout
    assert "seqtools bleu hyp.txt ref.txt -ci\n" in out
    assert "[default: 13a]" in out


def test_a_reference_alone_does_not_wait_for_a_keyboard(seqtools, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    outcome = seqtools("bleu", "ref.txt")
    assert outcome.exit_code == 2
    assert "Name a reference file too, or pipe the hypotheses in." in outcome.stderr

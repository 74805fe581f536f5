"""The command line of `seqtools wer`."""

import io
import json
import sys

import pytest

REF = ["the cat sat on the mat", "", "Hello, world!", "one two"]
HYP = ["the bat sat on mat", "oh", "hello world", "one two"]


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, lines in (("hyp", HYP), ("ref", REF)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ["hyp", "ref"],
        ["--hyp", "hyp", "--ref", "ref"],
        ["hyp", "-r", "ref"],
        ["-r", "ref", "hyp"],
        ["--hyp", "hyp", "ref"],
    ],
    ids=" ".join,
)
def test_files_may_be_named_either_way(seqtools, arguments):
    done = seqtools("wer", *arguments)
    assert done.stderr.splitlines() == [
        "hypothesis: hyp (4 lines, 10 words)",
        "reference: ref (4 lines, 1 empty, 10 words)",
        "normalized: nothing",
    ]
    header, row = done.stdout.splitlines()
    assert header.startswith("measure\trate %\t95% interval\terrors\tsubstitutions\t")
    cells = row.split("\t")
    assert cells[:2] == ["WER", "50.00"]
    assert cells[3:] == ["5", "3", "1", "1", "10", "4", "3"]


def test_json_is_one_object(seqtools):
    done = seqtools("wer", "hyp", "ref", "--json", "--cer", "--aligned", "--normalize", "all")
    payload = json.loads(done.stdout)
    assert list(payload) == [
        "schema_version", "hypothesis", "reference", "normalize", "wer", "cer", "sentences",
    ]  # fmt: skip
    assert payload["reference"] == {"path": "ref", "lines": 4, "words": 10, "empty_lines": 1}
    assert payload["normalize"] == ["nfkc", "lower", "punctuation"]
    assert payload["wer"]["rate"] == pytest.approx(0.3)
    assert payload["wer"]["errors"] == 3
    low, high = payload["wer"]["ci95"]
    assert low <= payload["wer"]["rate"] <= high
    assert payload["cer"]["errors"] == 7
    assert [item["line"] for item in payload["sentences"]] == [1, 2, 3, 4]
    assert payload["sentences"][1] == {
        "line": 2, "errors": 2, "columns": [[None, "o", "I"], [None, "h", "I"]],
    }  # fmt: skip


def test_aligned_lines_stand_below_each_other(seqtools):
    done = seqtools("wer", "hyp", "ref", "--aligned", "--normalize", "lower", "--samples", 0)
    assert "normalized: lower" in done.stderr
    assert done.stdout.split("\n\n", 1)[1] == (
        "line 1: 1 substituted, 1 deleted, 0 inserted\n"
        "REF: the cat sat on the mat\n"
        "HYP: the bat sat on *** mat\n"
        "         S          D\n"
        "\n"
        "line 2: 0 substituted, 0 deleted, 1 inserted\n"
        "REF: **\n"
        "HYP: oh\n"
        "     I\n"
        "\n"
        "line 3: 2 substituted, 0 deleted, 0 inserted\n"
        "REF: hello, world!\n"
        "HYP: hello  world\n"
        "     S      S\n"
    )


def test_spaces_can_be_seen_between_characters(seqtools):
    done = seqtools("wer", "hyp", "ref", "--cer", "--aligned")
    assert "\nCER\t" in done.stdout
    assert "REF: t h e \N{OPEN BOX} c a t" in done.stdout


def test_one_side_may_be_standard_input(seqtools, monkeypatch):
    content = io.BytesIO("\n".join(HYP).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(content)))
    done = seqtools("wer", "-", "ref")
    assert done.stdout == seqtools("wer", "hyp", "ref").stdout
    assert "hypothesis: stdin" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["hyp"], ["-r", "ref"], ["a", "b", "c"], ["--hyp", "a"]])
def test_another_number_of_files_is_a_usage_error(seqtools, arguments):
    done = seqtools("wer", *arguments)
    assert done.exit_code == 2
    assert "Name one hypothesis and one reference file" in done.stderr


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["hyp", "missing"], "missing: cannot read: No such file"),
        (["hyp", "empty"], "empty: the reference file is empty"),
        (["short", "ref"], "short: 2 hypothesis lines, but ref has 4 reference lines; line N"),
        (["binary", "ref"], "binary"),
        (["hyp", "blank"], "blank: the reference file has no word in its 4 lines"),
        (["latin", "ref"], "latin, line 1, byte 3: byte 0xe9 is not text in utf-8; convert it"),
    ],
)
def test_bad_files_are_named_in_one_line(seqtools, tmp_path, files, message):
    (tmp_path / "empty").touch()
    (tmp_path / "short").write_text("a\n\n")
    (tmp_path / "binary").write_bytes(b"a\0b\xff\n")
    (tmp_path / "blank").write_text("\n \n\n\n")
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    done = seqtools("wer", *files)
    assert done.exit_code == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_empty_lines_never_shift_the_others(seqtools, tmp_path):
    (tmp_path / "a").write_text("\none\n\n\ntwo\n")
    assert "\t0\t0\t0\t0\t2\t5\t0" in seqtools("wer", "a", "a").stdout
    (tmp_path / "b").write_text("one\n\n\n\ntwo\n")
    assert "WER\t100.00" in seqtools("wer", "a", "b").stdout


def test_another_encoding_is_read_and_invalid_bytes_are_replaced_when_asked(seqtools, tmp_path):
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    (tmp_path / "utf8").write_text("café\n")
    assert "--replace-invalid" in seqtools("wer", "latin", "latin").stderr
    done = seqtools("wer", "latin", "utf8", "--replace-invalid", "-q")
    assert "WER\t100.00" in done.stdout
    assert "WER\t0.00" in seqtools("wer", "latin", "latin", "--encoding", "latin-1").stdout

"""Bad score files and outputs: one line, nothing lost."""

import gzip

import pytest

HEADER = "hypothesis_score\treference_score\n"
GOOD = (HEADER + "-1.5\t-2.5\n-2\t-1\n").encode()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scores.tsv").write_bytes(GOOD)
    return tmp_path


def assert_one_line(done, message, code=1):
    assert done.exit_code == code
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("seqtools: error: ")
    assert message in line
    assert "defect" not in line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "scores.tsv: the score file is empty"),
        (b"\n \n", "scores.tsv: the score file is empty"),
        (HEADER.encode(), "scores.tsv: no sentence below the header"),
        (b"hypothesis_score\n-1\n", "scores.tsv, line 1: no column reference_score"),
        (
            GOOD.replace(b"-2.5", b"nan"),
            "scores.tsv, line 2: reference_score 'nan' is not a finite",
        ),
        (GOOD.replace(b"-2.5", b"2.5"), "line 2: reference_score 2.5 is above 0"),
        (GOOD.replace(b"-2.5", b"\xff"), "scores.tsv, line 2, byte 38: byte 0xff is not text"),
        (GOOD.replace(b"-2.5", b"-2\0"), "line 2, byte 40: a NUL byte"),
        (GOOD.decode().encode("utf-16"), "scores.tsv: looks like UTF-16"),
        (gzip.compress(GOOD)[:-9], "scores.tsv: damaged or cut short .gz data"),
        (GOOD.replace(b"\t", b" "), "separate columns by tabs"),
    ],
)
def test_bad_table_gets_one_line(folder, seqtools, content, message):
    (folder / "scores.tsv").write_bytes(content)
    assert_one_line(seqtools("beam-errors", "--scores", "scores.tsv"), message)


@pytest.mark.usefixtures("folder")
def test_missing_file_and_directory(seqtools):
    done = seqtools("beam-errors", "--scores", "score.tsv")
    assert_one_line(done, "score.tsv: cannot read: No such file or directory; did you mean")
    assert_one_line(
        seqtools("beam-errors", "--scores", "."), ".: cannot read: it is a directory; name a file"
    )
    done = seqtools("beam-errors", "--scores", "scores.tsv", "--nbest", "none")
    assert_one_line(done, "none: cannot read: No such file")


def test_bad_nbest_list_gets_one_line(folder, seqtools):
    (folder / "nbest").write_text("0 ||| a ||| F0= -1 ||| -1\n5 ||| a ||| F0= -1 ||| -1\n", "utf-8")
    done = seqtools("beam-errors", "--scores", "scores.tsv", "--nbest", "nbest")
    assert_one_line(done, "nbest, line 2: sentence id 5, but there are 2 sentences")


DIGITS = "9" * 5000


def test_numbers_of_too_many_digits_get_one_line(folder, seqtools):
    header = "hypothesis_score\treference_score\thypothesis_length\treference_length\n"
    for digits in (DIGITS, DIGITS[:400]):
        (folder / "long.tsv").write_text(f"{header}-1\t-2\t{digits}\t3\n")
        done = seqtools("beam-errors", "--scores", "long.tsv", "--alpha", 1)
        assert_one_line(done, "long.tsv, line 2: hypothesis_length '999")
        assert_one_line(done, "is not a whole number of at least 0")
    for content, message in (
        (f"{DIGITS} ||| a ||| F0= -1 ||| -1\n", "sentence id '999"),
        (f'{{"id": {DIGITS}, "score": -1}}\n', "the line holds a number of too many digits"),
    ):
        (folder / "nbest").write_text(content)
        done = seqtools("beam-errors", "--scores", "scores.tsv", "--nbest", "nbest")
        assert_one_line(done, f"nbest, line 1: {message}")


def test_gzip_under_any_name_is_read(folder, seqtools):
    (folder / "scores.tsv").write_bytes(gzip.compress(GOOD))
    assert seqtools("beam-errors", "--scores", "scores.tsv").exit_code == 0


@pytest.mark.usefixtures("folder")
def test_unwritable_report_is_refused_before_the_work(folder, seqtools):
    done = seqtools("beam-errors", "--scores", "nothing", "--html", "none/r.html")
    assert_one_line(done, "none/r.html: cannot write: the directory")
    (folder / "d.html").mkdir()
    done = seqtools("beam-errors", "--scores", "scores.tsv", "--html", "d.html")
    assert_one_line(done, "d.html: cannot write: it is a directory")
    done = seqtools("beam-errors", "--scores", "scores.tsv", "--html", "r.pdf")
    assert_one_line(done, "r.pdf: a page is written to a file ending in .html, got .pdf")


def test_failed_write_leaves_the_old_report(folder, seqtools, monkeypatch):
    import os

    (folder / "r.html").write_text("old", "utf-8")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    done = seqtools("beam-errors", "--scores", "scores.tsv", "--html", "r.html")
    assert_one_line(done, "r.html: cannot write: No space left on device")
    assert (folder / "r.html").read_text("utf-8") == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["r.html", "scores.tsv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either MODEL SRC REF"),
        (["--scores", "scores.tsv", "--lenpen", "-1"], "-1 is not a finite number at least 0"),
        (["--scores", "scores.tsv", "--lenpen", "nan"], "nan is not a finite number"),
        (["--scores", "scores.tsv", "--html", "-"], "stdout holds the tables; name a file"),
        (["--scores", "scores.tsv", "--max-len", "0"], "0 is not in the range"),
        (["--scores", "scores.tsv", "--tie-margin", "inf"], "inf is not a finite number"),
        (["--scores", "scores.tsv", "--score-kind", "cost"], "'cost' is not one of"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_wrong_usage_exits_with_2(seqtools, arguments, message):
    done = seqtools("beam-errors", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr

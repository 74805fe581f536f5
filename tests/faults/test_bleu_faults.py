"""Bad hypothesis and reference files: one line, the place, no score."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = b"a b c d\ne f g h\n"

BAD_CONTENT = {
    "empty": (b"", "hyp: the hypothesis file is empty"),
    "white space": (b" \n\t\n", "hyp: the hypothesis file has no word in its 2 lines"),
    "NUL": (b"a b\nc\0d\n", "hyp, line 2, byte 5: a NUL byte"),
    "invalid UTF-8": (b"a b\nc\xe9 d\n", "hyp, line 2, byte 5: byte 0xe9 is not text in utf-8"),
    "cut UTF-8": (b"a b\nc \xe2\x82", "hyp, line 2, byte 6: byte 0xe2 is not text in utf-8"),
    "UTF-16": ("a b\nc d\n".encode("utf-16"), "hyp: looks like UTF-16"),
    "UTF-16 without mark": ("a b\nc d\n".encode("utf-16-be"), "hyp: looks like UTF-16"),
    "binary": (bytes(range(256)) * 9, "hyp, line 1, byte 0: a NUL byte"),
    "cut gzip": (gzip.compress(GOOD * 500)[:-20], "hyp: damaged or cut short .gz data"),
    "one line short": (b"a b c d\n", "hyp: 1 hypothesis lines, but ref has 2 reference lines"),
    "one line long": (GOOD + b"i\n", "hyp: 3 hypothesis lines, but ref has 2 reference lines"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hyp").write_bytes(GOOD)
    (tmp_path / "ref").write_bytes(GOOD)
    return tmp_path


def assert_one_line(done, message):
    assert done.exit_code == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("seqtools: error: ")
    assert message in line
    assert "defect" not in line


@pytest.mark.parametrize("name", BAD_CONTENT)
@pytest.mark.parametrize("options", [[], ["--json"], ["-sl"]], ids=["", "json", "lines"])
def test_bad_hypothesis_gets_one_line(folder, seqtools, name, options):
    content, message = BAD_CONTENT[name]
    (folder / "hyp").write_bytes(content)
    assert_one_line(seqtools("bleu", "hyp", "ref", *options), message)


@pytest.mark.parametrize("name", [name for name in BAD_CONTENT if "line" not in name])
def test_bad_reference_gets_one_line(folder, seqtools, name):
    content, message = BAD_CONTENT[name]
    (folder / "ref2").write_bytes(content)
    message = message.replace("hyp", "ref2", 1).replace("hypothesis", "reference")
    assert_one_line(seqtools("bleu", "hyp", "ref", "ref2"), message)


def test_missing_file_and_directory(folder, seqtools):
    (folder / "sub").mkdir()
    assert_one_line(seqtools("bleu", "hyp", "rev"), "rev: cannot read: No such file")
    assert_one_line(seqtools("bleu", "hyp", "rev"), "did you mean ref?")
    assert_one_line(
        seqtools("bleu", "sub", "ref"), "sub: cannot read: it is a directory; name a file"
    )
    assert_one_line(seqtools("bleu", "none/hyp", "ref"), "there is no directory none")


@pytest.mark.usefixtures("folder")
def test_file_without_permission(seqtools, monkeypatch):
    opened = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "hyp":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    # Root reads everything, so that taking the permission away would test nothing.
    monkeypatch.setattr(Path, "open", refuse)
    assert_one_line(seqtools("bleu", "hyp", "ref"), "hyp: cannot read: Permission denied")


@pytest.mark.usefixtures("folder")
def test_dev_null_is_empty(seqtools):
    assert_one_line(seqtools("bleu", "/dev/null", "ref"), "the hypothesis file is empty")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b" ", b"\t"),
        gzip.compress(GOOD),
        GOOD.rstrip(b"\n"),
    ],
    ids=["BOM", "CRLF", "tabs", "gzip", "no last line feed"],
)
def test_harmless_differences_score_100(folder, seqtools, content):
    (folder / "hyp").write_bytes(content)
    done = seqtools("bleu", "hyp", "ref", "-b", "-w", 4, "-q")
    assert (done.exit_code, done.stdout) == (0, "100.0000\n")


@pytest.mark.parametrize("character", ["\u2028", "\x85", "\r"])
def test_odd_line_ends_inside_a_line_do_not_shift_lines(folder, seqtools, character):
    (folder / "hyp").write_text(f"a b{character}c d\ne f g h\n", "utf-8", newline="")
    done = seqtools("bleu", "hyp", "ref", "-b", "-q")
    assert (done.exit_code, done.stdout) == (0, "100.0\n")


def test_wrong_number_of_tabbed_references(folder, seqtools):
    (folder / "ref").write_text("a\tb\nc\n", "utf-8")
    done = seqtools("bleu", "hyp", "ref", "-nr", 2)
    assert_one_line(done, "ref, line 2: 1 references, not 2")


def test_empty_lines_are_counted_and_warned_of(folder, seqtools):
    (folder / "hyp").write_text("a b c d\n\n", "utf-8")
    done = seqtools("bleu", "hyp", "ref", "-w", 2)
    assert "= 36.79 " in done.stdout
    assert "seqtools: warning: hyp: 1 of 2 lines empty" in done.stderr


def test_line_without_any_reference_is_an_error_if_empty_ones_are_skipped(folder, seqtools):
    (folder / "ref").write_text("a b c d\n\n", "utf-8")
    assert "= 36.79 " not in seqtools("bleu", "hyp", "ref", "-q").stdout
    done = seqtools("bleu", "hyp", "ref", "--skip-empty-refs")
    assert_one_line(done, "ref, line 2: no reference has a word here")
    (folder / "ref2").write_text("\ne f g h\n", "utf-8")
    done = seqtools("bleu", "hyp", "ref", "ref2", "--skip-empty-refs", "-q")
    assert "nrefs:1|" in done.stdout
    assert " = 100.0 " in done.stdout


@pytest.mark.parametrize(
    ("text", "options", "is_warned"),
    [
        ("我 昨天 去 了 图书馆\n你好", [], True),
        ("昨日図書館に行きました\nこんにちは", [], True),
        ("어제 도서관에 갔습니다\n안녕", ["-tok", "intl"], True),
        ("我昨天去了图书馆\n你好", ["-tok", "zh"], False),
        ("我昨天去了图书馆\n你好", ["-tok", "char"], False),
        ("\u03c7\u03b8\u03b5\u03c2 \u03b5\u03b4\u03ce\nna", [], False),
        ("naïve café in the town\nsushi (寿司) yes it is very good", [], False),
    ],
)
def test_text_without_spaces_under_a_tokenizer_that_needs_them(
    folder, seqtools, text, options, is_warned
):
    for name in ("hyp", "ref"):
        (folder / name).write_text(text + "\n", "utf-8")
    done = seqtools("bleu", "hyp", "ref", *options)
    assert done.exit_code == 0
    assert ("use -tok zh, ja-mecab, ko-mecab or char" in done.stderr) is is_warned


def test_tokenized_text_is_warned_of_unless_forced(folder, seqtools):
    for name in ("hyp", "ref"):
        (folder / name).write_text("a b c d .\n" * 100, "utf-8")
    warning = "100 lines end in a tokenized period"
    assert warning in seqtools("bleu", "hyp", "ref").stderr
    assert warning not in seqtools("bleu", "hyp", "ref", "--force").stderr


@pytest.mark.usefixtures("folder")
def test_names_in_the_wrong_order_are_warned_of(seqtools):
    warning = "ref is read as the hypothesis and hyp as the reference"
    assert warning in seqtools("bleu", "ref", "hyp").stderr
    assert warning not in seqtools("bleu", "hyp", "ref").stderr
    assert warning not in seqtools("bleu", "ref", "-i", "hyp").stderr
    assert warning not in seqtools("bleu", "ref", "hyp", "-q").stderr


def command(folder, script):
    """Run a shell script in which "$seqtools" is the command."""
    root = Path(__file__).resolve().parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(root / "cli")]),
        "seqtools": f"{sys.executable} -m seqtools_cli",
    }
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_closed_pipe_ends_quietly(folder):
    for name in ("hyp", "ref"):
        (folder / name).write_bytes(GOOD * 2000)
    done = command(folder, "set -o pipefail; $seqtools bleu -q -sl hyp ref | head -1")
    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_full_disk_gets_one_line(folder):
    done = command(folder, "$seqtools bleu -q hyp ref > /dev/full")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "No space left on device" in line


def test_closed_standard_input_and_output_get_one_line(folder):
    done = command(folder, "$seqtools bleu -q - ref <&-")
    assert done.returncode == 1
    assert done.stderr == (
        "seqtools: error: stdin: cannot read: it is closed; name a file or pipe one in\n"
    )
    done = command(folder, "$seqtools bleu -q hyp ref >&-")
    assert done.returncode == 1
    assert done.stderr == "seqtools: error: stdout: cannot write: it is closed\n"


def test_standard_input_is_the_hypothesis(folder):
    for script in (
        "$seqtools bleu - ref < hyp",
        "$seqtools bleu ref < hyp",
        "$seqtools bleu -r ref <hyp",
    ):
        done = command(folder, script)
        assert done.returncode == 0
        assert " = 100.0 " in done.stdout
        assert "hypothesis: stdin (2 lines, 8 words)" in done.stderr
    done = command(folder, "$seqtools bleu ref < /dev/null")
    assert "stdin: the hypothesis file is empty" in done.stderr


def test_command_loads_no_compiler(folder):
    script = (
        "import sys; from seqtools_cli.main import run; "
        "code = run(['bleu', 'hyp', 'ref', '-ci', '-q']); "
        "sys.exit(code or 'numba' in sys.modules or 'gensim' in sys.modules)"
    )
    assert command(folder, f'{sys.executable} -c "{script}"').returncode == 0

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.audio.manifest import Utterance, read_manifest, write_manifest
from seqtools.errors import FileAccessError, ManifestError, SettingsError


@pytest.fixture
def write(tmp_path):
    def write_text(content):
        path = tmp_path / "set.tsv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_text


def test_lines_are_utterances_with_paths_beside_the_manifest(write, tmp_path):
    path = write("a.wav\tone two\nsub/b.wav\t zwölf \t0.5\t1.25\nc.wav\tx\t1\t\n")
    manifest = read_manifest(path)
    assert manifest.utterances == (
        Utterance(tmp_path / "a.wav", "one two", 0.0, None, 1),
        Utterance(tmp_path / "sub" / "b.wav", "zwölf", 0.5, 1.25, 2),
        Utterance(tmp_path / "c.wav", "x", 1.0, None, 3),
    )
    assert len(manifest) == 3
    assert manifest.texts == ["one two", "zwölf", "x"]


@pytest.mark.parametrize("heading", ["path\ttext", "Path\tText\tStart\tEnd"])
def test_a_heading_a_mark_carriage_returns_and_blank_lines_at_the_end_are_passed_over(
    write, heading
):
    manifest = read_manifest(write(f"\ufeff{heading}\r\na.wav\tyes\r\n\r\n\n"))
    assert [(u.text, u.line) for u in manifest.utterances] == [("yes", 2)]


def test_where_no_text_is_needed_a_path_is_enough(write):
    manifest = read_manifest(write("a.wav\nb.wav\t\nc.wav\tsaid\n"), needs_text=False)
    assert manifest.texts == ["", "", "said"]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("a.wav\tx\nb.wav\n", 2, "1 columns; a line is path<TAB>text"),
        ("a.wav\tx\ty\n", 1, "3 columns"),
        ("a.wav\tx\t1\t2\t3\n", 1, "5 columns"),
        ("\tx\n", 1, "no path in the first column"),
        ("a\0.wav\tx\n", 1, "byte 1: a NUL byte, which text never holds"),
        ("a.wav\tx\nb.wav\ty\0z\n", 2, "byte 15: a NUL byte, which text never holds"),
        (b"a.wav\tx\nb.wav\ty\xff\n", 2, "byte 15: invalid UTF-8; convert it to UTF-8 with"),
        ("a.wav\t \n", 1, "no text in the second column"),
        ("a.wav\tx\t1,5\t2\n", 1, "times '1,5' and '2' are not numbers"),
        ("a.wav\tx\t1_0\t20\n", 1, "times '1_0' and '20' are not numbers"),
        ("a.wav\tx\t2\t1\n", 1, "times from 2 to 1; start must be at least 0"),
        ("a.wav\tx\t-1\t\n", 1, "times from -1 to the end"),
        ("a.wav\tx\tnan\t2\n", 1, "times from nan to 2"),
        ("a.wav\tx\t0\tinf\n", 1, "times from 0 to inf"),
        ("a.wav\tx\n\nb.wav\ty\n", 2, "blank line; remove it"),
    ],
)
def test_a_faulty_line_is_named(write, content, line, message):
    path = write(content)
    with pytest.raises(ManifestError) as raised:
        read_manifest(path)
    assert str(raised.value).startswith(f"{path}, line {line}")
    assert message in str(raised.value)


@pytest.mark.parametrize("content", ["", "\n\n", "path\ttext\n"])
def test_a_manifest_without_utterances_is_refused(write, content):
    with pytest.raises(ManifestError, match=r"set\.tsv: holds no utterances"):
        read_manifest(write(content))


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"none\.tsv: cannot read: No such file"):
        read_manifest(tmp_path / "none.tsv")


def test_standard_input_is_read(monkeypatch):
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"a.wav\tx\nb.wav\n")))
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(ManifestError, match=r"^stdin, line 2: 1 columns"):
        read_manifest("-")


fields = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1)


@given(
    st.lists(
        st.builds(
            Utterance,
            fields.map(lambda name: Path("/data") / name.replace("/", "_").replace(".", "_")),
            fields,
            st.sampled_from([0.0, 0.5, 3.000125]),
            st.sampled_from([None, 4.0, 12345.678901]),
        ),
        min_size=1,
    )
)
def test_what_is_written_comes_back(tmp_path_factory, utterances):
    path = tmp_path_factory.getbasetemp() / "written.tsv"
    write_manifest(path, utterances)
    back = read_manifest(path).utterances
    for before, after in zip(utterances, back, strict=True):
        assert after.path.resolve() == before.path
        assert after.text == before.text
        assert (after.start_seconds, after.end_seconds) == (
            before.start_seconds,
            before.end_seconds,
        )


def test_fields_that_would_break_the_file_are_not_written(tmp_path):
    for bad in (Utterance(tmp_path / "a\tb", "x"), Utterance(tmp_path / "a", "x\ny")):
        with pytest.raises(SettingsError, match="no tab or line feed"):
            write_manifest(tmp_path / "m.tsv", [bad])
    with pytest.raises(SettingsError, match="at least one"):
        write_manifest(tmp_path / "m.tsv", [])
    assert not (tmp_path / "m.tsv").exists()

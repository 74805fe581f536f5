import gzip

import pytest

from seqtools.evaluation.analogy_sets import (
    is_syntactic,
    read_analogy_set,
    read_analogy_sets,
)


def test_questions_are_read_by_section(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(
        "//Copyright\n# comment\n: family\nboy girl king queen\n\n"
        ":gram1-adverb\ncalm\tcalmly\tquick\tquickly\n: family\nhe she his her\n"
    )
    questions = read_analogy_set(path)
    assert questions.name == "questions"
    assert questions.sections == ("family", "gram1-adverb")
    assert questions.section_of.tolist() == [0, 1, 0]
    assert questions.questions[1] == ("calm", "calmly", "quick", "quickly")


def test_questions_without_a_section_are_read(tmp_path):
    path = tmp_path / "msr.txt.gz"
    path.write_bytes(gzip.compress(b"good better rough rougher\n"))
    questions = read_analogy_set(path)
    assert questions.name == "msr"
    assert questions.sections == ("(no section)",)


def test_two_files_of_one_name_get_different_names(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "q.txt").write_text("a b c d\n")
    sets = read_analogy_sets([tmp_path / "a" / "q.txt", tmp_path / "b" / "q.txt"])
    assert len({questions.name for questions in sets}) == 2


@pytest.mark.parametrize(
    ("section", "expected"),
    [("gram1-adjective-to-adverb", True), ("Gram9", True), ("family", False)],
)
def test_sections_named_gram_are_syntactic(section, expected):
    assert is_syntactic(section) is expected

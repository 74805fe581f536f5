"""The table that README.md shows of the benchmarks' figures."""

import json

import pytest

from benchmarks.shared.report import Row, write
from benchmarks.table import figure, load_reports, markdown_tables, terminal_lines, verdict


@pytest.fixture
def results(tmp_path):
    """Write one report as benchmarks do."""
    rows = [
        Row("training", "tokens/s", 1_500_000.0, 100_000.0, 15.0, 8, 15, [15.0]),
        Row("memory", "MB", 80.0, 100.0, 0.8, 1.0, 0.5, [0.8]),
        Row("search", "s", 0.0123, 0.0246, 2.0, None, None, [2.0]),
    ]
    write(tmp_path / "speed.json", "Speed", "a corpus", "gensim 4", rows)
    return tmp_path


def test_written_reports_become_markdown(results):
    lines = markdown_tables(results).split("\n")
    assert lines[0].startswith("**Speed** (a corpus; ")
    assert lines[2] == "| | unit | seqtools | gensim 4 | ratio |"
    assert lines[4] == "| training | tokens/s | 1,500,000 | 100,000 | 15.00 |"
    assert lines[5] == "| memory | MB | 80 | 100 | 0.80 (less is better) |"
    assert lines[6] == "| search | s | 0.0123 | 0.0246 | 2.00 |"


def test_lines_for_the_terminal_say_what_is_reached(results):
    endings = [line.rsplit("  ", 1)[1].strip() for line in list(terminal_lines(results))[1:]]
    assert endings == ["aim reached", "reached", ""]


@pytest.mark.parametrize(
    ("ratio", "reach", "aim", "expected"),
    [
        (7.9, 8, 15, "MISSED"),
        (8.0, 8, 15, "reached"),
        (1.0, 1.0, 0.5, "reached"),
        (1.1, 1.0, 0.5, "MISSED"),
        (0.5, 1.0, 0.5, "aim reached"),
        (3.0, 2.5, None, "reached"),
        (3.0, None, None, ""),
    ],
)
def test_an_aim_below_what_is_to_be_reached_asks_for_a_small_ratio(ratio, reach, aim, expected):
    assert verdict({"ratio": ratio, "reach": reach, "aim": aim}) == expected


def test_no_results_are_said_to_be_none(tmp_path):
    assert load_reports(tmp_path) == []
    assert "make bench" in markdown_tables(tmp_path)


def test_reports_hold_the_documented_keys(results):
    report = json.loads((results / "speed.json").read_text("utf-8"))
    assert {"title", "corpus", "peer", "machine", "rows"} <= set(report)
    assert set(report["rows"][0]) == {
        "name", "unit", "ours", "peer", "ratio", "reach", "aim", "ratios",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (12.345, "12.3"), (999.4, "999"), (1234.5, "1,234")]
)
def test_figures_have_three_digits_and_thousands_apart(number, text):
    assert figure(number) == text

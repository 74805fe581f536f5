"""What the console prints on stderr goes where a progress bar wants it."""

import re
import sys
import warnings
from collections import Counter

import pytest

from seqtools.errors import SeqtoolsWarning
from seqtools_cli.console import Console, time_of_training


class Bar:
    """Stands in for stderr, as a running progress bar does: all else is that of stderr."""

    def __init__(self, stderr):
        self._stderr, self.lines = stderr, []

    def write(self, text):
        self.lines.append(text)

    def __getattr__(self, name):
        return getattr(self._stderr, name)


@pytest.mark.parametrize("kind", ["note", "detail", "warning"])
def test_lines_go_through_what_stands_in_for_stderr(monkeypatch, kind):
    bar, console = Bar(sys.stderr), Console(verbose=True)
    monkeypatch.setattr(sys, "stderr", bar)
    with warnings.catch_warnings():
        console.show_warnings()
        if kind == "warning":
            warnings.warn("a line", SeqtoolsWarning, stacklevel=1)
        else:
            getattr(console, kind)("a line")
    assert "".join(bar.lines) == ("seqtools: warning: " if kind == "warning" else "") + "a line\n"


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_nothing_of_a_table_is_left_out_in_a_narrow_terminal(monkeypatch, capsys, width):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ["measure", "interval", "substitutions", "insertions", "reference words"]
    cells = ["words", "1.234 to 5.678", "0.0023456", "6.55e-12", "12345"]
    Console().table(columns, [cells])
    printed = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)
    assert {"0.0023456", "6.55e-12", "12345"} <= set(re.split(r"[\s│]+", printed))
    letters = Counter(filter(str.isalnum, "".join([*columns, *cells])))
    assert Counter(filter(str.isalnum, printed)) == letters
    if width > 40:
        assert max(map(len, printed.splitlines())) <= width
    else:  # there is no room for whole numbers and a letter of each text
        assert printed.splitlines() == ["\t".join(columns), "\t".join(cells)]


def test_a_resumed_run_tells_its_own_time_from_that_of_all_runs():
    assert time_of_training(2.0, 3.0) == "2.0 s training, 3.0 s in all"
    assert time_of_training(9.0, 3.0) == "9.0 s training in all runs, 3.0 s in this one"

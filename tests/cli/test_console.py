"""What the console prints on stderr goes where a progress bar wants it."""

import sys
import warnings

import pytest

from seqtools.errors import SeqtoolsWarning
from seqtools_cli.console import Console


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

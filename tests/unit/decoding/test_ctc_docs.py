"""The example of docs/ctc.md runs."""

from pathlib import Path

import numpy as np

from seqtools.text.kneser_ney import train_ngram_model

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ctc.md"


def test_the_example_prints_text_and_times(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train_ngram_model([["a", "ab"], ["ab", "b"]], order=2).write("words.arpa")
    output = np.full((7, 4), -4.0, np.float32)
    output[np.arange(7), [2, 0, 1, 2, 3, 3, 0]] = 4
    example = PAGE.read_text("utf-8").split("```python\n")[1].split("```")[0]
    exec(example, {"symbols": ["", " ", "a", "b"], "output": output})
    text, times = capsys.readouterr().out.splitlines()
    assert text.startswith("a ab ")
    assert times == (
        "[TimedText(text='a', start_seconds=0.0, end_seconds=0.03), "
        "TimedText(text='ab', start_seconds=0.09, end_seconds=0.18)]"
    )

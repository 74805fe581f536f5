"""The examples that prepare speech: parts apart, texts true, the same bytes again."""

import importlib.util
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.manifest import read_manifest
from seqtools.audio.manifest_checks import check_recordings
from seqtools.audio.reading import read_recording

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SETTINGS = FeatureSettings(sample_rate=8000)


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(monkeypatch, tmp_path, data):
    """Run an example on real data, and return its folder."""

    def run_example(name, source, *options, out="out"):
        arguments = [name, str(data / source), str(tmp_path / out), *options]
        monkeypatch.setattr(sys, "argv", arguments)
        load(name).main()
        return tmp_path / out

    return run_example


SIZES = ("--train", "12", "--valid", "3", "--test", "6")


def test_strings_of_digits_are_one_speakers_recordings_and_their_words(run, data):
    folder = run("digit_strings", "fsdd", *SIZES)
    module = load("digit_strings")
    for part, size in (("train", 12), ("valid", 3), ("test", 6)):
        manifest = read_manifest(folder / f"{part}.tsv")
        assert len(manifest) == size
        assert (check_recordings(manifest, SETTINGS) > 40).all()
        pool = module.find_recordings(data / "fsdd", module.PARTS[part])
        for utterance in manifest.utterances:
            words = utterance.text.split()
            assert 2 <= len(words) <= 5
            # The last recording stands at the end as it is: one of this part, of that digit.
            joined = read_recording(utterance.path).samples
            digit = module.WORDS.index(words[-1])
            ends = [
                read_recording(path).samples
                for paths in pool.values()
                for path in paths
                if path.name.startswith(str(digit))
            ]
            assert any(np.array_equal(joined[-len(end) :], end) for end in ends)


def test_no_recording_is_in_two_parts(data):
    module = load("digit_strings")
    names = [
        path.name
        for indices in module.PARTS.values()
        for paths in module.find_recordings(data / "fsdd", indices).values()
        for path in paths
    ]
    assert len(names) == len(set(names)) == 3000
    test = module.find_recordings(data / "fsdd", module.PARTS["test"])
    assert {path.parent.name for paths in test.values() for path in paths} == {"test"}
    assert sum(map(len, test.values())) == 300


def test_the_same_seed_gives_the_same_strings(run):
    first = run("digit_strings", "fsdd", *SIZES, "--digits", out="first")
    second = run("digit_strings", "fsdd", *SIZES, "--digits", out="second")
    other = run("digit_strings", "fsdd", *SIZES, "--seed", "2", out="other")
    for path in sorted(first.rglob("*.*")):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()
    assert (first / "test.tsv").read_bytes() != (other / "test.tsv").read_bytes()
    assert all(text.isdigit() for text in read_manifest(first / "test.tsv").texts)


def test_yes_and_no_are_split_as_in_kaldis_recipe(run):
    folder = run("yes_no", "yesno")
    train, test = (read_manifest(folder / f"{part}.tsv") for part in ("train", "test"))
    assert (len(train), len(test)) == (31, 29)
    assert train.texts[0] == "no no no no yes yes yes yes"
    assert all(len(text.split()) == 8 for text in train.texts + test.texts)
    assert (check_recordings(test, SETTINGS) > 300).all()


def test_recordings_are_cut_between_their_words(run, monkeypatch):
    folder = run("yes_no", "yesno")
    module = load("cut_at_pauses")
    arguments = ["cut_at_pauses", str(folder / "train.tsv"), str(folder / "cut.tsv")]
    monkeypatch.setattr(sys, "argv", arguments)
    module.main()
    whole, found = (read_manifest(folder / f"{name}.tsv").utterances for name in ("train", "cut"))
    assert [u.text for u in found[:31]] == [u.text for u in whole]
    pieces, cut = found[31:], 0
    for recording in whole:
        own = [piece for piece in pieces if piece.path == recording.path]
        cut += bool(own)
        assert not own or " ".join(piece.text for piece in own) == recording.text
        assert all(a.end_seconds == b.start_seconds for a, b in pairwise(own))
    assert cut >= 29


def test_a_cut_lies_in_the_silence_between_two_tones():
    module, rate = load("cut_at_pauses"), 8000
    tone = np.sin(np.arange(int(0.3 * rate)) / 4)
    silence = 1e-3 * np.random.default_rng(1).standard_normal(int(0.4 * rate))
    samples = np.concatenate([silence, tone, silence, tone, silence])
    [cut] = module.find_cuts(samples, rate, 2)
    assert cut == pytest.approx(0.9, abs=0.02)
    assert module.find_cuts(samples, rate, 3) is None

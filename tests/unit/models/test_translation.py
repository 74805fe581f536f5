"""Training and use of translators on a toy language: lines written backwards."""

import dataclasses

import numpy as np
import pytest

from seqtools.decoding.beam import BeamSettings
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.sampling import SamplingSettings
from seqtools.errors import CheckpointError, ModelError, SettingsError, TrainingInterrupted
from seqtools.models.translating import LineTranslator, TranslationSettings
from seqtools.models.translation import load_translation
from seqtools.models.translation_run import train_translation
from seqtools.monitor import NullMonitor, StopRequest
from tests.unit.models.reverse_task import make_plan, write_pairs


class StoppingMonitor(NullMonitor):
    """Asks to stop after some reports."""

    def __init__(self, stop, reports):
        self.stop, self.left = stop, reports

    def update(self, progress):
        del progress
        self.left -= 1
        if self.left == 0:
            self.stop.signal_number = 15


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """Return a directory with a translator that has learned to write backwards."""
    folder = tmp_path_factory.mktemp("reverse")
    train_translation(make_plan(folder, folder / "model", epochs=16))
    return folder / "model"


def test_nine_of_ten_new_lines_are_reversed_by_the_stored_model(learned, tmp_path):
    source, target = write_pairs(tmp_path, 60, seed=4)
    translator = LineTranslator([load_translation(learned)])
    outputs = translator.translate(source.read_text().splitlines(), TranslationSettings())
    wanted = target.read_text().splitlines()
    right = [best.text == line for [best], line in zip(outputs, wanted, strict=True)]
    assert sum(right) >= 54


def test_an_output_is_one_line_whatever_its_symbols_spell(learned, monkeypatch):
    translator = LineTranslator([load_translation(learned)])
    spelt = "a\nb\rc\x00d\u2028e\tf\x85"
    monkeypatch.setattr(translator.model.target_codec, "decode", lambda _: spelt, raising=False)
    [[found]] = translator.translate(["a b"], TranslationSettings())
    assert found.text == "a b c d e\tf "
    assert len(found.text.splitlines()) == 1


def test_order_threads_and_batches_change_nothing(learned):
    lines = ["a b", "", "f e d c", "b", "   ", "a b"] * 7
    one = LineTranslator([load_translation(learned)], 1).translate(lines, TranslationSettings())
    two = LineTranslator([load_translation(learned)], 2).translate(lines, TranslationSettings())
    single = LineTranslator([load_translation(learned)])
    for place, line in enumerate(lines):
        [alone] = single.translate([line], TranslationSettings())
        assert len({outputs[place][0].text for outputs in (one, two)} | {alone[0].text}) == 1
        assert bool(alone[0].text) == bool(line.strip())
        scores = [outputs[place][0].score for outputs in (one, two)] + [alone[0].score]
        np.testing.assert_array_equal(scores, scores[0])


def test_scores_of_given_translations_are_those_of_search(learned):
    translator = LineTranslator([load_translation(learned)])
    objective = SearchObjective(0.7, 1.0)
    settings = TranslationSettings(BeamSettings(4, 3, objective))
    [found] = translator.translate(["a b c"], settings)
    assert len(found) == 3
    texts = [item.text for item in found]
    assert len(set(texts)) == 3
    for item in found:
        [scored] = translator.score(["a b c"], [item.text], objective)
        assert scored.score == pytest.approx(item.score, abs=1e-6)
        assert scored.target_pieces == item.target_pieces


def test_an_ensemble_of_a_model_with_itself_is_the_model(learned):
    model = load_translation(learned)
    [[alone]] = LineTranslator([model]).translate(["d e f"], TranslationSettings())
    [[both]] = LineTranslator([model, model]).translate(["d e f"], TranslationSettings())
    assert both.text == alone.text
    assert both.score == pytest.approx(alone.score, abs=1e-5)


def test_draws_depend_on_seed_and_line_alone(learned):
    translator = LineTranslator([load_translation(learned)], 2)
    settings = TranslationSettings(BeamSettings(4, 4), SamplingSettings(temperature=3.0), seed=5)
    lines = ["a b c", "d e", "f"]
    whole = translator.translate(lines, settings)
    part = translator.translate(lines[1:], settings, first_number=1)
    assert [[item.text for item in row] for row in whole[1:]] == [
        [item.text for item in row] for row in part
    ]
    other = translator.translate(lines, dataclasses.replace(settings, seed=6))
    assert [row[0].text for row in whole] != [row[0].text for row in other]


def test_unknown_words_are_copied_from_where_attention_was(learned):
    model = load_translation(learned)
    limits = OutputLimits(forbid_unk=False)
    settings = TranslationSettings(BeamSettings(2, 1, limits=limits), replaces_unknown=True)
    [[output]] = LineTranslator([model]).translate(["a zebra b"], settings)
    assert "<unk>" not in output.text


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stopped_run_resumed_ends_in_the_bytes_of_one_that_was_not(tmp_path, threads):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train_translation(make_plan(tmp_path, whole, epochs=2, dropout=0.2))
    stop = StopRequest()
    with pytest.raises(TrainingInterrupted, match="--resume"):
        train_translation(
            make_plan(tmp_path, parts, epochs=2, dropout=0.2), StoppingMonitor(stop, 1), stop
        )
    plan = make_plan(tmp_path, parts, epochs=2, threads=threads, dropout=0.2, is_resumed=True)
    train_translation(plan)
    for name in ("weights.safetensors", "source-vocabulary.txt", "target-vocabulary.txt"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()


def test_a_run_of_other_settings_is_not_gone_on_with(tmp_path):
    stop = StopRequest(signal_number=2)
    with pytest.raises(TrainingInterrupted):
        train_translation(make_plan(tmp_path, tmp_path / "model"), NullMonitor(), stop)
    plan = make_plan(tmp_path, tmp_path / "model", hidden_size=16, is_resumed=True)
    with pytest.raises(CheckpointError, match="hidden_size 32, this run 16"):
        train_translation(plan)


def test_all_embeddings_tied_need_one_vocabulary(tmp_path):
    with pytest.raises(SettingsError, match="one vocabulary"):
        make_plan(tmp_path, tmp_path / "model", tied_embeddings="all")


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json", "target-vocabulary.txt"])
def test_a_flipped_byte_or_a_missing_file_is_named(learned, tmp_path, name):
    import shutil

    from seqtools.errors import FileContentError

    copy = tmp_path / "copy"
    shutil.copytree(learned, copy)
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 4
    (copy / name).write_bytes(content)
    with pytest.raises(FileContentError, match=str(copy)):
        load_translation(copy)
    (copy / name).unlink()
    with pytest.raises((ModelError, FileContentError, OSError), match=str(copy)):
        load_translation(copy)

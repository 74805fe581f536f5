import numpy as np
import pytest

from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.recording import Recording
from seqtools.errors import FileAccessError, SettingsError
from seqtools.reports.spike_files import write_spikes
from seqtools.reports.spike_page import MOST_VIEWS, render_spike_page
from seqtools.reports.spike_picture import render_spike_picture
from seqtools.reports.spike_view import SPACE_SIGN, Spike, best_path, make_spike_view

SETTINGS = FeatureSettings(sample_rate=8000, num_mels=20, stack=2, stride=2)
SYMBOLS = ("<blank>", " ", "a", "b")
RECORDING = Recording(
    np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32), SETTINGS.sample_rate
)
NUM_FRAMES = SETTINGS.num_frames(4000)


def posteriors_of(path, surest=0.9):
    """Return posteriors whose best path begins with the symbols given and goes on with blanks."""
    ids = list(path) + [0] * (NUM_FRAMES - len(path))
    table = np.full((NUM_FRAMES, len(SYMBOLS)), (1 - surest) / (len(SYMBOLS) - 1))
    table[np.arange(NUM_FRAMES), ids] = surest
    return table


def view_of(path, **options):
    return make_spike_view(RECORDING, SETTINGS, posteriors_of(path), SYMBOLS, **options)


def test_the_best_path_merges_repeats_and_leaves_blanks_out():
    table = posteriors_of([0, 2, 2, 0, 2, 3, 3, 3])
    table[6] = [0.01, 0.01, 0.01, 0.97]
    spikes = best_path(table, SETTINGS)
    assert [spike.symbol for spike in spikes] == [2, 2, 3]
    assert spikes[2].peak_seconds == pytest.approx(SETTINGS.seconds_of(6))
    assert spikes[2].probability == pytest.approx(0.97)
    assert spikes[0].end_seconds - spikes[0].start_seconds == pytest.approx(0.04)
    assert spikes[1].start_seconds == pytest.approx(SETTINGS.seconds_of(4) - 0.01)
    assert best_path(posteriors_of([]), SETTINGS) == ()


def test_a_view_holds_text_words_and_times():
    view = view_of([2, 3, 1, 0, 1, 3], title="x.wav", reference="ab b")
    assert view.text == "ab  b"
    assert [word.text for word in view.words] == ["ab", "b"]
    assert view.words[0].start_seconds == view.spikes[0].start_seconds
    assert view.words[0].end_seconds == view.spikes[1].end_seconds
    assert view.seconds == 0.5
    assert view.log_mel.shape == (len(view.log_mel_seconds), 20)
    assert view.log_mel_seconds[0] == pytest.approx(0.0125)
    assert view.blank_share == pytest.approx(1 - 5 / NUM_FRAMES)
    assert view.spelling(1) == SPACE_SIGN
    assert "5 symbols heard" in view.caption


def test_what_came_near_is_told_from_what_was_heard():
    table = posteriors_of([0, 0, 2, 0, 0, 0, 0, 0], surest=0.94)
    table[6] = [0.6, 0.0, 0.1, 0.3]
    view = make_spike_view(RECORDING, SETTINGS, table, SYMBOLS)
    assert view.text == "a"
    assert view.drawn_symbols == (2, 3)
    assert [(spike.symbol, spike.probability) for spike in view.missed()] == [
        (2, pytest.approx(0.1)),
        (3, pytest.approx(0.3)),
    ]


def test_spikes_of_another_decoder_are_taken_over():
    spikes = [Spike(3, 0.1, 0.2, 0.15, 0.4)]
    assert view_of([2], spikes=spikes).text == "b"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (posteriors_of([2])[1:], "have shape"),
        (posteriors_of([2])[:, 1:], "have shape"),
        (np.log(posteriors_of([2])), "must be probabilities"),
        (posteriors_of([2]) * 2, "must be probabilities"),
        (np.full((NUM_FRAMES, 4), np.nan), "must be probabilities"),
    ],
)
def test_what_are_no_posteriors_is_refused(table, message):
    with pytest.raises(SettingsError, match=message):
        make_spike_view(RECORDING, SETTINGS, table, SYMBOLS)


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("html", b"<!DOCTYPE html>")],
)
@pytest.mark.parametrize("path", [[0, 2, 3, 1, 1, 3], []], ids=["words", "nothing heard"])
def test_equal_views_give_equal_files(tmp_path, suffix, start, path):
    for name in ("a", "b"):
        view = view_of(path, title="$x_1$ <b>\n", reference="ab b")
        write_spikes(tmp_path / f"{name}.{suffix}", [view])
    first = (tmp_path / f"a.{suffix}").read_bytes()
    assert first.startswith(start)
    assert first == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_picture_shows_the_symbols_that_were_heard():
    text = render_spike_picture(view_of([0, 2, 3, 1, 1, 3], title="x.wav"), "svg").decode()
    for shown in ("x.wav", ">ab<", SPACE_SIGN, "symbols heard"):
        assert shown in text


def test_silence_and_the_shortest_recording_are_drawn():
    silence = Recording(np.zeros(SETTINGS.window_size, np.float32), 8000)
    table = posteriors_of([2])[:1]
    view = make_spike_view(silence, SETTINGS, table, SYMBOLS)
    assert render_spike_picture(view, "png")
    assert render_spike_page([view])


def test_a_long_recording_is_drawn_wider():
    long = Recording(np.tile(RECORDING.samples, 30), 8000)
    num_frames = SETTINGS.num_frames(len(long.samples))
    table = np.tile([[1.0, 0, 0, 0]], (num_frames, 1))
    view = make_spike_view(long, SETTINGS, table, SYMBOLS)
    png = render_spike_picture(view, "png")
    assert int.from_bytes(png[16:20], "big") == pytest.approx(1.7 * 15 * 150, abs=1)


def test_too_many_recordings_other_suffixes_and_bad_places_are_refused(tmp_path):
    view = view_of([2])
    with pytest.raises(SettingsError, match=f"1 to {MOST_VIEWS} recordings, got 0"):
        write_spikes(tmp_path / "a.html", [])
    with pytest.raises(SettingsError, match="a picture shows 1 recording, got 2"):
        write_spikes(tmp_path / "a.png", [view, view])
    with pytest.raises(SettingsError, match=r"ending in \.png, \.svg, \.pdf, \.html, got \.gif"):
        write_spikes(tmp_path / "a.gif", [view])
    with pytest.raises(FileAccessError, match="cannot write"):
        write_spikes(tmp_path / "none" / "a.html", [view])
    assert not list(tmp_path.iterdir())

import numpy as np
import pytest

from seqtools.audio.masking import MaskSettings, mask_features
from seqtools.errors import SettingsError

NUM_MELS = 10


def masked(settings, seed=0, num_frames=60, lengths=(60, 40, 1), copies=3):
    x = np.ones((num_frames, len(lengths), copies * NUM_MELS), dtype=np.float32)
    mask_features(x, np.array(lengths), NUM_MELS, settings, np.random.default_rng(seed))
    return x


def test_equal_seeds_mask_alike_and_others_do_not():
    settings = MaskSettings()
    np.testing.assert_array_equal(masked(settings, 1), masked(settings, 1))
    assert not np.array_equal(masked(settings, 1), masked(settings, 2))


def test_masks_are_runs_no_longer_than_asked_for():
    for seed in range(30):
        settings = MaskSettings(num_time_masks=1, num_frequency_masks=0, max_time_frames=8)
        frames = masked(settings, seed)[:, 0, :]
        zeros = np.flatnonzero((frames == 0).any(axis=1))
        assert (frames[zeros] == 0).all()
        assert len(zeros) <= 8
        assert len(zeros) == 0 or zeros[-1] - zeros[0] == len(zeros) - 1


def test_a_frequency_mask_takes_the_same_filters_from_joined_frames_and_slopes():
    settings = MaskSettings(num_time_masks=0, num_frequency_masks=1, max_frequency_filters=4)
    widths = set()
    for seed in range(30):
        x = masked(settings, seed)[:, 0, :].reshape(60, 3, NUM_MELS)
        np.testing.assert_array_equal(x, x[:1, :1].repeat(60, 0).repeat(3, 1))
        widths.add(int((x[0, 0] == 0).sum()))
    assert widths == {0, 1, 2, 3, 4}


def test_padding_is_never_touched_and_the_share_of_an_utterance_is_kept():
    for seed in range(20):
        x = masked(MaskSettings(5, 5, 50, 0.1, 3), seed)
        assert (x[40:, 1] == 1).all()
        assert (x[1:, 2] == 1).all()
        fully = (x[:40, 1] == 0).all(axis=1).sum()
        assert fully <= 5 * 4


def test_an_utterance_is_masked_whatever_stands_behind_it():
    settings = MaskSettings()
    alone = masked(settings, 3, lengths=(60,))
    beside = masked(settings, 3, lengths=(60, 60))
    np.testing.assert_array_equal(alone[:, 0], beside[:, 0])


def test_without_masks_nothing_changes():
    assert (masked(MaskSettings(0, 0)) == 1).all()
    assert (masked(MaskSettings(9, 9, 0, 0.5, 0)) == 1).all()


@pytest.mark.parametrize(
    "options",
    [
        {"num_time_masks": -1},
        {"num_frequency_masks": -1},
        {"max_time_frames": -1},
        {"max_frequency_filters": -1},
        {"max_time_share": 1.1},
        {"max_time_share": float("nan")},
    ],
)
def test_settings_outside_their_range_are_refused(options):
    with pytest.raises(SettingsError, match=next(iter(options))):
        MaskSettings(**options)

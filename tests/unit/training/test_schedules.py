"""Learning rate schedules: their shapes, and what the plateau remembers."""

import math

import pytest

from seqtools.errors import SettingsError
from seqtools.training.schedules import Plateau, rate_factor
from seqtools.training.settings import OptimizerSettings, ScheduleSettings, TrainingSettings


def factor(settings, update=0, epoch=0, plateau=None):
    return rate_factor(settings, update, epoch, 1000, plateau or Plateau())


def test_constant_stays():
    assert {factor(ScheduleSettings(), update, update // 10) for update in range(99)} == {1.0}


def test_warmup_rises_linearly_from_the_first_update():
    settings = ScheduleSettings(warmup=4)
    assert [factor(settings, update) for update in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_decay_after_is_that_of_zaremba():
    settings = ScheduleSettings("decay-after", decay=0.5, decay_after=4)
    assert [factor(settings, epoch=epoch) for epoch in range(7)] == [1, 1, 1, 1, 0.5, 0.25, 0.125]


def test_step_falls_every_few_epochs():
    settings = ScheduleSettings("step", decay=0.1, decay_every=2, min_factor=0.05)
    rates = [factor(settings, epoch=epoch) for epoch in range(5)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.05])


def test_inverse_root_meets_the_warmup_and_halves_at_four_times_it():
    settings = ScheduleSettings("inverse-sqrt", warmup=100)
    assert factor(settings, 99) == 1.0
    assert factor(settings, 399) == pytest.approx(0.5)


def test_cosine_falls_from_one_to_the_least():
    settings = ScheduleSettings("cosine", min_factor=0.1)
    assert factor(settings, 0) == 1.0
    assert factor(settings, 500) == pytest.approx(0.55)
    assert factor(settings, 1000) == pytest.approx(0.1)


def test_plateau_falls_after_epochs_without_improvement():
    settings = ScheduleSettings("plateau", decay=0.5, decay_every=2)
    plateau, rates = Plateau(), []
    for is_improved in [True, False, True, False, False, False, False]:
        plateau.observe(is_improved, settings)
        rates.append(factor(settings, plateau=plateau))
    assert rates == [1, 1, 1, 1, 0.5, 0.5, 0.25]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ScheduleSettings, {"name": "linear"}),
        (ScheduleSettings, {"decay": 0}),
        (ScheduleSettings, {"warmup": -1}),
        (OptimizerSettings, {"name": "lion"}),
        (OptimizerSettings, {"learning_rate": 0}),
        (OptimizerSettings, {"learning_rate": math.nan}),
        (OptimizerSettings, {"momentum": 1}),
        (TrainingSettings, {"epochs": 0}),
        (TrainingSettings, {"shards": 0}),
        (TrainingSettings, {"checkpoint_seconds": 0}),
        (TrainingSettings, {"checkpoint_seconds": math.nan}),
        (TrainingSettings, {"loss_scale": "byte"}),
    ],
)
def test_settings_outside_their_range_are_refused(kind, values):
    with pytest.raises(SettingsError, match="must be"):
        kind(**values)

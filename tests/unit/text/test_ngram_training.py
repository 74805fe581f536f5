"""Settings of n-gram training."""

import pytest

from seqtools.errors import SettingsError
from seqtools.text.ngram_training import NGramSettings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"order": 0}, "order must be between 1 and 16, got 0"),
        ({"order": 17}, "order must be between 1 and 16, got 17"),
        ({"level": "char"}, "level must be one of word, character, got 'char'"),
    ],
)
def test_settings_name_their_range(settings, message):
    with pytest.raises(SettingsError, match=message):
        NGramSettings(**settings)

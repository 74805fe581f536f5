"""Best path and prefix beam search as fast-ctc-decode does them."""

import numpy as np
import pytest

from seqtools.decoding.ctc_search import CTCBeamSettings, CTCDecoder, find_best_path, spell

fast_ctc_decode = pytest.importorskip("fast_ctc_decode", reason="fast-ctc-decode is not installed")
ALPHABET = "".join(chr(ord("A") + i) for i in range(20))


def outputs():
    """Yield flat and peaky outputs."""
    for seed in range(12):
        generator = np.random.default_rng(seed)
        logits = generator.normal(0, 1, (60, len(ALPHABET)))
        if seed % 2:
            likely = np.where(generator.random(60) < 0.5, 0, generator.integers(1, 20, 60))
            logits[np.arange(60), likely] += 5
        y = np.exp(logits)
        yield (y / y.sum(-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("beam_size", [2, 10, 100])
@pytest.mark.parametrize("cut", [0.0, 0.001, 0.02])
def test_beams_give_the_same_text(beam_size, cut):
    decoder = CTCDecoder(CTCBeamSettings(beam_size, min_probability=cut))
    for y in outputs():
        expected, _ = fast_ctc_decode.beam_search(y, ALPHABET, beam_size, cut)
        assert spell(decoder.search(y)[0].labels, ALPHABET) == expected


def test_best_paths_give_the_same_text():
    for y in outputs():
        path = find_best_path(y)
        assert spell(path.labels, ALPHABET) == fast_ctc_decode.viterbi_search(y, ALPHABET)[0]

"""Plain float64 twin of skip-gram and CBOW training, for corpora that fit in one buffer.

Written from the definitions: subsample the whole corpus, draw a window for each place, draw
negative samples for each place, then train centre after centre.
"""

import numpy as np

from tests.reference.splitmix import SplitMix
from tests.reference.tile import process_tiles


def subsample(ids, keep_limits, random):
    """Return the words that stay, with one -1 after each sentence that is not empty."""
    kept = []
    for word in ids:
        if word < 0:
            if kept and kept[-1] >= 0:
                kept.append(-1)
        elif (random.bits() >> 32) < keep_limits[word]:
            kept.append(int(word))
    return kept


def context_of(words, center, reach):
    """Return the words around a centre, nearest first, left ones before right ones."""
    found = []
    for direction in (-1, 1):
        place = center + direction
        while 0 <= place < len(words) and words[place] >= 0 and abs(place - center) <= reach:
            found.append(words[place])
            place += direction
    return found


def draw_noise(slots, random):
    """Draw one word from an alias table."""
    bits = random.bits()
    slot = ((bits >> 32) * len(slots)) >> 32
    return slot if (bits & 0xFFFFFFFF) < slots[slot][0] else int(slots[slot][1])


def steps_with_negatives(word, samples):
    """Yield targets and signs: one block of distinct targets, then each repeated sample alone."""
    distinct, repeats = [word], []
    for index, sample in enumerate(samples):
        if sample == word:
            continue
        (repeats if sample in samples[:index] else distinct).append(sample)
    yield distinct, [1.0] + [-1.0] * (len(distinct) - 1)
    for sample in reversed(repeats):
        yield [sample], [-1.0]


LARGEST_LOGIT_ON_PATHS = 6.0


def train_epoch(
    ids, keep_limits, x, u, settings, seed_state, rate, slots=None, codes=None
):  # fmt: skip
    """Train one epoch in place at a constant rate; return the loss and the number of pairs."""
    random = SplitMix(seed_state)
    words = subsample(ids, keep_limits, random)
    reaches = [
        1 + random.below(settings.window) if settings.window_mode == "shrink" else settings.window
        for _ in words
    ]
    if slots is not None:
        samples = [[draw_noise(slots, random) for _ in range(settings.negative)] for _ in words]
    limit = np.inf if codes is None else LARGEST_LOGIT_ON_PATHS
    loss, pairs = 0.0, 0
    for center, word in enumerate(words):
        if word < 0:
            continue
        contexts = context_of(words, center, reaches[center])
        if not contexts:
            continue
        if slots is not None:
            steps = list(steps_with_negatives(word, samples[center]))
        else:
            steps = [codes[word]]
        if settings.model == "skipgram":
            pairs += len(contexts)
            for targets, signs in steps:
                loss += process_tiles(
                    x, contexts, x, contexts, u, targets, np.array(signs), rate, limit
                )
        else:
            pairs += 1
            loss += _cbow_center(x, u, contexts, steps, settings.cbow_combine, rate, limit)
    return loss, pairs


def _cbow_center(x, u, contexts, steps, combine, rate, limit):
    """Train one centre of CBOW."""
    hidden = x[contexts].sum(axis=0, keepdims=True)
    if combine == "mean":
        hidden /= len(contexts)
    error, loss = np.zeros_like(hidden), 0.0
    for targets, signs in steps:
        loss += process_tiles(hidden, [0], error, [0], u, targets, np.array(signs), rate, limit)
    for context in contexts:
        x[context] += error[0] if combine == "mean" else error[0] / len(contexts)
    return loss

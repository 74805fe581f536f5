"""Time beam search's bookkeeping beside PyTorch: choosing extensions, and whole searches.

Run it with ``python -m benchmarks.decoding [--rounds 15] [--output FILE]``

Both get log-probabilities that are ready, so that search alone is measured, not a model. The
PyTorch search is the loop that tutorials and toolkits share: add, flatten, topk, divide, gather.
Process time on one thread; both must find the same hypotheses.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.shared.report import compare, write
from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.objective import SearchObjective
from seqtools.kernels.top_k import best_extensions

VOCABULARY, BEAM, STEPS = 8000, 5, 30


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for sentences in (1, 32):
        rows.append(measure_choice(sentences, arguments.rounds))
        rows.append(measure_search(sentences, arguments.rounds))
    corpus = f"vocabulary of {VOCABULARY:,}, beam {BEAM}, random log-probabilities"
    write(
        arguments.output,
        "Beam search without a model",
        corpus,
        f"PyTorch {torch.__version__}",
        rows,
    )


def log_probs(num_rows, seed):
    """Return rows of a distribution with a few likely symbols; the end is never among them."""
    values = np.random.default_rng(seed).normal(size=(num_rows, VOCABULARY)).astype(np.float32) * 2
    values[:, TableScorer.eos_id] = -40.0
    return values - np.log(np.exp(values).sum(axis=1, keepdims=True))


def microseconds(work, repeats):
    """Return the process time of a call."""
    started = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - started) / repeats * 1e6


def measure_choice(sentences, rounds):
    """Choose the best extensions of each sentence once."""
    scores = log_probs(sentences * BEAM, 0)
    totals = -np.random.default_rng(1).exponential(size=(sentences, BEAM))
    totals = np.sort(totals, axis=1)[:, ::-1].ravel().copy()
    starts, widths = np.arange(sentences + 1) * BEAM, np.full(sentences, BEAM)
    shape = (sentences, BEAM)
    out = np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.int32)
    counts = np.empty(sentences, np.int64)
    theirs, sums = torch.from_numpy(scores), torch.from_numpy(totals.astype(np.float32))

    def ours():
        best_extensions(scores, totals, starts, widths, *out, counts)

    def peer():
        return (theirs + sums[:, None]).view(sentences, -1).topk(BEAM)

    ours()
    found = peer().indices.numpy()
    rows = found // VOCABULARY + starts[:-1, None]
    if (rows != out[1]).any() or (found % VOCABULARY != out[2]).any():
        raise SystemExit("the two chose different extensions")
    repeats = max(5, 400 // sentences)
    return compare(
        f"choose extensions, {sentences} sentences", "us",
        lambda: microseconds(ours, repeats), lambda: microseconds(peer, repeats),
        rounds, is_higher_better=False,
    )  # fmt: skip


class TableScorer:
    """Hands out log-probabilities that are ready."""

    vocabulary_size, bos_id, eos_id, unk_id, unwritten_ids = VOCABULARY, 2, 3, 1, (0, 2)

    def __init__(self, sentences):
        self.tables = [log_probs(sentences * BEAM, seed) for seed in range(STEPS)]
        self.position = 0

    def source_length(self, _):
        """Return one position."""
        return 1

    def start(self, sources):
        """Begin with the first table."""
        self.position = 0
        return np.arange(len(sources))

    def step(self, state, tokens):
        """Hand out the next table."""
        self.position += 1
        return self.tables[self.position - 1][: len(tokens)], state, None

    def select(self, state, rows):
        """Choose rows of a state that means nothing."""
        return state[rows]


def torch_search(tables, sentences):
    """Search as tutorials do, all hypotheses to full length."""
    totals = torch.zeros(sentences, 1)
    sequences = torch.empty(sentences, 1, 0, dtype=torch.long)
    state = torch.arange(sentences)
    for step in range(STEPS - 1):
        scores = tables[step][: totals.numel()].clone()
        scores[:, [0, 1, 2]] = -torch.inf
        sums = (scores.view(sentences, -1, VOCABULARY) + totals[:, :, None]).view(sentences, -1)
        totals, chosen = sums.topk(BEAM)
        parents = torch.div(chosen, VOCABULARY, rounding_mode="floor")
        kept = sequences.gather(1, parents[:, :, None].expand(-1, -1, sequences.shape[2]))
        sequences = torch.cat([kept, (chosen % VOCABULARY)[:, :, None]], dim=2)
        rows = parents + torch.arange(sentences)[:, None] * (totals.shape[1] if step else 1)
        state = state[rows.view(-1)]
    return sequences


def measure_search(sentences, rounds):
    """Search to a fixed length."""
    scorer = TableScorer(sentences)
    tables = [torch.from_numpy(table.copy()) for table in scorer.tables]
    limits = OutputLimits(max_length=STEPS, max_length_ratio=None)
    settings = BeamSettings(BEAM, BEAM, SearchObjective(0.0), limits)
    last = scorer.tables[-1].copy()

    def ours():
        scorer.tables[-1][:] = last  # the last step is forced to end, which writes into it
        return beam_search(scorer, [None] * sentences, settings)

    found = [sorted(h.symbols.tolist() for h in list_) for list_ in ours()]
    if found != [sorted(rows.tolist()) for rows in torch_search(tables, sentences)]:
        raise SystemExit("the two found different hypotheses")
    repeats = max(1, 20 // sentences)
    return compare(
        f"a step of search, {sentences} sentences", "us",
        lambda: microseconds(ours, repeats) / STEPS,
        lambda: microseconds(lambda: torch_search(tables, sentences), repeats) / STEPS,
        rounds, is_higher_better=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()

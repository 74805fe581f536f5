"""Tiny decoders on which every search can be checked by listing all outputs.

Their arithmetic treats each row alone, bit by bit, so that results may be compared exactly whatever
the batch.
"""

import itertools

import numpy as np

BOS, EOS, UNK, PAD = 1, 2, 0, 3


def product(x, w):
    """Multiply matrices so that no row's bits depend on the other rows."""
    return (x[:, :, None] * w[None]).sum(axis=1)


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


class ToyScorer:
    """A random recurrent decoder with attention over source symbols."""

    def __init__(self, seed=0, vocabulary_size=7, hidden=6, sharpness=2.0, has_attention=True):
        generator = np.random.default_rng(seed)
        self.vocabulary_size = vocabulary_size
        self.bos_id, self.eos_id, self.unk_id, self.unwritten_ids = BOS, EOS, UNK, (BOS, PAD)
        self.has_attention = has_attention
        self.num_steps = self.num_rows = 0
        self._sources = generator.normal(size=(12, hidden))
        self._embedding = generator.normal(size=(vocabulary_size, hidden))
        self._recurrent = generator.normal(size=(hidden, hidden))
        self._context = generator.normal(size=(hidden, hidden))
        self._output = generator.normal(size=(hidden, vocabulary_size)) * sharpness

    def source_length(self, source):
        return len(source)

    def start(self, sources):
        """Return hidden states, positions, and which positions are real."""
        width = max(len(source) for source in sources)
        keys = np.zeros((len(sources), width, self._embedding.shape[1]))
        is_real = np.zeros((len(sources), width), dtype=bool)
        for row, source in enumerate(sources):
            keys[row, : len(source)] = self._sources[np.asarray(source, dtype=int)]
            is_real[row, : len(source)] = True
        hidden = np.stack(
            [np.tanh(k[: len(s)].sum(axis=0)) for k, s in zip(keys, sources, strict=True)]
        )
        return hidden, keys, is_real

    def step(self, state, tokens):
        hidden, keys, is_real = state
        assert tokens.dtype == np.int32
        assert tokens.shape == (len(hidden),)
        self.num_steps, self.num_rows = self.num_steps + 1, self.num_rows + len(hidden)
        energy = np.where(is_real, (keys * hidden[:, None]).sum(axis=2), -np.inf)
        weights = np.zeros_like(energy)
        for row, real in enumerate(is_real):
            weights[row, real] = np.exp(log_softmax(energy[row, real][None]))[0]
        context = np.zeros_like(hidden)
        for position in range(keys.shape[1]):
            context += weights[:, position, None] * keys[:, position]
        new = np.tanh(
            self._embedding[tokens]
            + product(hidden, self._recurrent)
            + product(context, self._context)
        )
        log_probs = log_softmax(product(new, self._output)).astype(np.float32)
        attention = weights.astype(np.float32) if self.has_attention else None
        return log_probs, (new, keys, is_real), attention

    def select(self, state, rows):
        return tuple(part[rows] for part in state)


class TableScorer:
    """A decoder whose probabilities are written down: prefix -> {symbol: probability}.

    The prefix is a tuple without the beginning symbol; what is not written is impossible. A prefix
    that is missing from the table ends for certain.
    """

    def __init__(self, table, vocabulary_size=8):
        self.table, self.vocabulary_size = table, vocabulary_size
        self.bos_id, self.eos_id, self.unk_id, self.unwritten_ids = BOS, EOS, UNK, (BOS, PAD)

    def source_length(self, source):
        return len(source)

    def start(self, sources):
        return [()] * len(sources)

    def step(self, state, tokens):
        prefixes = [
            () if token == BOS else (*prefix, token)
            for prefix, token in zip(state, tokens.tolist(), strict=True)
        ]
        log_probs = np.full((len(tokens), self.vocabulary_size), -np.inf, dtype=np.float32)
        for row, prefix in enumerate(prefixes):
            for token, probability in self.table.get(prefix, {EOS: 1.0}).items():
                log_probs[row, token] = np.log(probability)
        return log_probs, prefixes, None

    def select(self, state, rows):
        return [state[row] for row in rows.tolist()]


class LetterCodec:
    """Symbol 4 is the word a, 5 is b, and so on; u is unknown."""

    def encode_source(self, line):
        return [ord(word) - ord("a") + 4 for word in line.split()] or [4]

    def encode_target(self, line):
        words = [0 if word == "u" else ord(word) - ord("a") + 4 for word in line.split()]
        return np.array([*words, EOS], dtype=np.int32)

    def decode_target(self, tokens):
        return " ".join(self.target_labels(tokens[tokens != EOS]))

    def source_labels(self, source):
        return [chr(symbol - 4 + ord("a")) for symbol in source]

    def target_labels(self, tokens):
        return ["</s>" if t == EOS else chr(t - 4 + ord("a")) for t in tokens.tolist()]


def every_output(scorer, longest, *, allow_unk=False):
    """Yield every output of up to `longest` symbols, the end symbol counted."""
    banned = {BOS, EOS, PAD} | (set() if allow_unk else {UNK})
    written = [token for token in range(scorer.vocabulary_size) if token not in banned]
    for length in range(longest):
        for symbols in itertools.product(written, repeat=length):
            yield (*symbols, EOS)


def log_prob_of(scorer, source, tokens):
    """Return the log-probabilities of an output's symbols, and the attention, step by step."""
    state, previous, values, weights = scorer.start([source]), scorer.bos_id, [], []
    for token in tokens:
        log_probs, state, attention = scorer.step(state, np.array([previous], dtype=np.int32))
        values.append(float(log_probs[0, token]))
        weights.append(None if attention is None else attention[0])
        previous = token
    return values, weights


def ranked_outputs(scorer, source, longest, alpha=0.0, beta=0.0, coverage=0.0, allow_unk=False):
    """Return (score, tokens) of every output, best first: the oracle of exact search."""
    ranked = []
    for tokens in every_output(scorer, longest, allow_unk=allow_unk):
        values, weights = log_prob_of(scorer, source, tokens)
        score = sum(values) / ((beta + len(tokens)) / (beta + 1)) ** alpha
        if coverage:
            covered = np.minimum(np.sum(weights, axis=0, dtype=float), 1.0)
            score += coverage * np.log(np.maximum(covered, 1e-10)).sum()
        ranked.append((score, tokens))
    return sorted(ranked, key=lambda item: -item[0])

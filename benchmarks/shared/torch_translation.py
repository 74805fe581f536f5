"""The translation model of ``benchmarks.translation`` in PyTorch, written in two ways.

Both compute the same function: a bidirectional GRU reads, a GRU with additive attention writes. In
the style of toolkits the keys are projected once a sentence and the output layer runs once a batch;
in the style of tutorials attention concatenates states at every step and the output layer runs at
every step.
"""

import torch
from torch import Tensor, nn


class TorchTranslator(nn.Module):
    """Encoder, attention decoder, readout.

    Parameters
    ----------
    vocabulary_size, width : int
        Size of both vocabularies, and of embeddings, hidden states and attention.
    is_tutorial : bool
        Whether to compute as tutorials do.
    """

    def __init__(self, vocabulary_size: int, width: int, is_tutorial: bool = False) -> None:
        super().__init__()
        self.is_tutorial = is_tutorial
        self.source_table = nn.Embedding(vocabulary_size, width)
        self.target_table = nn.Embedding(vocabulary_size, width)
        self.encoder = nn.GRU(width, width, bidirectional=True)
        self.bridge = nn.Linear(2 * width, width)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(2 * width, width)
        self.energy = nn.Linear(width, 1, bias=False)
        self.cell = nn.GRUCell(3 * width, width)
        self.readout = nn.Linear(4 * width, width)
        self.output = nn.Linear(width, vocabulary_size)

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return states (S, B, 2 width), their keys, the mask (S, B) and the first hidden state."""
        packed = nn.utils.rnn.pack_padded_sequence(
            self.source_table(source), lengths, enforce_sorted=False
        )
        states, last = self.encoder(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(states, total_length=source.shape[0])
        mask = torch.arange(source.shape[0])[:, None] < lengths[None, :]
        hidden = torch.tanh(self.bridge(torch.cat((last[0], last[1]), 1)))
        return states, self.key(states), mask, hidden

    def step(
        self, embedded: Tensor, hidden: Tensor, states: Tensor, keys: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the next hidden state and the readout of one step."""
        if self.is_tutorial:
            repeated = hidden[None].expand(states.shape[0], -1, -1)
            both = torch.cat((repeated, states), 2)
            weight = torch.cat((self.query.weight, self.key.weight), 1)
            energy = torch.tanh(nn.functional.linear(both, weight, self.key.bias))
        else:
            energy = torch.tanh(keys + self.query(hidden)[None])
        scores = self.energy(energy)[:, :, 0].masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, 0)
        context = torch.einsum("sb,sbe->be", weights, states)
        hidden = self.cell(torch.cat((embedded, context), 1), hidden)
        readout = torch.tanh(self.readout(torch.cat((hidden, context, embedded), 1)))
        return hidden, readout

    def forward(self, source: Tensor, lengths: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the summed loss in nats; targets of -1 do not count."""
        states, keys, mask, hidden = self.encode(source, lengths)
        embedded = self.target_table(inputs)
        readouts = []
        for place in range(inputs.shape[0]):
            hidden, readout = self.step(embedded[place], hidden, states, keys, mask)
            readouts.append(self.output(readout) if self.is_tutorial else readout)
        logits = torch.stack(readouts)
        if not self.is_tutorial:
            logits = self.output(logits)
        return nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum"
        )

    @torch.no_grad()
    def beam_search(self, source: Tensor, beam_size: int, num_steps: int) -> Tensor:
        """Return the best tokens of one sentence after a fixed number of steps.

        Parameters
        ----------
        source : int64 tensor, shape (S, 1)
        beam_size, num_steps : int
        """
        states, keys, mask, hidden = self.encode(source, torch.tensor([source.shape[0]]))
        states, keys, mask = (x.expand(-1, beam_size, *x.shape[2:]) for x in (states, keys, mask))
        hidden = hidden.expand(beam_size, -1)
        tokens = torch.full((beam_size,), 2)
        scores = torch.full((beam_size,), float("-inf"))
        scores[0] = 0.0
        history = torch.zeros((0, beam_size), dtype=torch.long)
        for _ in range(num_steps):
            embedded = self.target_table(tokens)
            hidden, readout = self.step(embedded, hidden, states, keys, mask)
            log_probs = torch.log_softmax(self.output(readout), 1) + scores[:, None]
            scores, places = log_probs.flatten().topk(beam_size)
            rows = torch.div(places, log_probs.shape[1], rounding_mode="floor")
            tokens, hidden = places % log_probs.shape[1], hidden[rows]
            history = torch.cat((history[:, rows], tokens[None]))
        return history[:, 0]

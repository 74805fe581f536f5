"""The translation model of ``benchmarks.translation`` in PyTorch, in three styles.

A bidirectional GRU reads, a GRU with additive attention writes. In the style of toolkits the keys
are projected once a sentence, and the output layer runs once a batch. In the style of tutorials
attention concatenates the state with all of the encoder's at every step, and so does the output
layer run at every step. "tutorial" is the model as tutorials have it: the output layer stands on
state, context and word side by side. "steps" is that style with the toolkit's model, which has a
layer of its own between, so that both compute the same function.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Style = Literal["toolkit", "steps", "tutorial"]


class TorchTranslator(nn.Module):
    """Encoder, attention decoder, readout.

    Parameters
    ----------
    vocabulary_size, width : int
        Size of both vocabularies, and of embeddings, hidden states and attention.
    style : str
        One of the three.
    """

    def __init__(self, vocabulary_size: int, width: int, style: Style = "toolkit") -> None:
        super().__init__()
        self.style = style
        self.source_table = nn.Embedding(vocabulary_size, width)
        self.target_table = nn.Embedding(vocabulary_size, width)
        self.encoder = nn.GRU(width, width, bidirectional=True)
        self.bridge = nn.Linear(2 * width, width)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(2 * width, width)
        self.energy = nn.Linear(width, 1, bias=False)
        self.cell = nn.GRUCell(3 * width, width)
        is_wide = style == "tutorial"
        self.readout = nn.Identity() if is_wide else nn.Linear(4 * width, width)
        self.output = nn.Linear(4 * width if is_wide else width, vocabulary_size)

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
        if self.style != "toolkit":
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
        readout = self.readout(torch.cat((hidden, context, embedded), 1))
        return hidden, readout if self.style == "tutorial" else torch.tanh(readout)

    def forward(self, source: Tensor, lengths: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the summed loss in nats; targets of -1 do not count."""
        states, keys, mask, hidden = self.encode(source, lengths)
        embedded = self.target_table(inputs)
        readouts = []
        for place in range(inputs.shape[0]):
            hidden, readout = self.step(embedded[place], hidden, states, keys, mask)
            readouts.append(readout if self.style == "toolkit" else self.output(readout))
        logits = torch.stack(readouts)
        if self.style == "toolkit":
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

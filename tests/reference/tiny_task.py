"""A task for the training loop, small enough to train in milliseconds: softmax regression.

It has what can go wrong: noise from the generator, state carried from batch to batch that enters
the loss, an order of batches that depends on the epoch, and a frozen parameter.
"""

import numpy as np

CLASSES, WIDTH, ROWS, BATCH = 3, 4, 60, 9


class TinyTask:
    """Softmax regression on random rows; `make_parameters` and classes come from the caller."""

    unit, metric, is_higher_better = "rows", "loss", False
    ties, floor = (), 0.0

    def __init__(self, parameters, batch_class, loss_class, shards=3, fingerprint="tiny"):
        self.parameters, self.fingerprint = parameters, fingerprint
        self._batch_class, self._loss_class, self._shards = batch_class, loss_class, shards
        generator = np.random.default_rng(5)
        self.x = generator.standard_normal((ROWS, WIDTH)).astype(np.float32)
        self.y = (self.x @ generator.standard_normal((WIDTH, CLASSES))).argmax(axis=1)
        self.carried = np.zeros((shards, CLASSES), np.float32)
        self.num_batches, self.num_targets = -(-ROWS // BATCH), ROWS
        self.before_batch = lambda _: None
        self.spoil = None
        self.num_seen = 0

    def begin_epoch(self, _):
        self.carried[:] = 0

    def batches(self, epoch, first):
        order = np.random.default_rng([1, epoch]).permutation(ROWS)
        for number in range(first, self.num_batches):
            self.before_batch(epoch * self.num_batches + number)
            rows = order[number * BATCH : (number + 1) * BATCH]
            shards = [part for part in np.array_split(rows, self._shards) if part.size]
            yield self._batch_class(shards, len(rows), len(rows))

    def loss_and_gradients(self, index, shard, gradients, _, generator, scale):
        x = self.x[shard] * (generator.random((len(shard), WIDTH)) < 0.9)
        logits = x @ self.parameters["weights"].value + self.parameters["bias"].value
        logits = logits + 0.1 * self.carried[index] + self.parameters["frozen"].value
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        self.carried[index] = share.mean(axis=0)
        nats = -np.log(share[np.arange(len(shard)), self.y[shard]]).sum()
        share[np.arange(len(shard)), self.y[shard]] -= 1
        for name, slope in (
            ("weights", x.T @ share),
            ("bias", share.sum(0)),
            ("frozen", share.sum(0)),
        ):
            gradients[self.parameters[name]][...] += scale * slope
        if self.spoil:
            gradients[self.parameters[self.spoil]][...] = np.nan
        self.num_seen += len(shard)
        return self._loss_class(float(nats), len(shard))

    def evaluate(self, team):
        team.check_stop()
        logits = self.x @ self.parameters["weights"].value + self.parameters["bias"].value
        logits = logits.astype(np.float64)
        rows = np.arange(ROWS)
        largest = logits.max(axis=1)
        logs = (
            largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1)) - logits[rows, self.y]
        )
        return {"loss": float(logs.mean())}

    def carried_state(self):
        return {"carried": self.carried}

    def restore_state(self, arrays):
        self.carried[:] = arrays["carried"]

"""Models that are trained at once and share nothing: what a machine's further cores can give."""

import time
from collections.abc import Sequence
from threading import Thread

from seqtools.embeddings.lock_free import Model, train
from seqtools.monitor import NullMonitor, StopRequest


def train_at_once(models: Sequence[Model]) -> float:
    """Train each model on a thread of its own, and return the seconds until all are done."""
    threads = [Thread(target=train, args=(m, NullMonitor(), StopRequest())) for m in models]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start

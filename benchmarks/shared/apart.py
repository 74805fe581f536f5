"""Work that is done at once and shares nothing: what a machine's further cores can give."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread

from seqtools.embeddings.lock_free import Model, train
from seqtools.monitor import NullMonitor, StopRequest


def run_at_once(tasks: Sequence[Callable[[], object]]) -> float:
    """Run each task on a thread of its own, and return the seconds until all are done."""
    threads = [Thread(target=task) for task in tasks]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def train_at_once(models: Sequence[Model]) -> float:
    """Train each model on a thread of its own, and return the seconds until all are done."""
    return run_at_once([partial(train, m, NullMonitor(), StopRequest()) for m in models])

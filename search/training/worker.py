"""A worker process: it trains what it is sent, until it is told to stop or its parent is gone."""

import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import final

import tensorflow as tf

from search.rows import TrainingData
from search.training.compiled import DamagedCacheError, use_cache
from search.training.contract import Result
from search.training.jobs import Job, JobDone
from search.training.keras_trainer import KerasTrainer
from search.training.stack import StackData
from search.training.stacked import train_stack


def serve(connection: Connection, n_threads: int, cache: Path | None) -> None:
    """Train jobs as they come in.

    Receives a TrainingData before the first Job and wherever the rows change; sends the job's
    (index, Result) pairs as they come and then a JobDone.

    Args:
        connection: to the parent.
        n_threads: of TensorFlow.
        cache: folder for compiled programs; None keeps none.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()
    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if cache is not None:
        use_cache(cache)
    bench: _Bench | None = None
    at_start = _peak_bytes()  # TensorFlow's own, which a new worker would take as well
    while True:
        try:
            message = connection.recv()
        except EOFError:
            return
        if isinstance(message, TrainingData):
            bench = _Bench(message)
            continue
        assert bench is not None
        try:
            for pair in bench.train(message):
                connection.send(pair)
        except DamagedCacheError:
            return  # the parent tries again without the cache
        connection.send(JobDone(_peak_bytes() - at_start))


@final
class _Bench:
    """The rows as each trainer wants them."""

    def __init__(self, data: TrainingData) -> None:
        self._data = data
        self._stack_data: StackData | None = None

    def train(self, job: Job) -> Iterator[tuple[int, Result]]:
        if job.plan is None:
            results = KerasTrainer().train(
                list(job.members.values()), self._data, keep_weights=job.keep_weights
            )
            indices = list(job.members)
            yield from ((indices[position], result) for position, result in results)
            return
        self._stack_data = self._stack_data or StackData(self._data, "float32")
        yield from train_stack(
            job.plan, job.members, self._stack_data, keep_weights=job.keep_weights
        )


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

"""A worker process: it trains what it is sent, until it is told to stop or its parent is gone."""

import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import final

import tensorflow as tf

from search.rows import TrainingData
from search.training.architecture import Architecture
from search.training.compiled import DamagedCacheError, use_cache
from search.training.contract import EpochReport, TrainerName
from search.training.jobs import JobDone, Trainer
from search.training.keras_trainer import KerasTrainer, own_model, starting_model
from search.training.probe import keep_standard_output
from search.training.stacked import StackedTrainer


def serve(
    connection: Connection,
    n_threads: int,
    cache: Path | None,
    architecture: Architecture | None = None,
) -> None:
    """Train jobs as they come in.

    Receives a TrainingData before the first Job and wherever the rows change; sends the job's
    (index, Result) pairs as they come and then a JobDone. Of a job that is pruned it also sends a
    list of EpochReport after every epoch and receives the indices of those that are to end.

    Args:
        connection: to the parent.
        n_threads: of TensorFlow.
        cache: folder for compiled programs; None keeps none.
        architecture: a person's own network, for the Keras trainer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()
    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if cache is not None:
        use_cache(cache)
    if architecture is not None:
        keep_standard_output()
    trainers: _Trainers | None = None
    at_start = _peak_bytes()  # TensorFlow's own, which a new worker would take as well
    while True:
        try:
            message = connection.recv()
        except EOFError:
            return
        if isinstance(message, TrainingData):
            trainers = _Trainers(message, architecture)
            continue
        assert trainers is not None
        try:
            ask = partial(_ask, connection) if message.is_pruned else None
            for pair in trainers[message.trainer].train(message, ask):
                connection.send(pair)
        except DamagedCacheError:
            return  # the parent tries again without the cache
        connection.send(JobDone(_peak_bytes() - at_start))


def _ask(connection: Connection, reports: Sequence[EpochReport]) -> Collection[int]:
    """Tell the parent of an epoch; it says who is to end."""
    connection.send(list(reports))
    pruned: Collection[int] = connection.recv()
    return pruned


@final
class _Trainers(dict[TrainerName, Trainer]):
    """The trainers of a data set, each made when it is first asked for."""

    def __init__(self, data: TrainingData, architecture: Architecture | None) -> None:
        super().__init__()
        self._data = data
        self._architecture = architecture

    def __missing__(self, name: TrainerName) -> Trainer:
        made: dict[TrainerName, Callable[[TrainingData], Trainer]] = {
            "stacked": StackedTrainer,
            "keras": _keras_trainer(self._architecture),
        }
        self[name] = made[name](self._data)
        return self[name]


def _keras_trainer(architecture: Architecture | None) -> Callable[[TrainingData], Trainer]:
    if architecture is None:
        return partial(KerasTrainer, build=starting_model)
    if not architecture.is_hypermodel:
        return partial(KerasTrainer, build=own_model(architecture))
    from search.training.hypermodel_trainer import (  # noqa: PLC0415  # loads KerasTuner
        HypermodelTrainer,
    )

    return partial(HypermodelTrainer, architecture=architecture)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

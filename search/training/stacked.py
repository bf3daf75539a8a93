"""Many members at once: those of one structure train as stacks, in one compiled program."""

import os
import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import final

import numpy as np
import tensorflow as tf

from search.rows import TrainingData
from search.training.contract import Member, Result, Trainer, failed
from search.training.network import ACTIVATIONS
from search.training.program import Program, Rows, program_for
from search.training.stack import STACK_SIZES, Stack
from search.training.structure import DROPPING, NORMALIZATION_ROLES, OPTIMIZER_FAMILIES, Structure
from spaces import Recipe


@final
class StackedTrainer(Trainer):
    """Trains dense networks, many at a time, to the weights that Keras would give them.

    Stacks train on threads of their own. A stack seldom fills more than one core, and one
    structure compiles while another trains.

    Args:
        dtype: of all arithmetic; float64 is for comparing with Keras to the last digits.
        workers: stacks in training at a time, at least 1; None for one a core.
    """

    def __init__(self, dtype: str = "float32", workers: int | None = None) -> None:
        self._dtype = dtype
        self._workers = workers or os.cpu_count() or 1

    def supports(self, recipe: Recipe) -> bool:
        """Every recipe whose levels a stack knows."""
        return (
            recipe.activation in ACTIVATIONS
            and recipe.normalization in NORMALIZATION_ROLES
            and recipe.regularization in DROPPING
            and recipe.optimizer in OPTIMIZER_FAMILIES
        )

    def train(
        self,
        members: Sequence[Member],
        data: TrainingData,
        *,
        done: Collection[int] = (),
        keep_weights: bool = False,
    ) -> Iterator[tuple[int, Result]]:
        """Train members, stack by stack in a fixed order; see `Trainer.train`."""
        known, rows, stop = set(done), _rows(data, self._dtype), threading.Event()
        running: deque[tuple[list[int], Future[list[Result]]]] = deque()
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                for structure, indices in plan_stacks(members, data):
                    if known.issuperset(indices):
                        continue
                    program, own = program_for(structure), [members[i] for i in indices]
                    future = pool.submit(
                        _trained, program, own, rows, stop, keep_weights=keep_weights
                    )
                    running.append((indices, future))
                    # As many again wait, so that no worker does while results are dealt with.
                    if len(running) == 2 * self._workers:
                        yield from _finished(*running.popleft())
                while running:
                    yield from _finished(*running.popleft())
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)


def plan_stacks(
    members: Sequence[Member], data: TrainingData
) -> Iterator[tuple[Structure, list[int]]]:
    """Which members train together: equal structure and equal split sizes, in the order given."""
    groups: dict[tuple[Structure, int, int], list[int]] = {}
    for i, member in enumerate(members):
        structure = Structure.of(
            member.recipe,
            n_features=data.features.shape[1],
            n_outputs=data.n_outputs,
            task=data.task,
        )
        sizes = len(member.split.train), len(member.split.validation)
        groups.setdefault((structure, *sizes), []).append(i)
    for (structure, *_), indices in groups.items():
        largest = STACK_SIZES[-1]
        for start in range(0, len(indices), largest):
            yield structure, indices[start : start + largest]


def _rows(data: TrainingData, dtype: str) -> Rows:
    targets = data.targets if data.task == "classification" else data.targets.astype(dtype)
    features = np.concatenate([data.features, data.held_out])
    return Rows(tf.constant(features, dtype), tf.constant(targets))


def _trained(
    program: Program,
    members: Sequence[Member],
    rows: Rows,
    stop: threading.Event,
    *,
    keep_weights: bool,
) -> list[Result]:
    """Train a stack, or what of it can be trained: the halves of one that fails are tried anew."""
    try:
        return Stack(program, members, rows).train(stop, keep_weights=keep_weights)
    except CancelledError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, other members may do better
        if len(members) == 1:
            return [failed(error)]
    half = len(members) // 2
    halves = members[:half], members[half:]
    results = [_trained(program, x, rows, stop, keep_weights=keep_weights) for x in halves]
    return results[0] + results[1]


def _finished(indices: list[int], future: Future[list[Result]]) -> Iterator[tuple[int, Result]]:
    return zip(indices, future.result(), strict=True)

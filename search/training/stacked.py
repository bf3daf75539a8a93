"""Many members at once: those of one structure train as stacks, in one compiled program."""

from collections.abc import Iterator, Mapping
from typing import final

from search.rows import TrainingData
from search.training.compiled import DamagedCacheError
from search.training.contract import Member, Result, failed
from search.training.jobs import Job, Trainer
from search.training.plan import StackPlan
from search.training.stack import Stack, StackData


@final
class StackedTrainer(Trainer):
    """Trains dense networks, many at a time, to the weights that Keras would give them.

    Args:
        data: the rows that members name.
        dtype: of all arithmetic; float64 is for comparing with Keras to the last digits.
    """

    def __init__(self, data: TrainingData, dtype: str = "float32") -> None:
        self._data = StackData(data, dtype)

    def train(self, job: Job) -> Iterator[tuple[int, Result]]:
        """Train a stack; see `Trainer.train`."""
        assert job.plan is not None
        yield from _train(job.plan, job.members, self._data, keep_weights=job.keep_weights)


def _train(
    plan: StackPlan, members: Mapping[int, Member], data: StackData, *, keep_weights: bool
) -> Iterator[tuple[int, Result]]:
    """Train a stack, or what of it can be trained: the halves of one that fails are tried anew."""
    yielded: set[int] = set()
    try:
        for index, result in Stack(plan, members, data).train(keep_weights=keep_weights):
            yielded.add(index)
            yield index, result
    except DamagedCacheError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, other members may do better
        rest = plan.without(yielded)
        if len(rest.members) == 1:
            yield rest.members[0], failed(error)
        for half in rest.halves():
            yield from _train(half, members, data, keep_weights=keep_weights)

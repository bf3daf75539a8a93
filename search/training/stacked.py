"""Many members at once: those of one structure train as stacks, in one compiled program."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, final

from search.rows import TrainingData
from search.training.compiled import DamagedCacheError
from search.training.contract import Member, Prune, Result, failed
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

    def train(self, job: Job, prune: Prune | None = None) -> Iterator[tuple[int, Result]]:
        """Train a stack; see `Trainer.train`."""
        assert job.plan is not None
        how = _How(self._data, prune, job.keep_weights)
        yield from _train(job.plan, job.members, how)


class _How(NamedTuple):
    """What all stacks of a job have in common."""

    data: StackData
    prune: Prune | None
    keep_weights: bool


def _train(
    plan: StackPlan, members: Mapping[int, Member], how: _How
) -> Iterator[tuple[int, Result]]:
    """Train a stack, or what of it can be trained: the halves of one that fails are tried anew."""
    yielded: set[int] = set()
    try:
        stack = Stack(plan, members, how.data)
        for index, result in stack.train(keep_weights=how.keep_weights, prune=how.prune):
            yielded.add(index)
            yield index, result
    except DamagedCacheError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, other members may do better
        rest = plan.without(yielded)
        if len(rest.members) == 1:
            yield rest.members[0], failed(error)
        for half in rest.halves():
            yield from _train(half, members, how)

"""Many members at once: those of one structure train as stacks, in one compiled program."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import final

from search.rows import TrainingData
from search.training.compiled import DamagedCacheError
from search.training.contract import Member, Result, Trainer, failed
from search.training.plan import StackPlan, plan_stacks
from search.training.stack import Stack, StackData
from search.training.structure import knows
from spaces import Recipe


@final
class StackedTrainer(Trainer):
    """Trains dense networks, many at a time, to the weights that Keras would give them.

    Args:
        dtype: of all arithmetic; float64 is for comparing with Keras to the last digits.
    """

    def __init__(self, dtype: str = "float32") -> None:
        self._dtype = dtype

    def supports(self, recipe: Recipe) -> bool:
        """Every recipe whose levels a stack knows."""
        return knows(recipe)

    def train(
        self,
        members: Sequence[Member],
        data: TrainingData,
        *,
        done: Collection[int] = (),
        keep_weights: bool = False,
    ) -> Iterator[tuple[int, Result]]:
        """Train members, stack by stack in a fixed order; see `Trainer.train`."""
        known, rows = set(done), StackData(data, self._dtype)
        for plan in plan_stacks(members, data):
            if not known.issuperset(plan.members):
                own = {index: members[index] for index in plan.members}
                yield from train_stack(plan, own, rows, keep_weights=keep_weights)


def train_stack(
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
            yield from train_stack(half, members, data, keep_weights=keep_weights)

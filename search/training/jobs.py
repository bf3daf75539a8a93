"""What is handed to a worker in one piece."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from search.rows import TrainingData
from search.training.contract import Member, Prune, Result, TrainerName
from search.training.plan import StackPlan, plan_stacks
from search.training.structure import knows
from spaces import Recipe

TRAINERS: dict[TrainerName, Callable[[Recipe], bool]] = {"stacked": knows, "keras": lambda _: True}
"""What each trainer supports; a recipe goes to the first that does."""

SAMPLE_EPOCHS = 2
"""The first compiles as well; the second tells what an epoch takes."""


@final
@dataclass(frozen=True, slots=True)
class Job:
    """Members that one worker trains."""

    trainer: TrainerName
    """Who trains them."""
    members: Mapping[int, Member]
    """By their index among all."""
    plan: StackPlan | None = None
    """Of the stack they form, if they do."""
    keep_weights: bool = False
    """Whether results carry the kept weights."""
    is_pruned: bool = False
    """Whether the parent is told of every epoch and says who is to end."""
    is_last_try: bool = False
    """Whether a worker has died of it already."""

    @property
    def program(self) -> object:
        """What a worker needs to have compiled; equal for jobs that need the same."""
        if self.plan is None:
            return keras_program(next(iter(self.members.values())))
        n_train = len(next(iter(self.members.values())).split.train)
        return self.plan.structure, self.plan.groups, self.plan.lanes, n_train

    def without(self, done: Collection[int]) -> "Job":
        """The job of the members that are left."""
        members = {index: member for index, member in self.members.items() if index not in done}
        plan = None if self.plan is None else self.plan.without(done)
        return replace(self, members=members, plan=plan)

    def sample(self, offset: int) -> "Job":
        """The same program for the members that it starts with, and for SAMPLE_EPOCHS.

        Args:
            offset: is added to the members' indices.
        """
        plan = None if self.plan is None else self.plan.started(offset)
        first = list(self.members)[:1] if self.plan is None else self.plan.started().members
        short = (
            replace(member, recipe=member.recipe.replace(epochs=SAMPLE_EPOCHS))
            for member in map(self.members.__getitem__, first)
        )
        members = dict(zip((index + offset for index in first), short, strict=True))
        return replace(self, members=members, plan=plan)

    def tried_again(self) -> "list[Job]":
        """What to do after a worker died of it: halve it; a single member gets one more try."""
        indices = list(self.members)
        if not indices:  # it died with the job done
            return []
        if len(indices) == 1:
            return [] if self.is_last_try else [replace(self, is_last_try=True)]
        half = len(indices) // 2
        return [self.without(part) for part in (indices[half:], indices[:half])]


class Trainer(ABC):
    """Trains the members of jobs, all on the rows of one data set."""

    @abstractmethod
    def train(self, job: Job, prune: Prune | None = None) -> Iterator[tuple[int, Result]]:
        """Train a job's members; yield (index, result) as each is finished.

        A member that diverges ends alone; it never takes another with it. What cannot be trained
        at all, for want of memory, say, ends as failed, with its reason.

        Args:
            job: whom to train.
            prune: hears of every epoch; whom it names ends there, with what was kept so far.
        """


@final
@dataclass(frozen=True, slots=True)
class JobDone:
    """A worker's last word on a job."""

    grown_bytes: int
    """The most memory it ever took, beyond what it started with."""


def choose_trainer(recipe: Recipe) -> TrainerName:
    """The name of the trainer that a recipe goes to."""
    return next(name for name, supports in TRAINERS.items() if supports(recipe))


def keras_program(member: Member) -> object:
    """What Keras compiles a model for; equal where the learning rates and seeds alone differ."""
    return "keras", member.recipe.replace(learning_rate=1.0), len(member.split.train)


def plan_jobs(
    members: Sequence[Member],
    data: TrainingData,
    *,
    is_own: bool = False,
    keep_weights: bool = False,
    is_pruned: bool = False,
) -> Iterator[Job]:
    """Jobs for all members: stacks first, then, one by one, what no stack can express.

    Args:
        members: all members of a step of a sweep: the jobs follow from them and the data alone.
        data: what they are trained on.
        is_own: whether networks are a person's own, which Keras alone can train.
        keep_weights: whether results are to carry the kept weights.
        is_pruned: whether trainings may be told to end.
    """
    own: dict[TrainerName, list[int]] = {name: [] for name in TRAINERS}
    for index, member in enumerate(members):
        own["keras" if is_own else choose_trainer(member.recipe)].append(index)
    stackable = own["stacked"]
    for plan in plan_stacks([members[index] for index in stackable], data):
        indices = tuple(tuple(stackable[i] for i in group) for group in plan.indices)
        renamed = replace(plan, indices=indices)
        its = {index: members[index] for index in renamed.members}
        yield Job("stacked", its, renamed, keep_weights, is_pruned)
    for index in own["keras"]:
        yield Job("keras", {index: members[index]}, None, keep_weights, is_pruned)


def stacks_of(
    members: Sequence[Member], data: TrainingData, *, is_own: bool = False
) -> list[list[int]]:
    """The indices of the members of each stack, for the arguments of `plan_jobs`.

    They are in the order in which they begin. Side by side they train epoch by epoch, so that one
    that stands before another has been told of an epoch, or has ended, when the other is.
    """
    jobs = plan_jobs(members, data, is_own=is_own)
    return [job.plan.members for job in jobs if job.plan is not None]


def plan_samples(
    steps: Sequence[Sequence[Member]], data: TrainingData, *, is_own: bool = False
) -> tuple[list[Job], list[tuple[int, ...]]]:
    """A short job for each program that steps need, and what it is a sample of.

    Args:
        steps: all members of each step of a sweep.
        data: what they are trained on.
        is_own: as for `plan_jobs`.

    Returns:
        The jobs, whose members have indices over all steps, and for each of them how many epochs
        members have in each step, each counted by itself, if none stops early.
    """
    samples: dict[object, Job] = {}
    epochs: dict[object, list[int]] = {}
    offset = 0
    for step, members in enumerate(steps):
        for job in plan_jobs(members, data, is_own=is_own):
            samples.setdefault(job.program, job.sample(offset))
            its = sum(member.recipe.epochs for member in job.members.values())
            epochs.setdefault(job.program, [0] * len(steps))[step] += its
        offset += len(members)
    return list(samples.values()), [tuple(its) for its in epochs.values()]

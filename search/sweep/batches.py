"""How many trials a search asks for at once.

A sampler learns nothing of a trial before its batch has ended, and a pruner has little to go by in
the first. So the first batches are small.
"""

from itertools import accumulate, count, takewhile

STACKS = 2
"""Parts of a batch; each has a structure of its own."""
MEMBERS = 12
"""Trials in a part: more than train side by side, so that some wait to take the place of others
that end."""
FIRST_MEMBERS = (4, 8)
"""Trials in a part of the first batches."""
SIZE = STACKS * MEMBERS
"""Trials in a batch, but for the first ones."""


def parts_of(batch: int) -> list[int]:
    """How many trials each part of a batch has."""
    members = FIRST_MEMBERS[batch] if batch < len(FIRST_MEMBERS) else MEMBERS
    return [members] * STACKS


def whole_batches(n_trials: int) -> tuple[int, int]:
    """How many batches so many trials fill, and how many trials are in these."""
    ends = list(takewhile(lambda end: end <= n_trials, accumulate(map(_size, count()))))
    return len(ends), ends[-1] if ends else 0


def _size(batch: int) -> int:
    return sum(parts_of(batch))

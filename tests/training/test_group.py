import numpy as np
import pytest

from search.rows import Split
from search.training import Ending, Member, Seeds
from search.training.batches import epoch_order
from search.training.group import Group, dropout_rates, dropping_numbers
from spaces import SHALLOW

ROWS = np.arange(10, dtype=np.int32)
SPLIT = Split(ROWS[:7], ROWS[7:])
RECIPE = SHALLOW.replace(depth=3, batch_size=3, epochs=2)
GOOD = np.array([1.0, 1.0, 0.5])
NAN = np.full(3, np.nan)


def group(n: int, lanes: int) -> Group:
    """Members 1, 2, ... of which each trains an epoch longer than the one before."""
    members = {
        i: Member(RECIPE.replace(epochs=i, lr_schedule="constant"), SPLIT, Seeds(i, 5, i))
        for i in range(1, n + 1)
    }
    return Group(list(members), members, lanes)


@pytest.mark.parametrize(
    ("level", "rates"),
    [
        ("early_stopping", [0, 0, 0, 0]),
        ("l2", [0, 0, 0, 0]),
        ("dropout", [0, 0.4, 0.4, 0.4]),
        ("alpha_dropout", [0, 0.4, 0.4, 0.4]),
        ("dropout_inputs", [0.4, 0.4, 0.4, 0.4]),
        ("dropout_last", [0, 0, 0, 0.4]),
    ],
)
def test_each_layer_drops_as_its_level_says(level: str, rates: list[float]) -> None:
    """The inputs, then the three hidden layers."""
    recipe = RECIPE.replace(regularization=level)
    if recipe.dropout_rate is not None:
        recipe = recipe.replace(dropout_rate=0.4)
    assert dropout_rates(recipe) == rates
    for numbers in dropping_numbers(recipe).values():
        assert numbers.shape == (4,)


def test_dropping_keeps_the_mean_and_alpha_dropout_the_variance_too() -> None:
    """In expectation, of units with mean 0 and variance 1."""
    rate = 0.3
    for level in ("dropout", "alpha_dropout"):
        numbers = dropping_numbers(RECIPE.replace(regularization=level, dropout_rate=rate))
        scale, offset, dropped = (numbers[name][1] for name in ("scale", "offset", "dropped"))
        mean = (1 - rate) * offset + rate * dropped
        square = (1 - rate) * (scale**2 + offset**2) + rate * dropped**2
        assert mean == pytest.approx(0.0)
        assert square == pytest.approx(1.0 if level == "alpha_dropout" else 1 / (1 - rate))


def test_an_epoch_meets_the_rows_in_their_order_and_fills_up_from_the_first() -> None:
    several = group(2, 2)
    for epoch in range(2):
        rows = epoch_order(5, epoch, SPLIT.train)
        assert several.order().tolist() == [
            rows[:3].tolist(),
            rows[3:6].tolist(),
            [rows[6], rows[0], rows[1]],
        ]
        several.hear(np.array([GOOD, GOOD]), 1.0)


def test_a_group_is_active_until_its_last_member_ends() -> None:
    several = group(2, 2)
    active = [several.n_active]
    for _ in range(2):
        several.hear(np.array([GOOD, GOOD]), 1.0)
        active.append(several.n_active)
    assert active == [2, 1, 0]
    assert [progress.ending for progress in several.progress] == [Ending.COMPLETED] * 2
    assert several.seconds == [1.0, 2.0]


def test_lanes_that_are_left_over_do_not_count() -> None:
    padded = group(2, 8)
    assert len(padded.members) == 8
    assert padded.n_active == 2
    padded.hear(np.array([GOOD, GOOD, *[NAN] * 6]), 1.0)
    assert padded.n_active == 1


def test_weights_are_kept_of_members_that_improved_alone() -> None:
    several = group(3, 3)
    assert several.hear(np.array([GOOD, GOOD, NAN]), 1.0) == [True, True, False]
    assert several.progress[2].ending is Ending.DIVERGED
    assert several.hear(np.array([0.5 * GOOD, 2 * GOOD, GOOD]), 1.0) == [False, False, False]

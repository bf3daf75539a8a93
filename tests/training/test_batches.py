import numpy as np
import pytest

from search.training.batches import epoch_order, n_steps

ROWS = np.array([3, 1, 4, 15, 9, 2, 6], dtype=np.int32)


@pytest.mark.parametrize(("rows", "size", "steps"), [(6, 3, 2), (7, 3, 3), (2, 3, 1), (3, 3, 1)])
def test_the_last_step_may_be_smaller(rows: int, size: int, steps: int) -> None:
    assert n_steps(rows, size) == steps


def test_an_epoch_meets_every_row_once() -> None:
    order = epoch_order(1, 0, ROWS)
    assert order.dtype == np.int32
    assert sorted(order) == sorted(ROWS)


def test_orders_repeat_by_seed_and_epoch_and_by_nothing_less() -> None:
    orders = [tuple(epoch_order(seed, epoch, ROWS)) for seed in (1, 2) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert orders[0] == tuple(epoch_order(1, 0, ROWS))

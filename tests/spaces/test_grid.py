import pytest

from spaces import SPACES, Choice, Float, Int, Space, grid_point, grid_size

RATE = Float(1e-4, 1.0, default=0.01, log=True)
SPACE = Space(
    {"optimizer": Choice(("nag", "sgd")), "depth": Int(1, 2, default=2), "width": Choice((4, 8))},
    {
        "optimizer": {"nag": Space({"learning_rate": RATE, "momentum": Float(0, 1, default=0.5)})},
        "width": {8: Space({"rate": RATE})},
    },
)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_grid_is_distinct_and_complete(steps: int) -> None:
    depths = min(steps, 2)
    size = (steps**2 + 1) * depths * (1 + steps)
    assert grid_size(SPACE, steps) == size
    points = [grid_point(SPACE, index, steps) for index in range(size)]
    for point in points:
        SPACE.check(point)
    assert len({tuple(point.items()) for point in points}) == size


def test_a_number_takes_the_middles_of_equal_parts_of_its_scale() -> None:
    rates = [grid_point(Space({"rate": RATE}), index, 2)["rate"] for index in range(2)]
    assert rates == pytest.approx([1e-3, 1e-1])


@pytest.mark.parametrize("name", SPACES)
def test_any_point_of_a_huge_grid_is_found_at_once(name: str) -> None:
    size = grid_size(SPACES[name], 100)
    assert size > 10**6
    for index in (0, size // 3, size - 1):
        SPACES[name].check(grid_point(SPACES[name], index, 100))


def test_what_is_not_in_the_grid_is_refused() -> None:
    assert grid_size(Space({}), 1) == 1
    with pytest.raises(ValueError, match="index must be from 0 to below 1; received 1"):
        grid_point(Space({}), 1, 1)
    with pytest.raises(ValueError, match="steps must be at least 1; received 0"):
        grid_size(SPACE, 0)

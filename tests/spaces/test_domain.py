import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces import Choice, Float, Int

RATE = Float(1e-3, 1.0, default=0.03, log=True)
MOMENTUM = Float(0.8, 0.95, default=0.9)


@pytest.mark.parametrize("domain", [RATE, MOMENTUM])
@given(position=st.floats(0, 1))
def test_position_is_the_inverse_of_at(domain: Float, position: float) -> None:
    value = domain.at(position)
    assert domain.accepts(value)
    assert domain.position(value) == pytest.approx(position, abs=1e-12)


def test_equal_steps_are_equal_ratios_on_a_logarithmic_range() -> None:
    assert [RATE.at(x) for x in (0, 1 / 3, 2 / 3, 1)] == pytest.approx([1e-3, 1e-2, 0.1, 1.0])
    assert [MOMENTUM.at(x) for x in (0, 0.5, 1)] == pytest.approx([0.8, 0.875, 0.95])


def test_at_stays_inside_and_position_leaves_the_unit_interval_outside_the_range() -> None:
    assert (RATE.at(-1), RATE.at(2)) == (RATE.low, RATE.high)
    assert RATE.position(10.0) == pytest.approx(4 / 3)
    assert MOMENTUM.position(0.65) == pytest.approx(-1)


@pytest.mark.parametrize("log", [False, True])
def test_every_whole_number_has_a_stretch_of_the_scale_to_itself(log: bool) -> None:  # noqa: FBT001  # pytest passes it
    domain = Int(1, 8, default=2, log=log)
    found = [domain.at(i / 1000) for i in range(1001)]
    assert found == sorted(found)
    assert set(found) == set(range(1, 9))
    assert all(domain.at(domain.position(value)) == value for value in range(1, 9))
    halfway = domain.position(1.5) - domain.position(0.5)
    assert found.count(1) / 1000 == pytest.approx(halfway, abs=0.002)
    assert found.count(8) / 1000 == pytest.approx(1 - domain.position(7.5), abs=0.002)


@pytest.mark.parametrize("value", [0.1, 1, 1e-3, 1.0])
def test_a_range_accepts_numbers_inside(value: float) -> None:
    assert RATE.accepts(value)


@pytest.mark.parametrize("value", [0, 1.01, math.nan, math.inf, True, "0.1", None])
def test_a_range_accepts_nothing_else(value: object) -> None:
    assert not RATE.accepts(value)


def test_a_whole_range_accepts_whole_numbers_only() -> None:
    domain = Int(1, 8, default=2, log=True)
    assert all(map(domain.accepts, range(1, 9)))
    assert not any(map(domain.accepts, (0, 9, 2.0, True, "2", None)))


def test_a_choice_accepts_its_options_and_starts_with_the_default() -> None:
    domain = Choice(("nag", "adam"))
    assert domain.default == "nag"
    assert domain.accepts("adam")
    assert not domain.accepts("sgd")
    assert not domain.accepts(None)


@pytest.mark.parametrize("kind", [Float, Int])
@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ((2, 1, 1), "low must be below high; received low=2, high=1"),
        ((1, 1, 1), "low must be below high; received low=1, high=1"),
        ((math.nan, 1, 1), "low must be below high; received low=nan, high=1"),
        ((1, 2, 3), "default must lie in [1, 2]; received 3"),
        ((1, 2, math.nan), "default must lie in [1, 2]; received nan"),
        ((0, 2, 1, True), "a logarithmic range must start above 0; received low=0"),
    ],
)
def test_a_wrong_range_is_refused(
    kind: Callable[..., object], bounds: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kind(*bounds)


@pytest.mark.parametrize("options", [(), ("nag", "nag"), (1, 2, 1)])
def test_options_must_be_distinct_and_at_least_one(options: tuple[str | int, ...]) -> None:
    with pytest.raises(ValueError, match="options must be distinct and at least one; received"):
        Choice(options)

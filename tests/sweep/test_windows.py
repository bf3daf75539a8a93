"""From pilot trials to the window of confirm, and from the window to lanes."""

import math

import numpy as np
import pytest

from search.study.record import TrialRecord
from search.sweep.windows import (
    MOST_DIMENSIONS,
    WINDOW_RATIO,
    choose_lane,
    choose_window,
    lane_points,
    tried_in,
    widened,
)
from spaces import SHALLOW, Float, Space, nuisance_space

RATE = Space({"learning_rate": Float(1e-3, 1.0, default=0.03, log=True)})
TWO = Space({**RATE.domains, "dropout_rate": Float(0.1, 0.5, default=0.2)})


def trial(value: float | None, error: float = 0.0, window: int = 0, **params: float) -> TrialRecord:
    return TrialRecord(
        study="pilot/default",
        index=0,
        phase="pilot",
        factor="default",
        level="shallow",
        state="failed" if value is None else "complete",
        reason="",
        value=value,
        standard_error=None if value is None else error,
        params=params,
        recipe=SHALLOW.to_dict(),
        epochs=1,
        best_epoch=1,
        curve={},
        seconds=0.0,
        window=window,
    )


def valley(best: float, space: Space = RATE, n: int = 32, window: int = 0) -> list[TrialRecord]:
    """Trials over a space whose value is lowest at the learning rate `best`."""
    rate = space.domains["learning_rate"]
    assert isinstance(rate, Float)
    rates = [rate.at((i + 0.5) / n) for i in range(n)]
    values = [abs(math.log(r / best)) for r in rates]
    return [trial(v, window=window, learning_rate=r) for v, r in zip(values, rates, strict=True)]


def rate_of(space: Space) -> Float:
    rate = space.domains["learning_rate"]
    assert isinstance(rate, Float)
    return rate


def test_the_window_spans_two_decades_around_the_best_rate() -> None:
    window = choose_window(RATE, valley(0.05))
    rate = rate_of(window.space)
    assert rate.high / rate.low == pytest.approx(WINDOW_RATIO)
    assert rate.at(0.5) == pytest.approx(10**-1.5)  # the half decade next to 0.05
    assert window.edge is None


def test_levels_that_learn_alike_share_their_window() -> None:
    assert choose_window(RATE, valley(0.03)).space == choose_window(RATE, valley(0.05)).space


@pytest.mark.parametrize(("best", "edge"), [(1e-3, "low"), (1.0, "high"), (0.02, None)])
def test_an_optimum_at_the_edge_is_named(best: float, edge: str | None) -> None:
    assert choose_window(RATE, valley(best)).edge == edge


def test_a_plateau_flat_within_noise_counts_as_inside() -> None:
    flat = [
        trial(0.05 + 0.001 * (i % 3), error=0.01, learning_rate=rate_of(RATE).at(i / 31))
        for i in range(32)
    ]
    flat[0] = trial(0.049, error=0.01, learning_rate=1e-3)
    window = choose_window(RATE, flat)
    assert window.edge is None
    assert rate_of(window.space).at(0.5) == pytest.approx(0.03, rel=0.5)


def test_without_its_standard_error_the_same_plateau_is_at_the_edge() -> None:
    flat = [trial(0.05, learning_rate=rate_of(RATE).at(i / 31)) for i in range(32)]
    flat[0] = trial(0.049, learning_rate=1e-3)
    assert choose_window(RATE, flat).edge == "low"


def test_failed_trials_are_left_out() -> None:
    records = [*valley(0.05), *(trial(None, learning_rate=0.9) for _ in range(50))]
    assert choose_window(RATE, records) == choose_window(RATE, valley(0.05))


def test_without_any_finished_trial_the_window_is_all_that_was_tried() -> None:
    assert choose_window(RATE, [trial(None, learning_rate=0.5)]).space == RATE


@pytest.mark.parametrize("best", [0.1, 0.3, 0.5])
def test_a_strengths_window_is_half_its_range_and_stays_inside(best: float) -> None:
    records = [
        trial(abs(rate - best), learning_rate=0.05, dropout_rate=rate)
        for rate in np.linspace(0.1, 0.5, 33).tolist()
    ]
    strength = choose_window(TWO, records).space.domains["dropout_rate"]
    assert isinstance(strength, Float)
    assert strength.high - strength.low == pytest.approx(0.2)
    assert strength.low >= 0.1
    assert strength.high <= 0.5 + 1e-12
    assert strength.low <= best + 1e-9
    assert best - 1e-9 <= strength.high


@pytest.mark.parametrize(
    ("edge", "whole", "new"), [("low", (1e-4, 1.0), (1e-4, 1e-3)), ("high", (1e-3, 10), (1, 10))]
)
def test_widening_adds_a_decade_beyond_the_edge(
    edge: str, whole: tuple[float, float], new: tuple[float, float]
) -> None:
    all_tried, added = (rate_of(space) for space in widened(TWO, edge))
    assert (all_tried.low, all_tried.high) == pytest.approx(whole)
    assert (added.low, added.high) == pytest.approx(new)


def test_what_was_tried_is_known_from_the_trials_alone() -> None:
    first = valley(1e-5)
    _, new = widened(RATE, "low")
    second = valley(1e-5, new, n=16, window=1)
    whole, _ = widened(RATE, "low")
    assert tried_in(RATE, first) == RATE
    assert tried_in(RATE, [*first, *second]) == whole


@pytest.mark.parametrize("n_lanes", [1, 2, 6, 7])
def test_lanes_are_evenly_spread_whatever_the_shift(n_lanes: int) -> None:
    rate = rate_of(RATE)
    for shift in np.random.default_rng(0).random((20, 3)):
        points = lane_points(RATE, n_lanes, shift)
        positions = np.array([rate.position(float(p["learning_rate"])) for p in points])
        assert (np.floor(positions * n_lanes) == np.arange(n_lanes)).all()
        assert np.allclose(np.diff(positions), 1 / n_lanes)


def test_lanes_cover_every_dimension_of_a_window() -> None:
    space = nuisance_space(SHALLOW.replace(regularization="l1_l2", optimizer="adamw"))
    assert len(space.domains) == MOST_DIMENSIONS
    points = lane_points(space, 6, np.array([0.3, 0.6, 0.9, 0.2]))
    assert [set(p) for p in points] == [set(space.domains)] * 6
    for name, domain in space.parameters():
        assert isinstance(domain, Float)
        positions = sorted(domain.position(float(p[name])) for p in points)
        assert max(np.diff([*positions, positions[0] + 1])) < 0.45


def test_a_lane_amid_good_ones_is_chosen_before_a_lucky_one_beside_the_cliff() -> None:
    assert choose_lane([0.12, 0.11, 0.11, 0.10, 2.0, 9.0]) == 1


@pytest.mark.parametrize("best", [1, 2, 3, 4])
def test_a_valley_as_narrow_as_a_lane_is_found(best: int) -> None:
    assert choose_lane([0.1 if lane == best else 2.0 for lane in range(6)]) == best


@pytest.mark.parametrize("lucky", [0, 5])
def test_a_lane_at_the_rim_only_smooths_the_others(lucky: int) -> None:
    chosen = choose_lane([0.05 if lane == lucky else 0.1 for lane in range(6)])
    assert abs(chosen - lucky) == 1


def test_a_lane_that_failed_is_chosen_only_if_all_did() -> None:
    assert choose_lane([0.3, 0.1, None, 0.1, 0.1, 0.3]) != 2
    assert choose_lane([2.3, None, None, 2.2]) == 3
    assert choose_lane([None, None]) == 0


@pytest.mark.parametrize(
    ("losses", "best"), [([0.5], 0), ([0.5, 0.4], 1), ([0.0, 0.4], 0), ([0.2, 0.4, 0.9], 0)]
)
def test_of_one_to_three_lanes_the_best_is_chosen(losses: list[float | None], best: int) -> None:
    assert choose_lane(losses) == best

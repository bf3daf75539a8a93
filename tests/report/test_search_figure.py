"""The figure of a search shows every trial where its epochs ended, and the best so far."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search.report.figures import FIGURES, draw_all
from search.study import TrialRecord
from search.sweep.records import SweepReport
from tests.factories import pilot_trial
from tests.reports import report


def trial(number: int, state: str, value: float | None, epochs: int) -> TrialRecord:
    told: dict[str, Any] = {"state": state, "value": value, "epochs": epochs}
    trial = pilot_trial(number, **told)
    return replace(
        trial, study="search", phase="search", factor="search", level=f"trial {number}", window=0
    )


TRIALS = [
    trial(0, "complete", 0.1, 30),
    trial(1, "pruned", 0.4, 3),
    trial(2, "failed", None, 1),
    trial(3, "complete", 0.02, 30),
    trial(4, "complete", 0.05, 20),
]


def of(*trials: TrialRecord) -> SweepReport:
    return replace(report(), records=trials)


def drawn(*trials: TrialRecord) -> Figure:
    return draw_all(of(*trials))["search"]


def data(line: Line2D) -> list[tuple[float, float]]:
    """Epochs spent and the loss that a height stands for, of each point."""
    x, y = (np.asarray(get(), float) for get in (line.get_xdata, line.get_ydata))
    return list(zip(x.tolist(), (10**y).tolist(), strict=True))


def test_without_a_trial_that_reached_something_there_is_no_figure() -> None:
    assert "search" not in draw_all(report())
    assert "search" not in draw_all(of(TRIALS[2]))


def test_each_trial_stands_where_its_epochs_ended() -> None:
    (axes,) = drawn(*reversed(TRIALS)).axes
    best, pruned, whole, failed, default = map(data, axes.get_lines())
    assert pruned == [pytest.approx((33, 0.4))]
    assert whole == [pytest.approx(point) for point in ((30, 0.1), (64, 0.02), (84, 0.05))]
    assert default == whole[:1]
    assert [x for x, _ in failed] == [34]
    assert [y for _, y in best] == pytest.approx([0.1, 0.1, 0.1, 0.02, 0.02])


def test_failed_trials_stand_above_all_others_and_inside() -> None:
    (axes,) = drawn(*TRIALS).axes
    ((_, height),) = data(axes.get_lines()[3])
    assert 0.4 < height < 10 ** axes.get_ylim()[1]


def test_no_error_at_all_has_a_place_on_the_logarithmic_axis() -> None:
    (axes,) = drawn(*TRIALS, trial(5, "complete", 0.0, 30)).axes
    lowest = min(y for _, y in data(axes.get_lines()[2]))
    assert lowest == pytest.approx(0.01)
    assert 10 ** axes.get_ylim()[0] < lowest


@pytest.mark.parametrize("spread", [0.0, 0.001, 0.02, 0.2, 0.9])
def test_however_close_the_trials_are_the_axis_has_several_numbers(spread: float) -> None:
    close = [trial(n, "complete", 0.1 - spread * 0.1 * n / 3, 30) for n in range(4)]
    (axes,) = drawn(*close).axes
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert 3 <= len(ticks) <= 8
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert [float(text) for text in labels] == pytest.approx([100 * 10**tick for tick in ticks])


def test_what_is_seen_is_said() -> None:
    see = FIGURES["search"].see
    assert see(of(*TRIALS)) == (
        "The best trial, trial 3, came to 2 % and the default to 10 %, after 64 of 84 epochs. "
        "1 trial of 5 ended early."
    )
    assert see(of(*TRIALS[:3])).startswith(
        "The default itself came to 10 %, and no trial to less, after 30 of 34 epochs. "
    )
    assert see(of(TRIALS[1])) == "1 trial of 1 ended early."

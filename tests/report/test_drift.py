from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from matplotlib.figure import Figure

from search.report.figures.drift import MOST_SWEEPS, draw, drift_png
from search.report.figures.ink import styled
from tests.reports import factor, mixed, report

START = datetime(2026, 11, 1, 2, tzinfo=UTC)


def sweep(effect: float = 0.0, *, margin: float = 0.01, **how: Any) -> dict[str, Any]:
    found = report((factor("optimizer", {"adam": effect, "adamw": 0.03}, **how), *mixed()[:2]))
    terms = {"margin": margin, "loss": "error", "comparisons": 9, "n_confirm": 360}
    return {**found.to_dict(), "conditions": terms}


def drawn(*sweeps: dict[str, Any]) -> Figure | None:
    return draw([(START + timedelta(days=n), each) for n, each in enumerate(sweeps)])


def test_each_comparison_has_a_panel_with_an_interval_for_each_sweep() -> None:
    figure = drawn(sweep(-0.03), sweep(-0.03), sweep(0.03))
    assert figure is not None
    assert len(figure.axes) == 2 + 2 + 3
    for axes in figure.axes:
        assert len(axes.collections) == 3
    labels = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert labels == ["01 Nov", "03 Nov"]


@pytest.mark.parametrize("sweeps", [1, 2, 4, 5, MOST_SWEEPS])
def test_dates_do_not_touch_each_other(sweeps: int) -> None:
    """Where days have several sweeps the dates have times, which is the most they get."""
    with styled():
        figure = draw([(START + timedelta(hours=n), sweep()) for n in range(sweeps)])
        assert figure is not None
        figure.canvas.draw()
    labels = [text for axes in figure.axes for text in axes.get_xticklabels() if text.get_text()]
    boxes = [text.get_window_extent() for text in (*labels, *figure.texts) if text.get_text()]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_a_sweep_before_its_first_look_leaves_a_gap() -> None:
    figure = drawn(sweep(), sweep(replicates=0))
    assert figure is not None
    assert len(figure.axes[0].collections) == 1


def test_only_the_latest_sweeps_of_the_last_margin_are_shown() -> None:
    figure = drawn(sweep(margin=0.02), *[sweep()] * (MOST_SWEEPS + 5))
    assert figure is not None
    assert len(figure.axes[0].collections) == MOST_SWEEPS


@pytest.mark.parametrize(
    "sweeps", [(), (report(()).to_dict() | {"conditions": sweep()["conditions"]},)]
)
def test_nothing_is_drawn_of_nothing(sweeps: tuple[dict[str, Any], ...]) -> None:
    assert drawn(*sweeps) is None
    assert drift_png([]) is None

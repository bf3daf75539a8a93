"""Every figure shows what it is said to show, read from its artists."""

import math
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text

from search.report.figures import FIGURES, draw_all
from search.report.figures.export import to_png, to_svg
from search.report.figures.groups import all_trained
from search.report.figures.ink import COLOURS, MARKS
from search.report.page import page_and_pictures
from search.report.rows import alternative_rows
from search.rows import Array
from search.settings import Settings
from search.study.record import TrialRecord
from search.sweep.records import SweepReport
from search.verdict import METRICS, Comparison, Loss, Outcome, Terms, in_units
from tests.reports import comparison, factor, mixed, report
from tests.studies import BEST_RATE, DIVERGES, EPOCHS, RATES, at_depths, studied

RMSE = Terms(Loss.RMSE, math.log(1.02), comparisons=16, n_rows=4000)
WITHOUT_SEARCH = [name for name in FIGURES if name != "search"]
TEXT = 4.5
"""Least contrast of text with its ground (WCAG 2.2, success criterion 1.4.3)."""


@pytest.fixture(scope="module")
def shown() -> SweepReport:
    return studied(report(), failed_replicates=2)


@pytest.fixture(scope="module")
def drawn(shown: SweepReport) -> dict[str, Figure]:
    return draw_all(shown)


def words(figure: Artist) -> list[str]:
    found = figure.findobj(Text)
    return [text.get_text() for text in found if isinstance(text, Text) and text.get_text()]


def lines(axes: Axes, *, marker: Collection[str] = ("None", "")) -> list[Line2D]:
    return [line for line in axes.get_lines() if line.get_marker() in marker]


def x_of(line: Line2D) -> Array:
    return np.atleast_1d(np.asarray(line.get_xdata(), float))


def y_of(line: Line2D) -> Array:
    return np.atleast_1d(np.asarray(line.get_ydata(), float))


def bars_of(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def panels(figure: Figure) -> dict[str, Axes]:
    """Bold name -> its panel, in order."""
    found = {}
    for axes in figure.axes:
        names = [text for text in axes.texts if text.get_fontweight() == "bold"]
        found[names[0].get_text()] = axes
    return found


def comparisons(shown: SweepReport) -> dict[str, Comparison]:
    return {c.level: c for factor in shown.factors for c in factor.comparisons}


def test_a_report_with_everything_has_every_figure(drawn: dict[str, Figure]) -> None:
    assert list(drawn) == WITHOUT_SEARCH


def test_the_forest_has_a_line_and_its_numbers_for_every_alternative(
    shown: SweepReport, drawn: dict[str, Figure]
) -> None:
    said = words(drawn["forest"])
    for verdict in shown.factors:
        assert verdict.factor in said
        assert verdict.default in said
        for row in alternative_rows(verdict):
            assert row.level in said
            assert f"{row.difference} ({row.interval})" in said


def test_the_forest_shows_both_scopes_and_the_mark_of_the_outcome(
    shown: SweepReport, drawn: dict[str, Figure]
) -> None:
    (axes,) = drawn["forest"].axes
    for alternative in comparisons(shown).values():
        assert alternative.difference is not None
        mark = MARKS[alternative.outcome]
        (point,) = (
            line
            for line in lines(axes, marker=[mark.marker])
            if line.get_markersize() == mark.size and y_of(line)[0] == _row(axes, alternative)
        )
        low, high = axes.get_xlim()
        assert x_of(point)[0] == pytest.approx(np.clip(100 * alternative.difference, low, high))
        y = y_of(point)[0]
        bars = [bar for bar in lines(axes) if (y_of(bar) == y).all()]
        thin, thick = sorted(bars, key=Line2D.get_linewidth)
        assert {thin.get_color(), thick.get_color()} == {mark.colour}
        on_data = np.clip([100 * alternative.low, 100 * alternative.high], low, high)
        new_rows = alternative.new_rows
        on_new = np.clip([100 * new_rows.low, 100 * new_rows.high], low, high)
        assert np.allclose(x_of(thick), on_data)
        assert np.allclose(x_of(thin), on_new)


def _row(axes: Axes, alternative: Comparison) -> float:
    name = alternative.level + "*" * alternative.guideline
    found = [t for t in axes.texts if isinstance(t, Annotation) and t.get_text() == name]
    return float(min(found, key=lambda text: text.xy[0]).xy[1])  # a default may be called so, too


def test_the_margin_is_shaded(drawn: dict[str, Figure]) -> None:
    (axes,) = drawn["forest"].axes
    (band,) = axes.patches
    box = band.get_extents().transformed(axes.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx((-1, 1))


def test_bounds_beyond_the_axis_end_in_an_arrow() -> None:
    huge = report((factor("activation", {"swish": -0.4, "relu": 0.001}),))
    figure = draw_all(studied(huge))["forest"]
    (axes,) = figure.axes
    low, _ = axes.get_xlim()
    assert low == pytest.approx(-12)  # margins
    arrows = [line for line in lines(axes, marker="<") if line.get_markersize() == 3.5]
    assert arrows
    assert all(x_of(line)[0] == low for line in arrows)
    assert any(text.startswith("−40.00 (") for text in words(figure))


def test_a_regression_is_drawn_in_per_cent_of_the_rmse_and_has_no_calibration() -> None:
    drawn = draw_all(studied(report(mixed(terms=RMSE), terms=RMSE)))
    assert "calibration" not in drawn
    (axes,) = drawn["forest"].axes
    box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert box.x1 == pytest.approx(2)
    assert "% of the RMSE" in axes.get_xlabel()


@pytest.mark.parametrize("loss", Loss)
def test_page_and_figures_are_drawn_in_the_unit_of_every_metric(loss: Loss) -> None:
    metric = METRICS[loss]
    terms = Terms(loss, metric.margin, comparisons=16, n_rows=4000)
    shown = studied(report(terms=terms))
    page, pictures = page_and_pictures(shown)
    assert f"alternative minus default in {metric.name} on" in page
    expected = set(WITHOUT_SEARCH) - ({"calibration"} if metric.is_ratio else set())
    assert set(pictures) == expected
    drawn = draw_all(shown)
    (axes,) = drawn["forest"].axes
    assert metric.unit in axes.get_xlabel()
    box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert in_units(terms.margin, loss).startswith(f"{box.x1:.3g} ")
    assert any(f"difference, {metric.short_unit}" in text for text in words(drawn["racing"]))
    assert any(f"validation {metric.name}, " in text for text in words(drawn["rates"]))


def test_the_racing_history_has_every_look(shown: SweepReport, drawn: dict[str, Figure]) -> None:
    found = panels(drawn["racing"])
    assert list(found) == list(comparisons(shown))
    schedule = sorted({look.replicates for look in comparisons(shown)["swish"].looks})
    ticks = [t.get_text() for t in drawn["racing"].axes[-1].get_xticklabels()]
    assert ticks == [str(n) for n in schedule] == ["16", "24", "32"]
    for level, axes in found.items():
        looks = comparisons(shown)[level].looks
        (mean,) = lines(axes, marker="o")[:1]
        low, high = axes.get_ylim()
        expected = np.clip([100 * look.difference for look in looks], low, high)
        assert np.allclose(y_of(mean), expected)


def test_learning_curves_have_medians_and_quartiles_of_both_losses(
    shown: SweepReport, drawn: dict[str, Figure]
) -> None:
    found = panels(drawn["curves"])
    assert list(found) == ["default", *comparisons(shown)]
    for name, axes in found.items():
        curves = lines(axes)
        assert len(curves) == len(axes.collections) == (2 if name == "default" else 4)
        validation, training = curves[-2:]
        assert {validation.get_linestyle(), training.get_linestyle()} == {"-", "--"}
        assert list(x_of(validation)) == list(range(1, EPOCHS + 1))
        # Of thirds of the replicates that begin at 2, 1 and 2/3; the validation loss is half more.
        assert y_of(training)[0] == pytest.approx(0.0, abs=0.01)
        assert y_of(validation)[0] == pytest.approx(math.log10(1.5), abs=0.01)


def test_rates_show_every_trial_the_valley_and_the_window(drawn: dict[str, Figure]) -> None:
    for axes in drawn["rates"].axes:
        (trials,) = lines(axes, marker="o")
        (failed,) = lines(axes, marker="x")
        assert len(x_of(trials)) == len(RATES)
        assert np.allclose(x_of(failed), np.log10(RATES[RATES > DIVERGES]))
        _, valley = lines(axes)
        start, end = x_of(valley)[[0, -1]]
        assert start < math.log10(BEST_RATE) < end
        assert f"{end - start:.1f}" in words(axes)
        box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
        assert box.x1 - box.x0 == pytest.approx(2)  # decades


def test_the_fit_has_both_losses_and_a_word_for_every_level(
    shown: SweepReport, drawn: dict[str, Figure]
) -> None:
    (axes,) = drawn["fit"].axes
    levels = all_trained(shown)
    assert len(lines(axes, marker="o")) == 2 * len(levels)
    assert words(axes).count("×1.5, gap") + words(axes).count("×1.5, not comparable") == len(levels)


def test_reliability_diagrams_show_the_bins_and_the_calibration_error(
    shown: SweepReport, drawn: dict[str, Figure]
) -> None:
    for level, axes in zip(all_trained(shown), drawn["calibration"].axes, strict=True):
        assert level.evidence is not None
        calibration = level.evidence.calibration
        assert calibration is not None
        points = {(float(x_of(line)[0]), float(y_of(line)[0])) for line in lines(axes, marker="o")}
        columns = (calibration.counts, calibration.confidence, calibration.right)
        assert points == {(c / n, r / n) for n, c, r in zip(*columns, strict=True) if n}
        assert f"ECE {100 * calibration.error:.1f}" in words(axes)


def test_the_cost_adds_up(shown: SweepReport, drawn: dict[str, Figure]) -> None:
    (axes,) = drawn["cost"].axes
    total = sum(bar.get_width() for bar in bars_of(axes))
    spent = sum(record.seconds + record.compile_seconds for record in shown.records)
    assert total == pytest.approx(spent)
    assert {str(bar.get_hatch()) for bar in bars_of(axes)} == {"", "//", "xx"}


def test_several_depths_have_sections_of_their_own() -> None:
    drawn = draw_all(studied(report(at_depths(mixed(), 2, 20))))
    for name, figure in drawn.items():
        said = words(figure)
        assert said.count("2 hidden layers") == said.count("20 hidden layers") == 1, name
        assert said.count("swish") == 2, name


def test_before_the_first_look_only_the_pilot_can_be_seen() -> None:
    unseen = report(mixed(replicates=0))
    assert draw_all(unseen) == {}
    assert set(draw_all(studied(unseen))) == {"rates", "cost"}


def test_an_alternative_with_a_default_of_its_own_stands_after_it() -> None:
    """As levels that beat their defaults are tried together: on replicates of their own."""
    normal = report((factor("activation", {"swish": -0.02}),))
    together = replace(
        factor("activation", {}) if False else normal.factors[0],
        factor="combination",
        default="shallow",
        comparisons=(comparison("swish+batch", -0.03),),
    )
    shown = studied(replace(normal, factors=(*normal.factors, together)))
    own = [replace(e, factor="combination") for e in shown.evidence if e.factor == "default"]
    records = [
        replace(r, factor="combination", study="confirm/combination=shallow")
        for r in shown.records
        if r.factor == "default"
    ]
    shown = replace(shown, evidence=(*shown.evidence, *own), records=(*shown.records, *records))
    names = [level.name for level in all_trained(shown)]
    assert names == [
        "the default", "activation swish", "combination shallow", "combination swish+batch",
    ]  # fmt: skip
    assert list(draw_all(shown)) == WITHOUT_SEARCH


def test_what_is_seen_is_said_of_these_data(shown: SweepReport) -> None:
    said = {name: plot.see(shown) for name, plot in FIGURES.items() if name != "search"}
    found = list(comparisons(shown).values())
    worse = sum(c.outcome is Outcome.WORSE for c in found)
    assert f"Of {len(found)} alternatives" in said["forest"]
    assert f"{worse} are worse" in said["forest"]
    assert "Still open: activation swish." in said["racing"]
    assert "after 11 epochs" in said["curves"]
    assert "none below a rate of 0.54" in said["rates"]
    assert "1.5 times the training loss" in said["fit"]
    assert "overconfident by 46.9 points" in said["calibration"]
    assert f"{shown.trainings:,} trainings" in said["cost"]


def with_losses(
    shown: SweepReport, training: float, *, level: str = "", times: float = 1.0
) -> SweepReport:
    """The training loss times `training`, and both losses of a level times `times`."""

    def curve_of(record: TrialRecord) -> dict[str, list[float]]:
        own = times if record.level == level else 1.0
        by = {"train_loss": training * own, "validation_loss": own}
        return {name: [by.get(name, 1) * x for x in xs] for name, xs in record.curve.items()}

    records = (replace(record, curve=curve_of(record)) for record in shown.records)
    return replace(shown, records=tuple(records))


def regularized(**settings: Any) -> SweepReport:
    alternatives = {"weight_decay": 0.001, "l2": 0.001, "dropout": 0.001}
    shown = report((factor("regularization", alternatives),), settings=Settings(**settings))
    return studied(shown)


@pytest.mark.parametrize(
    ("training", "advice"),
    [(1.0, "neither more nor less"), (0.1, "add dropout or raise"), (1.5, "neither more nor less")],
)
def test_the_guidelines_advice_follows_a_large_gap_alone(training: float, advice: str) -> None:
    said = FIGURES["fit"].see(with_losses(regularized(), training))
    assert advice in said
    raised = "There the guideline would raise the weight decay and the penalty on the weights."
    assert (raised in said) == (training == 0.1)
    assert "lower" not in said
    assert "Of regularization dropout the gap tells nothing" in said
    assert "None of the regularizers tried beats the default" in said


def test_a_small_gap_is_underfitting_where_both_losses_are_high() -> None:
    said = FIGURES["fit"].see(with_losses(regularized(), 1.5, level="weight_decay", times=2.0))
    assert "The gap is small and both losses are high for regularization weight_decay." in said
    assert "There the guideline would lower the weight decay." in said


def test_losses_that_a_penalty_raises_are_no_underfitting() -> None:
    said = FIGURES["fit"].see(with_losses(regularized(), 1.5, level="l2", times=2.0))
    assert "both losses are high" not in said


def test_class_weights_leave_no_conclusion_on_the_gap() -> None:
    shown = with_losses(regularized(class_weight="balanced"), 0.1)
    assert FIGURES["fit"].see(shown).endswith("the gap tells nothing here.")


def test_a_figure_is_the_same_bytes_each_time(shown: SweepReport) -> None:
    one, other = (draw_all(shown)["curves"] for _ in range(2))
    assert to_svg(one, "curves") == to_svg(other, "curves")
    assert to_png(one) == to_png(other)


def test_an_svg_leaves_colours_and_type_to_the_page(drawn: dict[str, Figure]) -> None:
    for name, figure in drawn.items():
        svg = to_svg(figure, name)
        assert svg.startswith("<svg")
        assert not re.search(r"#[0-9a-f]{6}\b(?![0-9a-f])", re.sub(r'(href|id)="[^"]*"', "", svg))
        assert "DejaVu" not in svg
        assert "<text" in svg
        assert "<style" not in svg
        used = set(re.findall(r"var\(--(\w+)\)", svg))
        assert used <= COLOURS.keys()


def test_references_within_the_figures_do_not_meet(drawn: dict[str, Figure]) -> None:
    names = [
        name
        for figure in drawn
        for name in re.findall(r' id="([^"]*)"', to_svg(drawn[figure], figure))
    ]
    assert len(names) == len(set(names)) > 0


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def _rgb(colour: str) -> tuple[float, float, float]:
    return colors.to_rgb(colour)


@pytest.mark.parametrize("paper", ["light", "dark"])
def test_whatever_is_text_can_be_read_on_either_paper(paper: str) -> None:
    ground = _luminance(getattr(COLOURS["paper"], paper))
    for role in COLOURS.keys() - {"paper", "band", "rule"}:
        ink = _luminance(getattr(COLOURS[role], paper))
        dark, light = sorted((ink, ground))
        assert (light + 0.05) / (dark + 0.05) >= TEXT, role

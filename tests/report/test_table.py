import dataclasses
import io

import pytest
from rich.console import Console, RenderableType

from search.report.guideline import guideline_view, space_view
from search.report.table import sweeps_table, verdict_view
from search.report.words import conditions, headline
from search.settings import Settings
from search.sweep.records import SweepReport
from spaces import FACTORS, SPACES, TABLE, get_space
from tests.reports import mixed, report


def shown(view: RenderableType, width: int = 100, *, colour: bool = False) -> str:
    """What a terminal of this width would show."""
    file = io.StringIO()
    Console(file=file, width=width, color_system="standard" if colour else None).print(view)
    return file.getvalue()


def words(text: str) -> str:
    """The words without the line breaks."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("detailed", [False, True])
def test_the_report_fits_and_cuts_nothing_off(width: int, detailed: bool) -> None:  # noqa: FBT001  # a parametrized flag
    shown_report = report(notes=("the pilot's note",))
    text = shown(verdict_view(shown_report, detailed=detailed), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert headline(shown_report) in words(text)
    assert "Note: the pilot's note" in text
    assert conditions(shown_report)["margin"] in words(text)


def test_every_factor_has_its_line() -> None:
    lines = shown(verdict_view(report()), 160).splitlines()
    for factor in report().factors:
        (at,) = (i for i, line in enumerate(lines) if f"  {factor.factor}  " in line)
        assert factor.default in lines[at + 1]
    assert "is beaten by batch" in shown(verdict_view(report()))
    assert "−2.80 (−3.24 to −2.20)" in shown(verdict_view(report()), 80)


def test_the_mark_tells_the_verdict_without_colour() -> None:
    text = shown(verdict_view(report()))
    marks = {line.split()[1]: line.split()[0] for line in text.splitlines() if line[:1] in "✓✗?"}
    assert marks["normalization"] == "✗"
    assert marks["activation"] == "?"
    assert marks["regularization"] == "✓"


def test_colour_is_for_terminals_alone() -> None:
    assert "\x1b[" not in shown(verdict_view(report()))
    assert "\x1b[31m✗" in shown(verdict_view(report()), colour=True)


def test_the_detailed_report_has_every_alternative() -> None:
    text = shown(verdict_view(report(), detailed=True))
    for factor in report().factors:
        assert f"default: {factor.default}" in text
        assert all(comparison.level in text for comparison in factor.comparisons)


@pytest.mark.parametrize("detailed", [False, True])
def test_several_depths_have_a_section_each(detailed: bool) -> None:  # noqa: FBT001  # a parametrized flag
    parts = tuple(dataclasses.replace(f, depth=d) for d in (1, 20) for f in mixed())
    shown_report = report(parts, settings=Settings(depth=(1, 20)))
    lines = shown(verdict_view(shown_report, detailed=detailed)).splitlines()
    titles = [line.strip() for line in lines if line.strip().endswith(("layer", "layers"))]
    assert titles == ["1 hidden layer", "20 hidden layers"]
    assert sum("activation" in line.split()[:2] for line in lines if line.strip()) == 2


def test_the_list_has_a_line_for_each_sweep() -> None:
    running = report(mixed(replicates=0), state="running")
    sweeps: dict[str, SweepReport | Exception] = {
        "digits-shallow": report(),
        "b": running,
        "c": ValueError("no such table"),
    }
    text = words(shown(sweeps_table(sweeps)))
    assert "digits-shallow done digits shallow 4 of the 6 defaults" in text
    assert "b running digits shallow nothing can be said yet" in text
    assert "c – – – cannot be read: no such table" in text


def test_the_guideline_is_shown_as_in_the_book() -> None:
    text = shown(guideline_view())
    assert "performance or one_cycle" in text
    assert "early_stopping; weight_decay if needed" in words(text).replace(
        "early_stopping; ", "", 1
    )
    assert "(selu)" in text
    assert all(guideline in text.splitlines()[0] for guideline in TABLE)


def test_every_level_is_explained_with_what_is_tuned_for_it() -> None:
    text = shown(guideline_view(), 160)
    for factor in FACTORS.values():
        for level in factor.levels:
            (line,) = (
                x for x in text.splitlines() if x.startswith(f"{level.name} ") and level.about in x
            )
            assert ("core" if level.core else "full") in line
            assert all(f"{name} " in line or name in text for name in level.nuisance)


@pytest.mark.parametrize("name", SPACES)
def test_a_space_shows_every_parameter(name: str) -> None:
    text = shown(space_view(name, get_space(name)))
    for parameter, _ in get_space(name).parameters():
        option, _, short = parameter.rpartition(".")
        assert f"{short}  " in text
        assert not option or f"under {option}\n" in text

import io
from dataclasses import replace

import pytest
from rich.console import Console

from search.data import Summary
from search.report.documents import as_json
from search.report.preflight import MOST_LINES, MOST_NAMES, planned_in_words, preflight_view
from search.sweep.preflight import Preflight
from search.sweep.records import Planned
from tests.preflights import checked


@pytest.fixture(scope="module")
def found() -> Preflight:
    return checked()


def shown(found: Preflight, width: int = 100) -> str:
    """The words that a terminal of this width would show, without its line breaks."""
    file = io.StringIO()
    Console(file=file, width=width).print(preflight_view(found))
    assert max(map(len, file.getvalue().splitlines())) <= width
    return " ".join(file.getvalue().split())


@pytest.mark.parametrize("width", [80, 100, 160])
def test_it_says_what_was_done_to_each_column(found: Preflight, width: int) -> None:
    text = shown(found, width)
    assert "rooms, floor number standardized 2" in text
    assert "town category one-hot: 3 categories 3" in text
    assert "heating constant left out: the same in all development rows 0" in text
    assert "a regression of price; rows of one street kept together" in text
    assert "Note: left out as constant over the development rows: heating" in text


def test_it_says_what_the_sweep_takes(found: Preflight) -> None:
    text = shown(found)
    planned = found.planned
    assert f"plan {planned_in_words(planned)}" in text
    assert f"{planned.pilot:,} trainings in the pilot" in text
    assert f"programs {found.programs}, compiled or loaded, and run in 2 workers" in text
    assert (
        f"at {found.file.recipe.epochs} s a training of {found.file.recipe.epochs} epochs" in text
    )
    assert "memory about" in text
    assert "· 16 replicates: standard deviation 1 % of the RMSE" in text


def test_too_few_rows_take_at_least_so_many_confirm_rows() -> None:
    few = checked(n_rows=150)
    least = few.terms.least_rows
    assert few.terms.n_rows < least
    text = shown(few)
    assert f"takes at least {least:,} confirm rows, and there are {few.terms.n_rows:,}" in text
    assert "standard deviation" not in text


def test_columns_alike_share_a_line_and_many_lines_are_cut(found: Preflight) -> None:
    alike = tuple(Summary(f"c{i}", "number", "standardized", 1) for i in range(MOST_NAMES + 3))
    assert f"c{MOST_NAMES - 1} and 3 more number standardized" in shown(
        replace(found, columns=alike)
    )
    unlike = tuple(Summary(f"c{i}", "number", f"way {i}", 1) for i in range(MOST_LINES + 2))
    text = shown(replace(found, columns=unlike))
    assert f"way {MOST_LINES - 1} " in text
    assert f"way {MOST_LINES} " not in text
    assert "and 2 more lines" in text


def test_what_cannot_be_trained_is_said(found: Preflight) -> None:
    assert "Cannot be trained: no room" in shown(replace(found, problems=("no room",)))


def test_the_plan_in_words() -> None:
    whole = Planned(comparisons=2, pilot=96, first_look=384, most=1000)
    up_to = "2 comparisons: 96 trainings in the pilot, 384 up to the first look"
    assert planned_in_words(whole) == f"{up_to}, at most 1,000"
    assert planned_in_words(replace(whole, most=384)) == up_to
    no_look = replace(whole, first_look=96, most=96)
    assert planned_in_words(no_look).endswith("; the first look would take 16 replicates")


def test_its_document_is_strict_json(found: Preflight) -> None:
    assert as_json(found.to_dict()).startswith('{\n  "name": "mine"')

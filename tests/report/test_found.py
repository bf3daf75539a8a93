"""What a search did and found, in words."""

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console

from search.report.found import changes_in_words, search_in_words
from search.report.markdown import verdict_markdown
from search.report.page import page
from search.report.preflight import planned_in_words
from search.report.table import verdict_view
from search.report.words import conditions, headline
from search.sweep.arms import FOUND
from search.sweep.records import Candidate, Planned, SearchReport, Selected, SweepReport
from spaces import SHALLOW, edges, joint_space
from tests import reports

WINNER = SHALLOW.replace(activation="swish", optimizer="adam", learning_rate=2e-3, width=400)
SPACE = joint_space(SHALLOW, "shallow")


def selected(number: int, found: float, *values: float) -> Selected:
    recipe = SHALLOW if number == 0 else WINNER
    return Selected(Candidate(number, recipe, 0 if number == 0 else 3, found), values)


def searched(chosen: Selected | None, **changes: object) -> SweepReport:
    search = SearchReport(
        space=SPACE,
        sampler="tpe",
        pruner="hyperband",
        prior="medium",
        trials=120,
        most=120,
        reason="all 120 trials are done",
        selected=() if chosen is None else (selected(0, 0.05, 0.06, 0.07), chosen),
        chosen=chosen,
        edges=(),
    )
    return replace(reports.report(), search=replace(search, **changes))  # type: ignore[arg-type]  # fields of it


def test_a_sweep_without_a_search_says_nothing() -> None:
    assert search_in_words(reports.report()) == {}
    assert "The search" not in verdict_markdown(reports.report())


def test_before_the_selection_it_tells_what_was_tried() -> None:
    words = search_in_words(searched(None, trials=48, reason=None))
    assert list(words) == ["tried"]
    assert words["tried"].startswith(
        "48 trials by tpe and hyperband, medium trust in the default recipes; "
    )


def test_the_winner_is_told_with_its_changes_and_its_optimism() -> None:
    words = search_in_words(searched(selected(38, 0.02, 0.03, 0.05)))
    assert words["selected"].startswith("trial 38, with 3 choices changed: the simplest within one")
    assert words["recipe"] == "activation swish, optimizer adam, 400 units, learning_rate 0.002"
    assert words["optimism"] == (
        "2 percentage points when it was found, 4 percentage points on fresh seeds"
    )


def test_the_default_may_win() -> None:
    report = searched(selected(0, 0.05, 0.06, 0.07))
    words = search_in_words(report)
    assert words["selected"].startswith("the default itself: of the 2 best, trained 2 times more")
    assert "nothing that was found is" in headline(replace(report, factors=()))


def test_where_nothing_is_compared_there_is_neither_table_nor_talk_of_looks() -> None:
    report = replace(searched(selected(0, 0.05, 0.06, 0.07)), factors=())
    terminal = io.StringIO()
    Console(file=terminal, width=100).print(verdict_view(report))
    html = page(report)
    for text in (terminal.getvalue(), html, verdict_markdown(report)):
        assert "best alternative" not in text
        assert "first look" not in text
        assert text.count("The search") - text.count('#found">The search') == 1
    assert 'id="verdicts"' not in html
    assert "no confirm row was used" in html
    assert "does the guideline hold?" in html
    alone = replace(report, settings=replace(report.settings, factors=("none",)))
    assert "which recipe is best?" in page(alone)
    told = conditions(report)
    assert told["default"].endswith("lr_schedule performance")
    assert told["network"].startswith("2 hidden layers of 100 units")


def test_the_confirm_rows_say_how_far_validation_flattered() -> None:
    report = reports.report()
    verdict = report.factors[0]
    alone = verdict.comparisons[:1]
    verdict = replace(verdict, factor=FOUND, default="shallow", comparisons=alone)
    (seen, *_) = reports_evidence()
    report = replace(
        searched(selected(38, 0.02, 0.03, 0.05)),
        factors=(verdict,),
        evidence=(replace(seen, factor=FOUND, level="trial 38", losses=(0.04, 0.06)),),
    )
    assert search_in_words(report)["optimism"].split("; ")[1:] == [
        "5 percentage points on the confirm rows",
        "validation had flattered it by 3 percentage points",
    ]
    assert "the recipe found" in headline(report)


def reports_evidence() -> tuple:  # type: ignore[type-arg]  # of the records that a studied report has
    from tests.studies import studied  # noqa: PLC0415  # of this helper alone

    return studied(reports.report()).evidence


def test_edges_are_told_with_what_to_search_next() -> None:
    point = {**SPACE.defaults(), "nag.learning_rate": 0.999}
    report = searched(selected(38, 0.02, 0.03), edges=edges(SPACE, point))
    assert "nag.learning_rate" in search_in_words(report)["edges"]


def test_numbers_alone_are_no_changed_choice() -> None:
    words = changes_in_words(SHALLOW.replace(learning_rate=0.1), SHALLOW)
    assert words == "the default's choices, learning_rate 0.1, momentum 0.9"


def test_page_and_markdown_have_the_search() -> None:
    report = searched(selected(38, 0.02, 0.03, 0.05))
    for text in (verdict_markdown(report), page(report)):
        assert "trial 38, with 3 choices changed" in text


def test_a_candidate_that_failed_is_null_in_the_document() -> None:
    search = searched(selected(38, 0.02, math.inf, 0.05)).search
    assert search is not None
    assert search.to_dict()["candidates"][1]["validation"] is None


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        (
            Planned(0, 0, 0, 424, 120),
            "a search of 120 trials, at most 424 trainings with selection and confirmation",
        ),
        (
            Planned(22, 736, 2944, 5152, 120),
            (
                "22 comparisons: 736 trainings in the pilot, 2,944 up to the first look, "
                "at most 5,152; then a search of 120 trials"
            ),
        ),
    ],
)
def test_a_plan_with_a_search(planned: Planned, words: str) -> None:
    assert planned_in_words(planned) == words

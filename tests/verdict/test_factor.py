import dataclasses
import itertools
import json

import numpy as np
import pytest

from search.verdict import (
    Comparison,
    FactorVerdict,
    Loss,
    Needs,
    Outcome,
    Terms,
    Verdict,
    active_levels,
    compare,
    judge,
    needs_replicates,
)

BEATS, WORSE, EQUIVALENT, NOT_BETTER, UNDECIDED = (
    Outcome.BEATS_DEFAULT,
    Outcome.WORSE,
    Outcome.EQUIVALENT,
    Outcome.NOT_BETTER,
    Outcome.UNDECIDED,
)
TERMS = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=1000)
NEUTRAL = compare(np.zeros(32), np.zeros(1000), TERMS, level="relu")


def alternative(outcome: Outcome, level: str = "relu", *, guideline: bool = False) -> Comparison:
    return dataclasses.replace(NEUTRAL, outcome=outcome, level=level, guideline=guideline)


def outside(*outcomes: Outcome) -> list[Comparison]:
    return [alternative(outcome, f"level{i}") for i, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ((BEATS,), Verdict.BEATEN),
        ((BEATS, UNDECIDED, WORSE), Verdict.BEATEN),
        ((WORSE, WORSE), Verdict.HOLDS_BETTER),
        ((WORSE, EQUIVALENT), Verdict.HOLDS_EQUIVALENT),
        ((EQUIVALENT,), Verdict.HOLDS_EQUIVALENT),
        ((WORSE, EQUIVALENT, NOT_BETTER), Verdict.HOLDS),
        ((NOT_BETTER,), Verdict.HOLDS),
        ((UNDECIDED, WORSE), Verdict.UNDECIDED),
    ],
)
def test_the_first_condition_that_applies_gives_the_verdict(
    outcomes: tuple[Outcome, ...], verdict: Verdict
) -> None:
    for order in itertools.permutations(outside(*outcomes)):
        assert judge(order) is verdict


@pytest.mark.parametrize(
    ("other", "outcomes", "verdict"),
    [
        (BEATS, (WORSE,), Verdict.HOLDS_OTHER),
        (BEATS, (NOT_BETTER, EQUIVALENT), Verdict.HOLDS_OTHER),
        (BEATS, (), Verdict.HOLDS_OTHER),
        (BEATS, (UNDECIDED,), Verdict.UNDECIDED),
        (BEATS, (BEATS,), Verdict.BEATEN),
        (UNDECIDED, (BEATS,), Verdict.BEATEN),
        (WORSE, (WORSE,), Verdict.HOLDS_BETTER),
        (EQUIVALENT, (WORSE,), Verdict.HOLDS_EQUIVALENT),
        (NOT_BETTER, (WORSE,), Verdict.HOLDS),
        (UNDECIDED, (WORSE,), Verdict.UNDECIDED),
    ],
)
def test_the_guidelines_other_choice_counts_like_any_but_cannot_beat_the_guideline(
    other: Outcome, outcomes: tuple[Outcome, ...], verdict: Verdict
) -> None:
    comparisons = [alternative(other, "adamw", guideline=True), *outside(*outcomes)]
    assert judge(comparisons) is verdict
    factor = FactorVerdict("optimizer", "nag", tuple(comparisons))
    assert "adamw" not in factor.beaten_by


def test_every_level_that_beats_the_default_is_listed() -> None:
    factor = FactorVerdict("activation", "elu", tuple(outside(BEATS, WORSE, BEATS)))
    assert factor.beaten_by == ("level0", "level2")


def test_a_factor_without_alternatives_is_refused() -> None:
    with pytest.raises(ValueError, match="activation must have an alternative"):
        FactorVerdict("activation", "elu", ())


def test_a_level_leaves_once_decided_and_not_better_stays_while_its_factor_is_undecided() -> None:
    factors = {
        "activation": outside(BEATS, WORSE, EQUIVALENT, NOT_BETTER, UNDECIDED),
        "initializer": outside(NOT_BETTER, WORSE),
        "optimizer": outside(UNDECIDED),
    }
    active = {"activation": ("level3", "level4"), "optimizer": ("level0",)}
    assert active_levels(factors) == active


def test_what_more_replicates_cannot_decide_gets_none() -> None:
    contradicting = dataclasses.replace(alternative(UNDECIDED), inconsistent=True)
    few = compare(np.zeros(16), np.zeros(40), dataclasses.replace(TERMS, n_rows=40), level="relu")
    for stuck in (contradicting, few):
        assert stuck.outcome is UNDECIDED
        assert not needs_replicates(stuck)
        assert active_levels({"activation": [stuck, alternative(NOT_BETTER)]}) == {}


def test_a_sweep_starts_with_every_level() -> None:
    fresh = [compare(np.zeros(0), np.zeros(0), TERMS, level=name) for name in ("relu", "selu")]
    assert active_levels({"activation": fresh}) == {"activation": ("relu", "selu")}


@pytest.mark.parametrize(
    ("needs", "together"),
    [
        ((Needs(replicates=48), Needs(replicates=96)), Needs(replicates=96)),
        ((Needs(replicates=48), Needs(rows=900), Needs(rows=400)), Needs(rows=900)),
        ((Needs(replicates=48), Needs(rows=900), Needs(too_close=True)), Needs(too_close=True)),
    ],
)
def test_an_undecided_factor_needs_what_its_hardest_alternative_does(
    needs: tuple[Needs, ...], together: Needs
) -> None:
    comparisons = [dataclasses.replace(alternative(UNDECIDED), needs=need) for need in needs]
    decided = dataclasses.replace(alternative(WORSE), needs=Needs(rows=10**6))
    factor = FactorVerdict("activation", "elu", (*comparisons, decided))
    assert factor.needs == together


def test_a_verdict_that_stands_needs_nothing() -> None:
    open_end = dataclasses.replace(alternative(UNDECIDED), needs=Needs(replicates=48))
    assert FactorVerdict("activation", "elu", (open_end, *outside(BEATS))).needs == Needs()


def test_contradicting_replicates_need_nothing_that_would_help() -> None:
    stuck = dataclasses.replace(alternative(UNDECIDED), inconsistent=True)
    waiting = dataclasses.replace(alternative(UNDECIDED), needs=Needs(replicates=48))
    assert FactorVerdict("activation", "elu", (stuck, waiting)).needs == Needs()


def test_a_factor_becomes_strict_json() -> None:
    fields = FactorVerdict("activation", "elu", tuple(outside(WORSE))).to_dict()
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields
    assert fields["verdict"] == "holds_better"
    assert [entry["level"] for entry in fields["alternatives"]] == ["level0"]

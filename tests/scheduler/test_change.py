"""What counts as a change of verdict, and what does not."""

from itertools import product

import numpy as np
import pytest

from search.scheduler.change import (
    CLAIMS,
    Change,
    changes,
    contradict,
    false_alarms,
)
from search.sweep.records import SweepReport
from search.verdict import FactorVerdict, Outcome, compare
from tests.reports import TERMS, factor, report

CONTRADICTORY = {
    frozenset(pair)
    for pair in (
        (Outcome.BEATS_DEFAULT, Outcome.WORSE),
        (Outcome.BEATS_DEFAULT, Outcome.EQUIVALENT),
        (Outcome.BEATS_DEFAULT, Outcome.NOT_BETTER),
        (Outcome.WORSE, Outcome.EQUIVALENT),
    )
}


@pytest.mark.parametrize(("one", "other"), list(product(Outcome, Outcome)))
def test_outcomes_contradict_each_other_where_both_cannot_be_true(
    one: Outcome, other: Outcome
) -> None:
    assert contradict(one, other) == (frozenset((one, other)) in CONTRADICTORY)


def test_every_outcome_makes_a_claim() -> None:
    assert set(CLAIMS) == set(Outcome)


def sweep(name: str, *, margin: float = 0.01, **means: float) -> dict[str, object]:
    found = report((factor("activation", means),)).to_dict()
    return {**found, "name": name, "conditions": {"margin": margin, "loss": "error"}}


def test_a_decided_outcome_that_flips_is_a_change_and_says_since_when() -> None:
    before = [sweep("one", swish=-0.03, relu=0.0), sweep("two", swish=-0.03, relu=0.0)]
    (change,) = changes(before, sweep("three", swish=0.03, relu=0.0))
    assert (change.was, change.since, change.now) == ("beats_default", "two", "worse")
    words = "activation: swish against elu was beats default (two), is worse"
    assert str(change).startswith(words)
    assert Change.from_dict(change.to_dict()) == change


def test_undecided_is_no_change_and_does_not_hide_one() -> None:
    decided, undecided = sweep("one", swish=-0.03), sweep("two", swish=-0.011)
    assert undecided["factors"][0]["alternatives"][0]["outcome"] == "undecided"  # type: ignore[index]  # JSON
    assert not changes([decided], undecided)
    assert not changes([decided, undecided], sweep("three", swish=-0.03))
    (change,) = changes([decided, undecided], sweep("three", swish=0.03))
    assert change.since == "one"


def test_an_outcome_that_says_less_is_no_change_and_does_not_hide_one() -> None:
    worse, not_better = sweep("one", x=0.03), sweep("two", x=0.009)
    assert not_better["factors"][0]["alternatives"][0]["outcome"] == "not_better"  # type: ignore[index]  # JSON
    assert not changes([worse], not_better)
    (change,) = changes([worse, not_better], sweep("three", x=0.0))
    assert (change.was, change.since, change.now) == ("worse", "one", "equivalent")


def test_outcomes_under_another_margin_do_not_contradict_each_other() -> None:
    before = [sweep("one", swish=-0.03)]
    assert changes(before, sweep("two", swish=0.03))
    assert not changes(before, sweep("two", swish=0.03, margin=0.02))
    back = [*before, sweep("two", swish=0.0, margin=0.02), sweep("three", relu=0.0)]
    assert not changes(back, sweep("four", swish=0.03))


def test_a_change_says_whether_it_is_shown_on_new_rows() -> None:
    small, large = (changes([sweep("1", x=-d)], sweep("2", x=d))[0] for d in (0.02, 0.5))
    assert not small.carries_over
    assert large.carries_over


def drawn(effects: dict[str, float], seed: int) -> SweepReport:
    """A report whose replicates are drawn anew, on rows drawn anew."""
    rng, n_rows = np.random.default_rng(seed), TERMS.n_rows
    found = []
    for level, effect in effects.items():
        rows = rng.choice([-1.0, 0.0, 1.0], n_rows, p=[0.02 - effect / 2, 0.96, 0.02 + effect / 2])
        deltas = effect + rng.normal(0, 0.006, 128)
        found.append(compare(deltas, rows, TERMS, level=level))
    return report((FactorVerdict("activation", "elu", tuple(found)),))


def test_twenty_sweeps_of_an_unchanged_truth_report_no_change_and_a_flip_is_one() -> None:
    effects = {"a": 0.03, "b": -0.03, "c": 0.0, "d": 0.01, "e": -0.01, "f": 0.004, "g": -0.014}
    found = [drawn(effects, seed).to_dict() for seed in range(20)]
    assert [changes(found[:n], found[n]) for n in range(20)] == [[]] * 20
    flipped = drawn({**effects, "b": 0.03}, 20).to_dict()
    assert [change.level for change in changes(found, flipped)] == ["b"]


def test_the_rate_of_false_alarms_follows_the_cadence() -> None:
    assert "of 365 sweeps a year at most 18.3" in false_alarms(86400)
    assert "of 52 sweeps a year at most 2.61 are expected to, and to raise at most 5.22" in (
        false_alarms(7 * 86400)
    )

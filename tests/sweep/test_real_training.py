"""Sweeps over given arms with real training: what must come out by construction."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest
import tensorflow as tf

from search.data import Dataset
from search.rows import TrainingData
from search.settings import Settings
from search.sweep.arms import DEFAULT, Arm
from search.sweep.records import SweepReport
from search.sweep.run import open_sweep
from search.training import Member, Result, network
from search.training.contract import Prune
from search.verdict import Outcome, Verdict
from spaces import SHALLOW
from tests.training.reference import by_stacks

SETTINGS = Settings(name="s", pilot_trials=4, lanes=1, replicates=16)


def train(
    members: Sequence[Member],
    data: TrainingData,
    *,
    done: Collection[int] = (),
    prune: Prune | None = None,
) -> Iterator[tuple[int, Result]]:
    assert not done
    assert prune is None
    yield from by_stacks(members, data, keep_weights=False)


def swept(arms: tuple[Arm, ...], dataset: Dataset, home: Path) -> SweepReport:
    with open_sweep(SETTINGS, dataset, home, arms=arms) as sweep:
        sweep.run(train)
        return sweep.report()


def test_leaky_relu_without_a_slope_is_relu_to_the_last_row(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(network.ACTIVATIONS, "leaky_relu", lambda z: tf.nn.leaky_relu(z, alpha=0.0))
    # A width of its own: a program that was compiled before would have the slope of always.
    relu = SHALLOW.replace(activation="relu", width=13, epochs=2)
    leaky = relu.replace(activation="leaky_relu")
    arms = (Arm(DEFAULT, "shallow", relu), Arm("activation", "leaky_relu", leaky))
    report = swept(arms, digits, tmp_path)
    (comparison,) = report.factors[0].comparisons
    assert comparison.difference == comparison.low == comparison.high == 0
    assert comparison.outcome is Outcome.EQUIVALENT
    default, alternative = report.evidence
    assert default.losses == alternative.losses
    assert len(set(default.losses)) > 1


def test_a_network_with_a_tenth_of_the_units_is_worse_and_the_other_way_round_beats_it(
    digits: Dataset, tmp_path: Path
) -> None:
    wide, narrow = (SHALLOW.replace(width=width, epochs=2) for width in (40, 4))
    for name, default, other, verdict in (
        ("forth", wide, narrow, Verdict.HOLDS_BETTER),
        ("back", narrow, wide, Verdict.BEATEN),
    ):
        arms = (Arm(DEFAULT, "shallow", default), Arm("width", str(other.width), other))
        (factor,) = swept(arms, digits, tmp_path / name).factors
        assert factor.verdict is verdict

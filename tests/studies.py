"""Reports with all that was trained for them, as a store would give them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from search.study.record import TrialRecord
from search.sweep.arms import DEFAULT
from search.sweep.records import ArmEvidence, SweepReport
from search.verdict import METRICS, Calibration, FactorVerdict
from spaces import FACTORS, get_recipe, nuisance_space
from tests.factories import confirm_trial, curve, pilot_trial

RATES = np.geomspace(1e-4, 1.0, 16)
"""Learning rates of every pilot."""
BEST_RATE = 0.01
DIVERGES = 0.5
"""Above this rate every trial fails."""
EPOCHS = 12


def studied(report: SweepReport, *, failed_replicates: int = 0) -> SweepReport:
    """A report with trials and evidence for each of its levels.

    Args:
        report: with its verdicts alone.
        failed_replicates: of every alternative, the first ones.
    """
    records: list[TrialRecord] = []
    evidence = []
    for factor, level, depth, n in _levels(report):
        failed = 0 if factor == DEFAULT else min(failed_replicates, n)
        records += _trials(report, factor, level, depth, n=n, failed=failed)
        evidence.append(_evidence(report, factor, level, depth, n=n, failed=failed))
    return replace(report, records=tuple(records), evidence=tuple(evidence))


def at_depths(factors: tuple[FactorVerdict, ...], *depths: int) -> tuple[FactorVerdict, ...]:
    """The same verdicts at several depths."""
    return tuple(replace(factor, depth=depth) for depth in depths for factor in factors)


def _levels(report: SweepReport) -> Iterator[tuple[str, str, int, int]]:
    """Factor, level, depth and replicates of every arm, each default before its alternatives."""
    for depth in dict.fromkeys(factor.depth for factor in report.factors):
        factors = [factor for factor in report.factors if factor.depth == depth]
        layers = depth or report.recipe.depth
        most = max(c.replicates for factor in factors for c in factor.comparisons)
        yield DEFAULT, report.settings.recipe, layers, most
        for factor in factors:
            for comparison in factor.comparisons:
                yield factor.factor, comparison.level, layers, comparison.replicates


def _trials(
    report: SweepReport, factor: str, level: str, depth: int, *, n: int, failed: int
) -> Iterator[TrialRecord]:
    recipe = get_recipe(report.settings.recipe).replace(depth=depth)
    if factor in FACTORS:
        recipe = recipe.replace(**{factor: level})
    strengths = {
        name: domain.default
        for name, domain in nuisance_space(recipe).domains.items()
        if name != "learning_rate"
    }

    def trial(like: TrialRecord, rate: float, value: float | None, **more: Any) -> TrialRecord:
        params = {"learning_rate": float(rate), **strengths}
        changes = {
            "study": f"{like.phase}/{factor}={level}@{depth}",
            "factor": factor,
            "level": level,
            "params": params,
            "recipe": recipe.replace(**params).to_dict(),
            "state": "failed" if value is None else "complete",
            "value": value,
        }
        return replace(like, **{**changes, **more})

    for index, rate in enumerate(RATES):
        value = min(0.03 + 0.02 * abs(np.log10(rate / BEST_RATE)) ** 3, 0.9)
        yield trial(pilot_trial(index), rate, None if rate > DIVERGES else value)
    for index in range(n):
        yield trial(
            confirm_trial(index),
            BEST_RATE,
            None if index < failed else 0.04,
            curve=curve([2.0 / (epoch + index % 3) for epoch in range(1, EPOCHS + 1)]),
            epochs=EPOCHS,
            best_epoch=EPOCHS - index % 3,
            trainings=2,
            compile_seconds=0.5 if index == 0 else 0.0,
        )


def _evidence(
    report: SweepReport, factor: str, level: str, depth: int, *, n: int, failed: int
) -> ArmEvidence:
    has_classes = METRICS[report.terms.loss].task == "classification"
    noise = np.random.default_rng(n).normal(0.1, 0.005, size=n)
    confident = np.random.default_rng(1).dirichlet([0.2, 0.2, 0.2], size=600)
    labels = np.random.default_rng(2).integers(3, size=600)
    return ArmEvidence(
        factor=factor,
        level=level,
        depth=depth,
        study=f"confirm/{factor}={level}@{depth}",
        losses=tuple(float(x) for x in noise),
        deltas=_deltas(report, factor, level, depth, n=n),
        failed=tuple(index < failed for index in range(n)),
        calibration=Calibration.of(confident, labels) if has_classes and n else None,
    )


def _deltas(
    report: SweepReport, factor: str, level: str, depth: int, *, n: int
) -> tuple[float, ...]:
    """With the mean that the comparison has; zeros for a default."""
    found = (
        comparison.difference or 0.0
        for verdict in report.factors
        if (verdict.factor, verdict.depth or report.recipe.depth) == (factor, depth)
        for comparison in verdict.comparisons
        if comparison.level == level
    )
    return (next(found, 0.0),) * n

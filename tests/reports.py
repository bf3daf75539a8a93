"""Reports of sweeps that never ran, built from the same parts as real ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from search.settings import Settings
from search.sweep.records import State, SweepReport
from search.verdict import METRICS, Comparison, FactorVerdict, Loss, Terms, compare
from spaces import TABLE, get_recipe

TERMS = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=360)
SPREAD = 0.006
"""Standard deviation of the differences between replicates."""


def comparison(
    level: str,
    mean: float = 0.0,
    *,
    terms: Terms = TERMS,
    replicates: int = 32,
    guideline: bool = False,
    failures: int = 0,
    spread: float = SPREAD,
) -> Comparison:
    """An alternative whose loss differs from the default's by `mean`, with normal noise."""
    noise = np.random.default_rng(0).normal(size=512)[:replicates]
    noise = (noise - noise.mean()) / noise.std() if replicates else noise
    return compare(
        mean + spread * noise,
        np.full(terms.n_rows, mean),
        terms,
        level=level,
        guideline=guideline,
        failures=failures,
    )


def factor(name: str, means: Mapping[str, float], **how: Any) -> FactorVerdict:
    """A factor of the shallow recipe, its alternatives given as level -> mean difference."""
    default, *others = TABLE["shallow"][name]
    return FactorVerdict(
        name,
        default,
        tuple(comparison(x, mean, guideline=x in others, **how) for x, mean in means.items()),
    )


def mixed(**how: Any) -> tuple[FactorVerdict, ...]:
    """One verdict of each kind, in the table's order."""
    return (
        factor("initializer", {"glorot_uniform": 0.001, "lecun_normal": 0.03}, **how),
        factor("activation", {"swish": -0.011, "relu": -0.004, "selu": 0.02}, **how),
        factor("normalization", {"batch": -0.028}, **how),
        factor("regularization", {"none": 0.03, "weight_decay": 0.03, "l2": 0.04}, **how),
        factor("optimizer", {"adamw": -0.03, "adam": 0.002}, **how),
        factor("lr_schedule", {"one_cycle": 0.005, "constant": 0.012}, **how),
    )


def report(
    factors: tuple[FactorVerdict, ...] | None = None,
    *,
    state: State = "done",
    terms: Terms = TERMS,
    settings: Settings | None = None,
    notes: tuple[str, ...] = (),
) -> SweepReport:
    """A report on digits; by default with one verdict of each kind."""
    settings = settings or Settings(name="digits-shallow")
    return SweepReport(
        name=settings.name or "digits-shallow",
        state=state,
        settings=settings,
        recipe=get_recipe(settings.recipe),
        data={
            "source": settings.data,
            "task": METRICS[terms.loss].task,
            "n_rows": 1437 + terms.n_rows,
            "n_features": 64,
            "n_classes": 0 if METRICS[terms.loss].task == "regression" else 10,
            "n_confirm": terms.n_rows,
            "fingerprint": "0123456789abcdef",
            "target": "target",
            "notes": [],
            "columns": [{"name": "pixel", "kind": "number", "done": "kept", "n_features": 64}],
        },
        conditions={"model": None},
        terms=terms,
        factors=mixed(terms=terms) if factors is None else factors,
        notes=notes,
        complete=1000,
        failed=2,
        trainings=4000,
        seconds=123.4,
        compile_seconds=5.6,
    )

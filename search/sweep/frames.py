"""A report as tables for pandas; `search/docs/frames.md` lists their columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from search.study.record import TrialRecord
from search.sweep.records import SweepReport
from search.verdict import Comparison, FactorVerdict

_VERDICTS = (
    "depth", "factor", "default", "verdict", "level", "guideline", "outcome", "inconsistent",
    "difference", "low", "high", "replicates", "failures", "default_wins", "margin", "skewness",
    "new_rows_outcome", "new_rows_low", "new_rows_high", "needs_replicates", "needs_rows",
    "too_close",
)  # fmt: skip
_REPLICATES = (
    "depth", "factor", "level", "replicate", "loss", "difference", "failed", "validation",
    "epochs", "best_epoch", "seconds",
)  # fmt: skip
_TRIALS = (
    "phase", "depth", "factor", "level", "trial", "state", "reason", "value", "standard_error",
    "epochs", "best_epoch", "seconds", "compile_seconds", "trainer", "widened",
)  # fmt: skip


def verdicts(report: SweepReport) -> pd.DataFrame:
    """One row for each comparison, in the order of the tables.

    Returns:
        Columns as `search/docs/frames.md` lists them: what `SweepReport.to_dict` has of a
        comparison, its nested parts flat; bounds that do not exist yet are infinite.
    """
    rows = (
        _comparison(report, factor, comparison)
        for factor in report.factors
        for comparison in factor.comparisons
    )
    counts = dict.fromkeys(("needs_replicates", "needs_rows"), "Int64")
    return _frame(rows, _VERDICTS).astype(counts)


def replicates(report: SweepReport) -> pd.DataFrame:
    """One row for each depth, factor, level and replicate that a look has used.

    Returns:
        Columns as `search/docs/frames.md` lists them, then one for each hyperparameter of the
        chosen lane, missing where a level has none.
    """
    records = {(record.study, record.index): record for record in report.records}
    rows = []
    for arm in report.evidence:
        for index, difference in enumerate(arm.deltas):
            record = records[arm.study, index]
            row = {
                "depth": arm.depth,
                "factor": arm.factor,
                "level": arm.level,
                "replicate": index,
                "loss": arm.losses[index],
                "difference": difference,
                "failed": arm.failed[index],
                "validation": record.value,
            }
            rows.append(row | _of_training(record))
    return _frame(rows, _REPLICATES)


def trials(report: SweepReport) -> pd.DataFrame:
    """One row for each trial of pilot, search and selection, in the order they were stored in.

    Returns:
        Columns as `search/docs/frames.md` lists them, then one for each hyperparameter, missing
        where a level has none.
    """
    rows = (
        {
            "phase": record.phase,
            "depth": record.recipe["depth"],
            "factor": record.factor,
            "level": record.level,
            "trial": record.index,
            "state": record.state,
            "reason": record.reason,
            "value": record.value,
            "standard_error": record.standard_error,
            "compile_seconds": record.compile_seconds,
            "trainer": record.trainer,
            "widened": record.window,
        }
        | _of_training(record)
        for record in report.records
        if record.phase != "confirm"
    )
    return _frame(rows, _TRIALS)


def _comparison(
    report: SweepReport, factor: FactorVerdict, comparison: Comparison
) -> dict[str, Any]:
    needs, new_rows = comparison.needs, comparison.new_rows
    own = comparison.to_dict() | {"low": comparison.low, "high": comparison.high}
    return {name: own[name] for name in _VERDICTS if name in own} | {
        "depth": report.recipe.depth if factor.depth is None else factor.depth,
        "factor": factor.factor,
        "default": factor.default,
        "verdict": str(factor.verdict),
        "new_rows_outcome": str(new_rows.outcome),
        "new_rows_low": new_rows.low,
        "new_rows_high": new_rows.high,
        "needs_replicates": needs.replicates,
        "needs_rows": needs.rows,
        "too_close": needs.too_close,
    }


def _of_training(record: TrialRecord) -> dict[str, Any]:
    return {
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        "seconds": record.seconds,
        **record.params,
    }


def _frame(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """A table with these columns first, whatever others the rows have after them."""
    rows = list(rows)
    others = sorted({name for row in rows for name in row} - set(columns))
    return pd.DataFrame(rows, columns=[*columns, *others])

"""Whether a default holds: statistics on arrays, and the protocol around them.

Plain arrays in, frozen records out; no randomness. The sources of each method stand where it is.
"""

from search.verdict.calibration import Calibration
from search.verdict.comparison import Comparison, Look, NewRows, compare
from search.verdict.factor import FactorVerdict, Verdict, active_levels, judge, needs_replicates
from search.verdict.forecast import Needs, replicates_for_spread
from search.verdict.intervals import running_intervals
from search.verdict.levels import (
    ALPHA,
    LATER_LOOKS,
    LOOKS,
    RESERVED_SLOTS,
    comparison_alpha,
    look_alpha,
    look_schedule,
    report_size,
)
from search.verdict.losses import (
    delta,
    mean_loss,
    or_trivial,
    row_differences,
    row_losses,
    standard_error,
    trivial_prediction,
)
from search.verdict.metrics import METRICS, Loss, Metric, get_loss, points, row_weight
from search.verdict.outcome import Outcome, decide
from search.verdict.rows import by_group
from search.verdict.terms import Terms
from search.verdict.words import (
    in_units,
    new_rows_in_words,
    outcome_in_words,
    verdict_in_words,
)

__all__ = [
    "ALPHA",
    "LATER_LOOKS",
    "LOOKS",
    "METRICS",
    "RESERVED_SLOTS",
    "Calibration",
    "Comparison",
    "FactorVerdict",
    "Look",
    "Loss",
    "Metric",
    "Needs",
    "NewRows",
    "Outcome",
    "Terms",
    "Verdict",
    "active_levels",
    "by_group",
    "compare",
    "comparison_alpha",
    "decide",
    "delta",
    "get_loss",
    "in_units",
    "judge",
    "look_alpha",
    "look_schedule",
    "mean_loss",
    "needs_replicates",
    "new_rows_in_words",
    "or_trivial",
    "outcome_in_words",
    "points",
    "replicates_for_spread",
    "report_size",
    "row_differences",
    "row_losses",
    "row_weight",
    "running_intervals",
    "standard_error",
    "trivial_prediction",
    "verdict_in_words",
]

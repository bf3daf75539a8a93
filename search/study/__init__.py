"""The one door to Optuna: what to try next, and the store of what was tried."""

from search.study.ask import quasi_random_points
from search.study.record import TrialRecord
from search.study.store import Store

__all__ = ["Store", "TrialRecord", "quasi_random_points"]

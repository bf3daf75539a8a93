import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.study import TrialRecord
from search.sweep.records import SweepReport
from tests.reports import mixed, report
from tests.studies import RATES, at_depths, studied

DOCUMENT = Path(__file__).parent.parent.parent / "search" / "docs" / "frames.md"


@pytest.fixture(scope="module")
def shown() -> SweepReport:
    return studied(report(), failed_replicates=2)


def test_verdicts_have_a_row_for_each_comparison_as_the_report_has_it(shown: SweepReport) -> None:
    table = shown.verdicts
    expected = [(f, c) for f in shown.factors for c in f.comparisons]
    assert len(table) == len(expected)
    for row, (verdict, comparison) in zip(table.to_dict("records"), expected, strict=True):
        assert (row["factor"], row["verdict"]) == (verdict.factor, verdict.verdict)
        assert (row["level"], row["outcome"]) == (comparison.level, comparison.outcome)
        assert (row["low"], row["high"]) == (comparison.low, comparison.high)
        assert row["new_rows_low"] == comparison.new_rows.low
        assert row["depth"] == shown.recipe.depth
    assert str(table.dtypes["needs_rows"]) == "Int64"


def test_before_the_first_look_bounds_are_infinite_and_there_are_no_replicates() -> None:
    unseen = studied(report(mixed(replicates=0)))
    assert np.isneginf(unseen.verdicts.low).all()
    assert unseen.verdicts.difference.isna().all()
    assert unseen.replicates.empty
    assert list(unseen.replicates.columns) == documented("replicates")


def test_replicates_pair_each_level_with_its_default(shown: SweepReport) -> None:
    table = shown.replicates
    key = ["depth", "factor", "level", "replicate"]
    assert not table.duplicated(key).any()
    for arm in shown.evidence:
        mine = table[(table.factor == arm.factor) & (table.level == arm.level)]
        assert tuple(mine.loss) == arm.losses
        assert tuple(mine.failed) == arm.failed
        assert tuple(mine.difference) == arm.deltas
    assert (table[table.factor == "default"].difference == 0).all()
    assert table[table.level == "l2"].l2.notna().all()
    assert table[table.level == "relu"].l2.isna().all()


def test_several_depths_are_told_apart() -> None:
    shown = studied(report(at_depths(mixed(), 2, 20)))
    for table in (shown.verdicts, shown.replicates, shown.trials):
        assert set(table.depth) == {2, 20}
    assert not shown.replicates.duplicated(["depth", "factor", "level", "replicate"]).any()


def test_two_replicates_of_one_name_keep_their_own_training(shown: SweepReport) -> None:
    """As the default has when it is compared with what a search found."""
    default = next(arm for arm in shown.evidence if arm.factor == "default")
    again = replace(default, study="confirm/default#1")
    records = [replace(r, study=again.study, value=0.5) for r in _of(shown, default.study)]
    twice = replace(
        shown, evidence=(*shown.evidence, again), records=(*shown.records, *records)
    ).replicates
    mine = twice[twice.factor == "default"]
    n = len(default.losses)
    assert list(mine.validation[:n]) == [r.value for r in _of(shown, default.study)]
    assert (mine.validation[n:] == 0.5).all()


def _of(report: SweepReport, study: str) -> list[TrialRecord]:
    return [record for record in report.records if record.study == study]


def test_trials_have_a_row_for_each_pilot_trial(shown: SweepReport) -> None:
    table = shown.trials
    pilot = [record for record in shown.records if record.phase == "pilot"]
    assert len(table) == len(pilot)
    first = table[table.factor == "default"]
    assert np.allclose(first.learning_rate, RATES)
    assert (first.value.isna() == (first.state == "failed")).all()
    assert first.value.isna().any()


def documented(table: str) -> list[str]:
    """The columns that the document lists for a table, in order."""
    text = DOCUMENT.read_text()
    part = text[text.index(f"## {table}: ") :].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", part, flags=re.MULTILINE)
    names = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    return [name for name in names if name != "learning_rate"]


@pytest.mark.parametrize("name", ["verdicts", "replicates", "trials"])
def test_every_column_is_documented(shown: SweepReport, name: str) -> None:
    columns = set(getattr(shown, name).columns)
    strengths = {key for record in shown.records for key in record.params}
    assert columns - strengths == set(documented(name))

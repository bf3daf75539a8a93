import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data import split_development
from search.data.hashing import column_words, row_hashes
from search.data.splits import confirm_mask
from search.errors import InputError

SHARE = 0.2


@pytest.fixture
def features() -> pd.DataFrame:
    """1,000 distinct rows of whole and real numbers and text, with missing values."""
    rng = np.random.default_rng(1)
    numbers = pd.Series(rng.normal(size=1000)).mask(rng.random(1000) < 0.1)
    words = pd.Series(rng.choice(["red", "grün", "blue"], 1000)).mask(rng.random(1000) < 0.1)
    return pd.DataFrame({"whole": rng.permutation(1000), "real": numbers, "colour": words})


def test_about_the_share_of_the_rows_is_confirm(features: pd.DataFrame) -> None:
    for share in (0.2, 0.5, 0.8):
        assert confirm_mask(row_hashes(features), share).mean() == pytest.approx(share, abs=0.05)


def test_a_row_stays_on_its_side_when_rows_are_added(features: pd.DataFrame) -> None:
    before = confirm_mask(row_hashes(features[:600]), SHARE)
    assert (confirm_mask(row_hashes(features), SHARE)[:600] == before).all()


def test_a_row_stays_on_its_side_when_rows_or_columns_are_reordered(
    features: pd.DataFrame,
) -> None:
    mask = confirm_mask(row_hashes(features), SHARE)
    order = np.random.default_rng(2).permutation(len(features))
    assert (confirm_mask(row_hashes(features.iloc[order]), SHARE) == mask[order]).all()
    assert (confirm_mask(row_hashes(features[["real", "colour", "whole"]]), SHARE) == mask).all()


def test_a_whole_number_column_that_gains_a_missing_value_moves_only_that_row(
    features: pd.DataFrame,
) -> None:
    before = row_hashes(features)
    features["whole"] = features["whole"].astype(float).mask(features.index == 3)
    moved = np.flatnonzero(row_hashes(features) != before)
    assert moved.tolist() == [3]


def test_equal_values_are_equal_words_whatever_their_type() -> None:
    same: list[pd.Series] = [
        pd.Series([0, 1], dtype="int8"),
        pd.Series([-0.0, 1.0]),
        pd.Series([False, True]),
        pd.Series([0, 1], dtype="Int64"),
    ]
    assert all((column_words(x) == column_words(same[0])).all() for x in same)
    words = pd.Series(["a", None, "b"])
    for kind in ("str", "object", "category"):
        assert (column_words(words.astype(kind)) == column_words(words)).all()
    missing = column_words(pd.Series([np.nan, -np.nan, 0.0]))
    assert missing[0] == missing[1] == column_words(words)[1] != missing[2]
    assert len(set(column_words(pd.Series(["1", "2", "", "a"])))) == 4


def test_equal_rows_stay_together(features: pd.DataFrame) -> None:
    twice = pd.concat([features, features.sample(frac=1, random_state=0)])
    mask = pd.Series(confirm_mask(row_hashes(twice), SHARE), index=twice.index)
    assert mask.groupby(level=0).nunique().eq(1).all()


def test_hashes_are_the_same_in_every_process_and_version() -> None:
    frame = pd.DataFrame({"b": [1, 2], "a": ["x", None]})
    script = (
        "import pandas as pd; from search.data.hashing import row_hashes;"
        "print(row_hashes(pd.DataFrame({'b': [1, 2], 'a': ['x', None]})).tolist())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == str(row_hashes(frame).tolist())
    assert row_hashes(frame).tolist() == [17251480703511549378, 1443892203723038965]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [1.0] * 60,
            r"rows must be at least \d+ \(about \d+ are expected\); received 0 of 60 rows",
        ),
        ([1.0] * 990 + [*range(10)], r"of 1000 rows, 10 distinct"),
    ],
)
def test_a_side_with_too_few_rows_is_refused(values: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        confirm_mask(row_hashes(pd.DataFrame({"x": values})), SHARE)


@given(
    n_rows=st.integers(50, 400),
    n_classes=st.integers(2, 12),
    share=st.floats(0.05, 0.5),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_split_is_sorted_disjoint_complete_and_of_fixed_sizes(
    n_rows: int, n_classes: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    split = split_development(rng.integers(0, n_classes, n_rows), share, rng)
    assert split.train.dtype == split.validation.dtype == np.int32
    assert len(split.validation) == round(share * n_rows)
    assert (np.diff(split.train) > 0).all()
    assert (np.diff(split.validation) > 0).all()
    assert sorted([*split.train, *split.validation]) == list(range(n_rows))


@given(counts=st.lists(st.integers(1, 60), min_size=2, max_size=8), seed=st.integers(0, 2**32 - 1))
def test_every_class_has_its_share_of_validation_rows(counts: list[int], seed: int) -> None:
    """Whole blocks of a class give a row each, and the two blocks it shares at most one each."""
    rng = np.random.default_rng(seed)
    targets = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    split = split_development(targets, SHARE, rng)
    found = np.bincount(targets[split.validation], minlength=len(counts))
    block = len(targets) / len(split.validation)
    assert (np.abs(found - np.array(counts) / block) < 2).all()


def test_numbers_are_stratified_too() -> None:
    targets = np.random.default_rng(3).normal(size=500)
    split = split_development(targets, SHARE, np.random.default_rng(4))
    fifth = np.argsort(np.argsort(targets))[split.validation] // 5
    assert sorted(fifth) == list(range(100))


def test_every_row_is_a_validation_row_equally_often() -> None:
    targets = np.repeat([0, 1, 2], [30, 13, 7])
    generator = np.random.default_rng(5)
    splits = [split_development(targets, SHARE, generator).validation for _ in range(2000)]
    frequency = np.bincount(np.concatenate(splits), minlength=50) / len(splits)
    assert frequency == pytest.approx(np.full(50, SHARE), abs=0.04)


def test_rows_with_equal_targets_can_all_meet_among_the_validation_rows() -> None:
    generator = np.random.default_rng(6)
    splits = [split_development(np.zeros(10), SHARE, generator).validation for _ in range(500)]
    assert len({tuple(rows) for rows in splits}) == 45


def test_a_split_is_decided_by_its_generator() -> None:
    targets = np.repeat([0, 1], 50)
    first, again, other = (
        split_development(targets, SHARE, np.random.default_rng(seed)).validation.tolist()
        for seed in (0, 0, 1)
    )
    assert first == again != other

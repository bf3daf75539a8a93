"""Groups and times on either side of each split."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data import Roles, load_dataset, load_table
from search.data.splits import confirm_rows, latest, split_groups, split_over_time
from search.errors import InputError

SHARE = 0.2


def visits(n: int = 1_000, n_patients: int = 80, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, n_patients, n)
    day = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    return pd.DataFrame(
        {
            "patient": [f"p{i}" for i in patient],
            "dose": rng.normal(size=n),
            "day": day.strftime("%Y-%m-%d"),
            "ill": np.where(patient % 3 == 0, "yes", "no"),
        }
    )


def test_a_group_is_on_one_side_of_the_confirm_split_and_stays_there() -> None:
    roles = Roles(group="patient")
    table = load_table(visits(), target="ill", roles=roles)
    mask = confirm_rows(table, SHARE)
    assert table.group is not None
    assert "patient" not in table.features
    assert pd.Series(mask).groupby(table.group).nunique().eq(1).all()
    grown = load_table(pd.concat([visits(), visits(seed=1)]), target="ill", roles=roles)
    assert (confirm_rows(grown, SHARE)[: len(mask)] == mask).all()


def test_groups_that_are_numbers_are_groups_too() -> None:
    frame = visits().assign(patient=np.arange(1_000) // 10)
    data = load_dataset(frame, target="ill", roles=Roles(group="patient"))
    assert data.groups is not None
    assert data.confirm_groups is not None
    assert data.n_confirm_groups == len(np.unique(data.confirm_groups))
    assert data.n_confirm_groups + len(np.unique(data.groups)) == 100


@given(
    sizes=st.lists(st.integers(1, 30), min_size=10, max_size=60),
    seeds=st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
)
def test_validation_groups_train_nothing_and_sizes_are_fixed(
    sizes: list[int], seeds: tuple[int, int]
) -> None:
    groups = np.random.default_rng(seeds[0]).permutation(np.repeat(np.arange(len(sizes)), sizes))
    if max(sizes) > len(groups) / 4:
        return  # refused at the door
    targets = groups % 2
    splits = [split_groups(targets, groups, SHARE, np.random.default_rng(seed)) for seed in seeds]
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.validation])
        assert (np.diff(split.train) > 0).all()
        assert (np.diff(split.validation) > 0).all()
        assert len(split.validation) == round(SHARE * len(groups))
        left_out = len(groups) - len(split.train) - len(split.validation)
        assert left_out == max(sizes) - 1


def test_groups_of_one_row_leave_none_out_and_all_meet_equally_often() -> None:
    groups = np.arange(50)
    generator = np.random.default_rng(0)
    splits = [split_groups(groups % 2, groups, SHARE, generator) for _ in range(2_000)]
    assert {len(split.train) for split in splits} == {40}
    rows = np.concatenate([split.validation for split in splits])
    assert np.bincount(rows) / 2_000 == pytest.approx(np.full(50, SHARE), abs=0.04)


def test_validation_groups_have_their_share_of_a_rare_class() -> None:
    groups = np.repeat(np.arange(200), 5)
    targets = (groups < 20).astype(int)  # a tenth of the groups
    generator = np.random.default_rng(0)
    found = [
        targets[split_groups(targets, groups, SHARE, generator).validation].sum() for _ in range(50)
    ]
    assert min(found) >= 3 * 5
    assert max(found) <= 5 * 5


def test_the_latest_rows_confirm_and_equal_times_share_a_side() -> None:
    table = load_table(visits(), target="ill", roles=Roles(time="day"))
    mask, day = confirm_rows(table, SHARE), visits()["day"]
    assert day[~mask].max() < day[mask].min()
    assert mask.mean() == pytest.approx(SHARE, abs=0.01)
    assert "day" not in table.features
    numbers = load_table(
        visits().assign(day=pd.factorize(day, sort=True)[0]), target="ill", roles=Roles(time="day")
    )
    assert (confirm_rows(numbers, SHARE) == mask).all()


def test_equal_times_are_cut_as_near_to_the_share_as_they_allow() -> None:
    assert latest(np.repeat([1, 2, 3], [50, 20, 30]), SHARE).sum() == 30
    assert latest(np.repeat([1, 2, 3], [50, 45, 5]), SHARE).sum() == 5
    assert not latest(np.ones(10), SHARE).any()


def test_the_latest_development_rows_validate_and_replicates_differ_in_training_rows() -> None:
    times = np.random.default_rng(0).integers(0, 100, 500)
    first, second = (split_over_time(times, SHARE, np.random.default_rng(s)) for s in (0, 1))
    for split in (first, second):
        assert times[split.train].max() < times[split.validation].min()
        assert len(split.train) == round(0.8 * (500 - len(split.validation)))
        assert len(set(split.train)) == len(split.train)
    assert (first.validation == second.validation).all()
    assert set(first.train) != set(second.train)


def test_a_dataset_splits_as_it_was_asked_to() -> None:
    grouped = load_dataset(visits(), target="ill", roles=Roles(group="patient"))
    assert grouped.groups is not None
    split = grouped.split(np.random.default_rng(0))
    assert not set(grouped.groups[split.train]) & set(grouped.groups[split.validation])
    timed = load_dataset(visits(), target="ill", roles=Roles(time="day"))
    assert timed.times is not None
    split = timed.split(np.random.default_rng(0))
    assert timed.times[split.train].max() < timed.times[split.validation].min()


@pytest.mark.parametrize(
    ("changes", "roles", "message"),
    [
        ({}, Roles("patient", "day"), "--group and --time exclude each other; received both"),
        ({}, Roles(group="doctor"), "--group must be one of patient, dose, day, ill"),
        ({}, Roles(group="ill"), "--group must be another column than target; received ill"),
        ({}, Roles(time="dose", categories=("dose",)), "must be another column than time"),
        ({}, Roles(time="patient"), "--time patient must have numbers or dates, such as 2024"),
        ({"day": None}, Roles(time="day"), "'day' must have a time in every row; received none in"),
        ({"patient": None}, Roles(group="patient"), "'patient' must have a group in every row"),
        ({"day": "2024-01-01"}, Roles(time="day"), "confirm rows must be at least 40"),
        ({"patient": "p1"}, Roles(group="patient"), "rows must be at least"),
    ],
)
def test_roles_that_break_a_rule_are_refused(
    changes: dict[str, str | None], roles: Roles, message: str
) -> None:
    with pytest.raises(InputError) as error:
        load_dataset(visits().assign(**changes), target="ill", roles=roles)
    assert message in str(error.value)


def test_too_few_or_too_large_groups_are_refused() -> None:
    few = visits().assign(patient=lambda f: f.index % 12)
    with pytest.raises(
        InputError, match="must have at least 10 groups in the development rows; received"
    ):
        load_dataset(few, target="ill", roles=Roles(group="patient"))
    mask = confirm_rows(load_table(visits(), target="ill", roles=Roles(group="patient")), SHARE)
    one = visits()["patient"][~mask].iloc[0]
    large = visits().assign(patient=lambda f: f["patient"].mask(~mask & (f.index % 2 == 0), one))
    with pytest.raises(InputError, match="must not have a quarter of the development rows in one"):
        load_dataset(large, target="ill", roles=Roles(group="patient"))


def test_the_fingerprint_changes_with_the_groups() -> None:
    plain = load_dataset(visits().drop(columns="patient"), target="ill").fingerprint
    assert load_dataset(visits(), target="ill", roles=Roles(group="patient")).fingerprint != plain

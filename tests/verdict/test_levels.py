"""The constants are asserted exactly: error rates alone are too far below 5 % to miss one."""

from itertools import pairwise

import pytest
from scipy.stats import norm

from search.verdict import levels
from search.verdict.levels import (
    ALL_LOOKS,
    LATER_LOOKS,
    LOOKS,
    comparison_alpha,
    look_alpha,
    look_schedule,
    new_rows_alpha,
    new_rows_quantile,
    report_size,
)

ALPHA_C = 0.05 / 26


def test_a_report_pays_for_every_comparison_and_two_reserved_slots() -> None:
    assert levels.ALPHA == 0.05
    assert levels.RESERVED_SLOTS == 2
    assert report_size(24) == 26
    assert report_size(48, n_tables=2) == 48 + 3  # each further table may have a combination
    assert comparison_alpha(26) == 0.05 / 26
    assert 26 * comparison_alpha(26) == pytest.approx(0.05, rel=1e-15)


def test_looks_are_where_the_protocol_has_them() -> None:
    assert LOOKS == (16, 24, 32, 48, 64, 96, 128)
    assert LATER_LOOKS == (192, 256, 384, 512)


def test_each_share_of_a_comparison_is_exact_and_they_add_up_to_one() -> None:
    shares = (levels.LOOKS_SHARE, levels.LATER_SHARE, levels.NEW_ROWS_SHARE)
    assert shares == (0.72, 0.08, 0.20)
    assert sum(shares) == pytest.approx(1, rel=1e-15)


def test_the_seven_looks_spend_their_share_in_equal_parts() -> None:
    spent = [look_alpha(n, ALPHA_C) for n in LOOKS]
    assert spent == [0.72 * ALPHA_C / 7] * 7
    assert sum(spent) == pytest.approx(0.72 * ALPHA_C, rel=1e-14)


def test_later_looks_spend_a_shrinking_part_and_never_more_than_their_share() -> None:
    spent = [look_alpha(n, ALPHA_C) for n in LATER_LOOKS]
    assert spent == pytest.approx([0.08 * ALPHA_C / k for k in (2, 6, 12, 20)], rel=1e-15)
    assert all(later < earlier for earlier, later in pairwise(spent))
    assert sum(spent) < 0.08 * ALPHA_C


def test_new_rows_get_a_two_sided_fifth() -> None:
    assert new_rows_alpha(ALPHA_C) == 0.2 * ALPHA_C
    assert new_rows_quantile(ALPHA_C) == pytest.approx(norm.ppf(1 - 0.1 * ALPHA_C), rel=1e-9)


def test_all_claims_of_a_report_together_stay_within_five_percent() -> None:
    m = report_size(24)
    one = sum(look_alpha(n, comparison_alpha(m)) for n in ALL_LOOKS)
    one += new_rows_alpha(comparison_alpha(m))
    assert 0.049 < m * one <= 0.05


@pytest.mark.parametrize(
    ("limit", "last"), [(16, 16), (20, 16), (31, 24), (32, 32), (128, 128), (200, 192), (9999, 512)]
)
def test_a_limit_between_looks_ends_at_the_look_before(limit: int, last: int) -> None:
    schedule = look_schedule(limit)
    assert schedule == ALL_LOOKS[: ALL_LOOKS.index(last) + 1]


@pytest.mark.parametrize("limit", [0, 1, 15])
def test_there_is_no_look_before_the_first(limit: int) -> None:
    assert look_schedule(limit) == ()


def test_a_level_between_looks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a look must be at one of 16, 24, .*; received 20"):
        look_alpha(20, ALPHA_C)


def test_a_report_without_comparisons_is_refused() -> None:
    with pytest.raises(ValueError, match="received 0"):
        comparison_alpha(0)

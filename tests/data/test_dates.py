import numpy as np
import pandas as pd
import pytest

from search.data.dates import date_format, date_parts, elapsed_days
from search.data.fitting import fit_features

DAYS = pd.Series(pd.date_range("2023-11-20 06:00", periods=100, freq="31h"))


def text(values: list[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("%Y-%m-%d", "ISO8601"),
        ("%Y-%m-%dT%H:%M:%SZ", "ISO8601"),
        ("%Y-%m-%d %H:%M:%S.%f", "ISO8601"),
        ("%Y/%m/%d", "ISO8601"),
        ("%d.%m.%Y", "%d.%m.%Y"),
        ("%m/%d/%Y", "%m/%d/%Y"),
        ("%d/%m/%Y", "%d/%m/%Y"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
    ],
)
def test_dates_are_recognised_by_a_format_that_reads_them_all(written: str, found: str) -> None:
    texts = DAYS.dt.strftime(written).astype("str").mask(DAYS.index % 10 == 0)
    assert date_format(texts) == found
    there = texts.notna()
    parts = date_parts(texts, found)
    assert (parts["month"][there] == DAYS.dt.month[there]).all()
    assert (parts["weekday"][there] == DAYS.dt.day_of_week[there]).all()
    assert np.isnan(parts["days"][~there]).all()


@pytest.mark.parametrize(
    "values",
    [
        ["2021", "2022"],
        ["1.2.3", "1.2.4"],
        ["10.0.0.1", "10.0.0.2"],
        ["2021-01-01", "soon"],
        ["2021-01-01", "01.02.2021"],
        ["2021-02-30", "2021-02-28"],
        [None, None],
    ],
)
def test_other_text_is_no_date(values: list[str | None]) -> None:
    assert date_format(text(values)) is None


def test_days_have_their_fractions_and_zones_do_not_matter() -> None:
    found = elapsed_days(
        text(["1970-01-02T12:00:00", "1970-01-02T14:00:00+02:00", None]), "ISO8601"
    )
    assert found[:2].tolist() == [1.5, 1.5]
    assert np.isnan(found[2])


def test_a_date_becomes_numbers_and_one_never_met_is_missing() -> None:
    features = pd.DataFrame({"sold": DAYS.dt.strftime("%d.%m.%Y").astype("str")})
    prepared, _ = fit_features(features)
    assert prepared.names == ("sold:year", "sold:month", "sold:weekday", "sold:days")
    new = pd.DataFrame({"sold": text(["2024-01-01", None, "no date"])})
    assert (prepared.transform(new) == prepared.transform(new[1:2])).all()
    times = pd.DataFrame({"sold": DAYS})  # the same as times, not as text
    assert fit_features(times.astype("str"))[0].names[3:] == ("sold:hour", "sold:days")

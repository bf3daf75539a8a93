"""Tables of many kinds, as people have them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from search.data import Roles


@dataclass(frozen=True)
class Case:
    """A table, and how it is to be read."""

    frame: pd.DataFrame
    target: str
    n_classes: int
    roles: Roles = field(default_factory=Roles)
    options: Mapping[str, Any] = field(default_factory=dict)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def holes(values: Any, share: float = 0.2) -> pd.Series:
    """Some values missing."""
    column = pd.Series(values)
    return column.mask(np.random.default_rng(1).random(len(column)) < share)


def classes(n_rows: int, n: int) -> np.ndarray:
    return np.array([f"class {i}" for i in rng().integers(0, n, n_rows)])


def mixed() -> Case:
    n = 300
    days = pd.Timestamp("2020-02-28") + pd.to_timedelta(rng().integers(0, 900, n), unit="D")
    return Case(
        pd.DataFrame(
            {
                "age": holes(rng().normal(50, 10, n)),
                "income": rng().lognormal(10, 1.5, n),
                "member": rng().random(n) < 0.3,
                "city": holes(rng().choice([f"city {i}" for i in range(80)], n)),
                "since": holes(days.strftime("%d.%m.%Y")),
                "changed": days.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "customer_id": rng().permutation(n),
                "price": rng().normal(0, 1, n),
            }
        ),
        "price",
        0,
    )


def one_column() -> Case:
    return Case(pd.DataFrame({"x": rng().normal(size=100), "y": classes(100, 2)}), "y", 2)


def wide() -> Case:
    frame = pd.DataFrame(rng().normal(size=(400, 200))).add_prefix("f")
    return Case(frame.assign(y=rng().normal(size=400)), "y", 0)


def long() -> Case:
    n = 100_000
    frame = pd.DataFrame(
        {
            "a": rng().normal(size=n),
            "b": holes(rng().integers(0, 1000, n)),
            "c": rng().choice(["red", "green", "blue"], n),
            "day": (
                pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n), unit="min")
            ).strftime("%Y-%m-%d %H:%M:%S"),
            "y": classes(n, 3),
        }
    )
    return Case(frame, "y", 3)


def missing() -> Case:
    frame = pd.DataFrame({f"f{i}": holes(rng().normal(size=400), 0.1 * i) for i in range(1, 10)})
    return Case(frame.assign(empty=np.nan, y=holes(classes(400, 4))), "y", 4)


def fifty_classes() -> Case:
    frame = pd.DataFrame(rng().normal(size=(5_000, 3))).add_prefix("f")
    return Case(frame.assign(y=classes(5_000, 50)), "y", 50)


def rare() -> Case:
    ill = np.where(rng().random(2_000) < 0.02, "ill", "well")
    frame = pd.DataFrame({"a": rng().normal(size=2_000), "b": rng().random(2_000), "y": ill})
    return Case(frame, "y", 2, options={"class_weight": "balanced"})


def useless() -> Case:
    n = 200
    frame = pd.DataFrame(
        {
            "constant": 7,
            "empty": np.nan,
            "Unnamed: 0": np.arange(n),
            "key": [f"{i:05d}-x" for i in range(n)],
            "useful": rng().normal(size=n),
            "code": rng().integers(1, 5, n),
            "y": rng().integers(0, 3, n),
        }
    )
    return Case(frame, "y", 3, Roles(categories=("code",)), {"task": "classification"})


def all_text() -> Case:
    frame = pd.DataFrame({f"t{i}": rng().choice([*"abcdefgh"[: i + 2]], 500) for i in range(6)})
    return Case(frame.assign(y=classes(500, 2)), "y", 2)


def duplicates() -> Case:
    frame = pd.DataFrame({"a": rng().normal(size=300), "b": rng().integers(0, 9, 300)})
    return Case(pd.concat([frame.assign(y=classes(300, 2))] * 3, ignore_index=True), "y", 2)


def groups() -> Case:
    patient = rng().integers(0, 120, 1_500)
    frame = pd.DataFrame({"patient": patient, "dose": rng().normal(size=1_500) + patient % 3})
    return Case(frame.assign(y=classes(1_500, 2)), "y", 2, Roles(group="patient"))


def over_time() -> Case:
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng().integers(0, 365, 800), unit="D")
    frame = pd.DataFrame({"day": day.strftime("%Y-%m-%d"), "x": rng().normal(size=800)})
    return Case(frame.assign(y=rng().normal(size=800)), "y", 0, Roles(time="day"))


TABLES: dict[str, Callable[[], Case]] = {
    made.__name__: made
    for made in (
        mixed,
        one_column,
        wide,
        long,
        missing,
        fifty_classes,
        rare,
        useless,
        all_text,
        duplicates,
        groups,
        over_time,
    )
}

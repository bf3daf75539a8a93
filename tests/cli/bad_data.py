"""Wrong data files, and what is said of them."""

import io
import math
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.cli.bad_settings import Bad

ROWS = range(120)


def table(**columns: Callable[[int], object]) -> str:
    """A good table of 120 rows, with these columns in place of its own; None for nothing."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=len(ROWS)).round(3)
    own = {
        "age": lambda i: 20 + i % 50,
        "town": lambda i: "abc"[i % 3],
        "price": lambda i: noise[i],
    }
    made = {name: [of(i) for i in ROWS] for name, of in {**own, **columns}.items()}
    return pd.DataFrame(made).to_csv(index=False)


def of_csv_files() -> Iterator[Bad]:
    """Each file is called d.csv."""
    good = table()
    yield csv("data must be a file that exists; received d.csv", None)
    yield csv("d.csv must have a header and rows", "")
    yield csv("d.csv must have a header and rows", "\n\n\n")
    yield csv("d.csv must have at least 50 rows; received 0 rows", "age,price\n")
    yield csv("d.csv must have at least 50 rows; received 1 rows", "age,price\n1,2\n")
    yield csv("d.csv must be UTF-8 text", good.replace("town", "caf\xe9").encode("latin-1"))
    yield csv("d.csv must be UTF-8 text", good.encode("utf-16"))
    yield csv("d.csv must have distinct column names; received 'age' twice", "age," + good)
    yield csv("d.csv must have a name for every column", good.replace("\n2", "\n7,2"))
    yield csv("d.csv must be comma-separated values", good + "1,2,3,4,5,6\n")
    yield csv("d.csv must be comma-separated values", good + '"1,2\n')
    yield csv("target must be one of age, town, prise", good.replace("price", "prise"))
    yield csv("target must be one of age;town;price", good.replace(",", ";"))
    yield csv("target 'price' must have values", table(price=lambda _: None))
    yield csv("d.csv must have a column besides the target", "price\n" + "1\n2\n" * 60)
    yield csv("target 'price' must have at least two values", table(price=lambda _: 5))
    yield csv("target 'price' must have at least two classes", table(price=lambda _: "x"))
    yield csv("column 'price' must be finite", table(price=lambda i: math.inf if i else i))
    yield csv("column 'age' must be finite", table(age=lambda i: 1e39 if i == 5 else i))
    yield csv("target 'price' must have at most 200 classes", many_classes())
    constant = table(age=lambda _: 1, town=lambda _: "a")
    yield csv("confirm rows must be at least 5", constant)
    numbers = table(town=lambda i: f"t{i}", age=lambda _: 3)
    yield csv("features must vary over the development rows", numbers)
    yield csv("confirm rows must be at least", table(age=lambda i: i > 100, town=lambda _: "a"))
    words = table(price=lambda i: "ab"[i % 2])
    yield csv("target 'price' must be numeric for a regression", words, "--task regression")
    yield csv("--metric of a regression must be one of rmse, mae", good, "--metric error")
    yield csv("--class-weight must be left out", good, "--class-weight balanced")
    for role in ("group", "time", "categories"):
        yield csv(f"--{role} must be one of age, town, price", good, f"--{role} toun")
        yield csv(f"--{role} must be another column than target", good, f"--{role} price")
    yield csv("--group and --time exclude each other", good, "--group town --time age")
    yield csv("--categories must be another column than", good, "--group town --categories town")
    gaps = table(town=lambda i: "ab"[i % 2] if i != 7 else None)
    yield csv(
        "column 'town' must have a group in every row; received none in 8", gaps, "--group town"
    )
    yield csv("column 'town' must have a time in every row", gaps, "--time town")
    yield csv("confirm rows must be at least 5", table(town=lambda _: "2020-01-01"), "--time town")
    yield csv("", table(town=lambda _: "a"), "--group town")
    yield Bad("data must be one of digits, wine", "run --data d.xlsx", {"d.xlsx": "x"})
    yield Bad("data must be one of digits, wine", "run --data table", {"table": good})
    yield Bad("data must be a file that exists", "run --data d.csv", {"d.csv": None})
    yield Bad("target must name the column to predict", "run --data d.csv", {"d.csv": good})
    yield Bad("x" * 300, f"run --data {'x' * 300}.csv --target a")


def csv(said: str, content: str | bytes | None, more: str = "") -> Bad:
    files = {} if content is None else {"d.csv": content}
    return Bad(said, f"run --data d.csv --target price {more}".strip(), files)


def many_classes() -> str:
    rows = [f"{i % 7},k{i}" for i in range(250)]
    return "\n".join(["age,price", *rows, *rows])


def of_other_files() -> Iterator[Bad]:
    x, y = np.random.default_rng(0).normal(size=(80, 3)), np.arange(80) % 2
    for content in (b"", b"PK\x03\x04 no archive", b"\x93NUMPY", npz(x=x, y=y)[:-40]):
        yield array("d.npz must be an NPZ file of plain arrays", content)
    yield array("d.npz must be an NPZ file of plain arrays", npz(x=x, y=y.astype(object)))
    yield array("d.npz must have the arrays x and y", npz(x=x))
    yield array("d.npz must have the arrays x and y", npz(a=x, b=y))
    yield array("d.npz must have as many targets as rows; received 79 for 80", npz(x=x, y=y[1:]))
    yield array("d.npz must have numbers in x", npz(x=x.astype(complex), y=y))
    yield array("d.npz must have numbers in x", npz(x=x.astype(str), y=y))
    yield array("d.npz must have numbers in x", npz(x=np.zeros((80, 2, 2, 2, 2)), y=y))
    yield array("d.npz must have numbers in x", npz(x=x[:0], y=y[:0]))
    yield array("d.npz must have y of (rows,)", npz(x=x, y=x))
    yield array("d.npz must have a finite target in every row", npz(x=x, y=np.where(y, np.nan, 1)))
    yield array("d.npz must have at least 50 rows; received 20 rows", npz(x=x[:20], y=y[:20]))
    yield array("d.npz must have at least 50 rows", npz(x=np.zeros((20, 4, 4)), y=y[:20]))
    yield array("confirm rows must be at least 5", npz(x=np.zeros((80, 4, 4)), y=y))
    yield array("target must be left out for d.npz", npz(x=x, y=y), "--target y")
    images = npz(x=np.zeros((80, 4, 4)), y=y)
    yield array("--group, --time and --categories take a table's columns", images, "--group x0")
    parts = {"x_train": x, "y_train": y, "x_test": x[:, :2], "y_test": y}
    yield array("d.npz must have the same columns in both x", npz(**parts))
    tests = npz(**{**parts, "x_test": x})
    yield array("--group must be left out where there are test rows", tests, "--group x0")
    good = parquet(pd.DataFrame({"a": range(80), "price": range(80)}))
    price = "run --data d.parquet --target price"
    for content in (b"", b"PAR1", good[:-9], b"age,price\n1,2\n"):
        yield Bad("d.parquet must be Parquet", price, {"d.parquet": content})
    yield Bad("d.parquet must be readable", price, {"d.parquet": good[100:]})
    yield Bad("target must be one of a, price", price[:-1], {"d.parquet": good})


def array(said: str, content: bytes, more: str = "") -> Bad:
    return Bad(said, f"run --data d.npz {more}".strip(), {"d.npz": content})


def of_sizes() -> Iterator[Bad]:
    """What would not fit in memory: refused by its size, before it is read or made."""
    fits = "must fit in the memory of this machine"
    yield Bad(f"huge.csv {fits}", "run --data huge.csv --target a", {"huge.csv": b"1 TB"})
    yield Bad(f"huge.npz {fits}", "run --data huge.npz", {"huge.npz": zip_that_claims_a_lot()})
    yield Bad(f"sweep 'digits-shallow' {fits}", "run --width 100000 --depth 100")
    yield Bad(f"sweep 'digits-deep' {fits}", "check --recipe deep --width 100000")
    yield Bad("bomb.npz must be an NPZ file", "run --data bomb.npz", {"bomb.npz": array_bomb()})


def zip_that_claims_a_lot() -> bytes:
    """An archive whose directory says that its array has a petabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", b"")
        archive.filelist[0].file_size = 10**15
        archive.filelist[0].compress_size = 1
    return out.getvalue()


def array_bomb() -> bytes:
    """An archive with an array whose header says that it has a petabyte."""
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (10**14, 1)}
    np.lib.format.write_array_header_1_0(header, shape)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", header.getvalue())
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()

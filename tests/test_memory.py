import os
from pathlib import Path

import pandas as pd
import pytest

from search.data import load_dataset
from search.errors import InputError
from search.memory import check_fits, in_bytes, machine_memory


def test_the_machine_has_memory() -> None:
    assert 1e8 < machine_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_what_fits_passes_and_what_does_not_is_refused_with_both_figures() -> None:
    check_fits("d.csv", 10**9, "reading it", memory=10**9)
    with pytest.raises(InputError) as caught:
        check_fits("d.csv", 3 * 10**12, "reading it", memory=16 * 10**9)
    assert str(caught.value) == (
        "d.csv must fit in the memory of this machine, 16 GB; received about 3.0 TB for reading it"
    )


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "1 MB"),
        (3.2e8, "320 MB"),
        (1.5e9, "1.5 GB"),
        (2.4e10, "24 GB"),
        (1e15, "1,000 TB"),
    ],
)
def test_sizes_are_told_roughly(count: float, words: str) -> None:
    assert in_bytes(count) == words


def test_categories_that_would_fill_the_memory_are_refused_before_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a machine with a megabyte."""
    rows = range(1000)
    columns = {f"town{c}": [f"t{(i * (c + 7)) % 41}" for i in rows] for c in range(10)}
    table = pd.DataFrame({**columns, "price": [float(i) for i in rows]})
    n_features = load_dataset(table, target="price").n_features
    monkeypatch.setattr("search.memory.machine_memory", lambda: 10**6)
    with pytest.raises(InputError) as caught:
        load_dataset(table, target="price")
    assert f"for 1,000 rows of {n_features} prepared features" in str(caught.value)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_are_refused_by_what_reading_them_takes(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 bytes a value, however few it has in the file."""
    path = tmp_path / f"d.{suffix}"
    table = pd.DataFrame({name: [1] * 60_000 for name in "ab"})
    if suffix == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    assert path.stat().st_size < 10**6
    monkeypatch.setattr("search.memory.machine_memory", lambda: 2 * 10**6)
    with pytest.raises(InputError, match="must fit in the memory of this machine, 2 MB; received"):
        load_dataset(str(path), target="a")

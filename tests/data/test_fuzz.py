"""Whatever is in a CSV file, it becomes a data set or is refused in one line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.data import Dataset, Roles, load_dataset
from search.errors import InputError

CELLS = st.one_of(
    st.sampled_from(
        ["", "NA", "nan", "inf", "-inf", "True", "1e400", "-1e39", "0", "-0.0", "007", "1_000"]
    ),
    st.sampled_from(["2024-02-29", "01.02.2024", "2024-02-30", "9999-12-31", "0001-01-01", " x "]),
    st.integers().map(str),
    st.floats().map(str),
    st.text(st.characters(codec="utf-8", exclude_characters='",\r\n'), max_size=5),
    st.just('"a, ""b""\nc"'),
)
HEADERS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters='",\r\n'), max_size=4),
    min_size=1,
    max_size=4,
)
QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def load(path: Path, content: bytes, target: str, roles: Roles | None = None) -> Dataset | None:
    path.write_bytes(content)
    try:
        data = load_dataset(str(path), target=target, roles=roles)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017  # refusing is one of two good ends
        return None
    assert np.isfinite(data.x).all()
    assert np.isfinite(data.x_confirm).all()
    data.split(np.random.default_rng(0))
    return data


@QUIET
@given(content=st.binary(max_size=400), target=st.text(max_size=2))
def test_random_bytes(tmp_path: Path, content: bytes, target: str) -> None:
    load(tmp_path / "any.csv", content, target)
    load(tmp_path / "any.csv", b"a,b\n" + content * 60, "b")


@QUIET
@given(
    header=HEADERS,
    pools=st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=4, max_size=4),
    seed=st.integers(0, 2**32 - 1),
    roles=st.sampled_from([Roles(), Roles(categories=("t",)), Roles(group="t"), Roles(time="t")]),
)
def test_random_tables(
    tmp_path: Path, header: list[str], pools: list[list[str]], seed: int, roles: Roles
) -> None:
    rng = np.random.default_rng(seed)
    names = ["t", *header[:3]]
    columns = [rng.choice(np.array(pool, dtype=object), 120) for pool in pools[: len(names)]]
    columns[-1] = np.array(
        [f"{i * 7 % 97}{cell if i % 9 else ''}" for i, cell in enumerate(columns[-1])]
    )
    rows = [",".join(row) for row in zip(*columns, strict=True)]
    content = "\n".join([",".join(names), *rows]).encode()
    load(tmp_path / "table.csv", content, names[-1].strip(), roles)


def test_the_fuzz_can_succeed(tmp_path: Path) -> None:
    rows = "\n".join(f"{i % 3},{i},{i % 7}" for i in range(100))
    assert load(tmp_path / "good.csv", f"t,a,b\n{rows}".encode(), "t") is not None


@pytest.mark.parametrize("name", ["", " ", "\x00"])
def test_a_nameless_target_is_refused(tmp_path: Path, name: str) -> None:
    assert load(tmp_path / "good.csv", b"t,a\n" + b"1,2\n" * 60, name) is None

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

WriteCsv = Callable[[pd.DataFrame | str | bytes], str]


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Writes a table, text or bytes to a file and returns its path."""

    def write(content: pd.DataFrame | str | bytes) -> str:
        path = tmp_path / "houses.csv"
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


@pytest.fixture
def houses() -> pd.DataFrame:
    """400 rows: whole, real, boolean and text features with missing values; a price and a kind."""
    rng = np.random.default_rng(0)
    rooms = rng.integers(1, 9, 400)
    area = 30.0 * rooms + rng.normal(0, 10, 400)
    return pd.DataFrame(
        {
            "rooms": rooms,
            "area": np.where(rng.random(400) < 0.1, np.nan, area.round(2)),
            "garden": rng.random(400) < 0.5,
            "city": pd.Series(rng.choice([f"city {i}" for i in range(30)], 400)).mask(
                rng.random(400) < 0.05
            ),
            "price": (1000 * area + rng.normal(0, 5000, 400)).round(),
            "kind": np.where(rooms > 4, "house", "flat"),
        }
    )

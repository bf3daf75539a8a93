"""From settings to a data set, by name or handed over."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from search.errors import InputError
from search.main import _drawn, dataset_of, run
from search.report.figures import FIGURES
from search.settings import Settings
from search.sweep.records import SweepReport
from tests.reports import report
from tests.studies import studied

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "patient": RNG.integers(0, 100, 600),
        "ward": RNG.integers(1, 4, 600),
        "dose": RNG.normal(size=600),
        "ill": RNG.choice(["yes", "no"], 600),
    }
)


def test_every_setting_about_data_reaches_it(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "visits.csv", index=False)
    settings = Settings(
        data=str(tmp_path / "visits.csv"),
        target="ill",
        group="patient",
        categories=("ward",),
        class_weight="balanced",
    )
    for data in (dataset_of(settings), dataset_of(settings, FRAME)):
        assert data.groups is not None
        assert data.sample_weight is not None
        assert data.feature_names == ("ward=1", "ward=2", "ward=3", "dose")
    timed = dataset_of(Settings(target="ill", time="patient"), FRAME)
    assert timed.times is not None


def test_data_is_named_or_handed_over_but_not_both(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="data must be named or handed over, not both"):
        run(Settings(data="wine", target="ill"), data=FRAME, home=tmp_path / "mlruns")
    with pytest.raises(InputError, match="target must name the column to predict"):
        run(data=FRAME, home=tmp_path / "mlruns")
    assert not list(tmp_path.iterdir())


def test_a_page_that_cannot_be_drawn_costs_neither_verdict_nor_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: SweepReport) -> Figure:
        raise KeyError("a bug")

    monkeypatch.setitem(FIGURES, "forest", replace(FIGURES["forest"], draw=broken))
    shown, found = _drawn(studied(report()), tmp_path)
    assert shown.notes[-1] == "the page could not be drawn: KeyError: 'a bug'"
    assert list(found) == ["verdict.md", "verdict.json", "settings.json", "columns.json"]
    assert shown.notes[-1] in str(found["verdict.md"])

"""Checks of small tables, without anything compiled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from search.main import dataset_of
from search.rows import TrainingData
from search.settings import Settings
from search.sweep.preflight import Preflight, preflight
from search.sweep.run import sweep_file
from search.training.contract import Member, Sample
from search.training.jobs import plan_samples


def sampled(steps: Sequence[Sequence[Member]], data: TrainingData) -> list[Sample]:
    """What samples would say if an epoch took a second and compiling two."""
    jobs, epochs = plan_samples(steps, data)
    return [Sample(its, 1.0, 2.0, None) for _, its in zip(jobs, epochs, strict=True)]


def checked(n_rows: int = 600, **asked: Any) -> Preflight:
    """The check of a table of houses in 60 streets."""
    columns = {
        "rooms": [i % 37 for i in range(n_rows)],
        "floor": [i % 11 for i in range(n_rows)],
        "town": ["xyz"[i % 3] for i in range(n_rows)],
        "street": [f"street {i % 60}" for i in range(n_rows)],
        "heating": ["gas"] * n_rows,
        "price": [i % 101 + 0.5 for i in range(n_rows)],
    }
    settings = Settings(**{"name": "mine", "target": "price", "group": "street", **asked})
    dataset = dataset_of(settings, pd.DataFrame(columns))
    file = sweep_file(settings, dataset, Path("nowhere"))
    return preflight(file, dataset, workers=2, sample=sampled)

"""Data to learn, data that cannot be learned, and two worker processes."""

from collections.abc import Iterator

import pytest

from search.rows import TrainingData
from search.training.dispatch import Workers
from tests.training.reference import small_data


@pytest.fixture(scope="session")
def data() -> TrainingData:
    return small_data()


@pytest.fixture(scope="session")
def unlearnable() -> TrainingData:
    return small_data(noise=3.0)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(2) as both:
        yield both

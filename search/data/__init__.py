"""From a name or a file to prepared, split arrays."""

from search.data.dataset import Dataset, load_dataset
from search.data.sources import SOURCES, load_table
from search.data.splits import split_development
from search.data.table import Table

__all__ = [
    "SOURCES",
    "Dataset",
    "Table",
    "load_dataset",
    "load_table",
    "split_development",
]

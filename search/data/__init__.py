"""From a name, a file or objects in memory to prepared, split arrays."""

from search.data.columns import Summary
from search.data.dataset import Dataset, load_dataset
from search.data.preparation import Preparation
from search.data.sources import IN_MEMORY, SOURCES, load_table
from search.data.splits import split_development
from search.data.table import Roles, Table
from search.data.unlabelled import load_rows

__all__ = [
    "IN_MEMORY",
    "SOURCES",
    "Dataset",
    "Preparation",
    "Roles",
    "Summary",
    "Table",
    "load_dataset",
    "load_rows",
    "load_table",
    "split_development",
]

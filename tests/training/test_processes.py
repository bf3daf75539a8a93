"""Functions called in a process of their own."""

import os
from pathlib import Path

import pytest

from search.training.processes import apart
from tests.training.processes import running

PRINTING = """
import os
from search.training.processes import apart

if __name__ == "__main__":
    apart(print, "heard")
    apart(os.write, 1, b"heard")
    apart(os.write, 2, b"heard")
    print(apart(int, "7"))
"""


def test_what_a_function_raises_is_told_in_its_words() -> None:
    with pytest.raises(RuntimeError, match=r"^ValueError: invalid literal .* 'seven'"):
        apart(int, "seven")


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(RuntimeError, match="its process died"):
        apart(os._exit, 3)


def test_it_is_answered_and_what_it_prints_is_not_heard(tmp_path: Path) -> None:
    with running(PRINTING, tmp_path) as process:
        assert process.communicate(timeout=120) == ("7\n", "")

"""Throw random sweep files at the door.

    python tests/long/fuzz_sweep_files.py [FILES]

tries as many files (20,000 by default), other ones each time. The first that is neither read nor
refused in one line is printed, made as small as possible.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

from hypothesis import HealthCheck, given, settings

from tests.test_fuzz_config import ends_in_a_line, refuses_or_reads
from tests.toml import sweep_files

ONE_IN = 20
"""Files that go through the whole command line, which is slower."""


def main(count: int) -> None:
    """Try so many files."""
    for check, tries in ((refuses_or_reads, count), (ends_in_a_line, count // ONE_IN)):
        often = settings(max_examples=tries, deadline=None, suppress_health_check=list(HealthCheck))
        often(given(sweep_files)(check))()
        print(f"{tries:,} files: {check.__name__}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)

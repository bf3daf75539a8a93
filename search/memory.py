"""How much memory there is, and a word in time about what would not fit."""

import os
from pathlib import Path

from search.errors import InputError

_CGROUP = Path("/sys/fs/cgroup/memory.max")
"""What a container may take, on Linux; it says `max` where there is no limit."""


def machine_memory() -> int:
    """The memory in bytes of the machine, or of the container that this process is in."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(_CGROUP.read_text()))
    except (OSError, ValueError):
        return whole


def check_fits(thing: str, needed: float, what: str, memory: int | None = None) -> None:
    """Check that something fits in memory before it is made.

    Args:
        thing: what is too large.
        needed: bytes that it takes, about.
        what: for what, in words.
        memory: bytes there are; by default the machine's.

    Raises:
        InputError: with both figures.
    """
    there = machine_memory() if memory is None else memory
    if needed > there:
        rule = f"must fit in the memory of this machine, {in_bytes(there)}"
        raise InputError(thing, rule, f"about {in_bytes(needed)} for {what}")


def in_bytes(count: float) -> str:
    """A size as `320 MB`, `1.5 GB` or `12 TB`."""
    for unit, name in ((1e12, "TB"), (1e9, "GB")):
        if count >= unit:
            return f"{count / unit:,.{1 if count < 10 * unit else 0}f} {name}"
    return f"{max(1, round(count / 1e6))} MB"

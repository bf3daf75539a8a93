"""Schedules and their history as tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

_MARKS = {"done": "✓", "failed": "✗", "open": "…", "unchanged": "=", "skipped": "–"}


def schedules_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each schedule: name, cron, time zone, next slot, last slot and what it found."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("schedule", "when", "next", "last", "result"):
        table.add_column(column, overflow="fold")
    for row in rows:
        following = "paused" if row["paused"] else row["next"] or "never"
        when = f"{row['cron']} {row['timezone']}"
        table.add_row(row["name"], when, following, row["last"] or "–", row["result"] or "–")
    return table


def history_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each slot: when, what became of it, and why."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("", "slot", "state", "how it came, and what of it", "told"):
        table.add_column(column, overflow="fold")
    for row in rows:
        words = "; ".join(filter(None, (row["how"], row["reason"], row["found"])))
        table.add_row(_MARKS[row["state"]], row["slot"], row["state"], words, row["notice"])
    return table

"""The one truth about slots: a row for each, in SQLite.

A slot is entered in one transaction, once and for all, as the one that fires or as skipped with the
reason. However many services look at the clock, one of them enters it. Who then works on it holds
a lock file (`process`), which the system lets go of when that process ends.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from search.errors import InputError, ScheduleNotFoundError, StoreError
from search.scheduler.cron import Cron
from search.scheduler.notice import Notice
from search.scheduler.slots import FOLDER, LEDGER, Schedule, Slot, State, enter

PATIENCE = 60.0
"""Seconds to wait for another process's transaction."""
_TABLES = """
CREATE TABLE IF NOT EXISTS schedules (
    name TEXT PRIMARY KEY, content TEXT, paused INTEGER, since INTEGER
);
CREATE TABLE IF NOT EXISTS slots (
    schedule TEXT, at INTEGER, kind TEXT, state TEXT, how TEXT, reason TEXT, forced INTEGER,
    attempts INTEGER, ended INTEGER, result TEXT, notice TEXT,
    PRIMARY KEY (schedule, at, kind)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS slots_by_state ON slots (schedule, state, at);
CREATE INDEX IF NOT EXISTS slots_by_end ON slots (schedule, ended);
CREATE UNIQUE INDEX IF NOT EXISTS open_slots ON slots (schedule) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS slots_to_tell ON slots (schedule, ended) WHERE notice = 'pending';
"""
_INSERT_SLOT = "INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_THIS = "schedule = ? AND at = ? AND kind = ?"


@final
class Ledger:
    """The schedules of an `mlruns/` folder and their slots; a context manager.

    Args:
        home: the folder of all sweeps. Nothing is written before the first schedule is added.

    Raises:
        StoreError: if the file cannot be read.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        path = home / FOLDER / LEDGER
        self._db = self._open(path if path.exists() else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._db.close()

    def add(self, schedule: Schedule, now: datetime) -> None:
        """Add a schedule, whose slots count from now on.

        Raises:
            InputError: if there is one of this name.
        """
        path = self.home / FOLDER / LEDGER
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db.close()
            self._db = self._open(path)
        with self._transaction():
            if any(found.name == schedule.name for found in self.schedules()):
                raise InputError("name", "must be that of no other schedule", schedule.name)
            row = schedule.name, json.dumps(asdict(schedule)), False, int(now.timestamp())
            self._db.execute("INSERT INTO schedules VALUES (?, ?, ?, ?)", row)

    def schedules(self) -> list[Schedule]:
        """All of them, by name."""
        return [_schedule(row) for row in self._db.execute("SELECT * FROM schedules ORDER BY name")]

    def get(self, name: str) -> Schedule:
        """The schedule of this name.

        Raises:
            ScheduleNotFoundError: listing those there are.
        """
        found = {schedule.name: schedule for schedule in self.schedules()}
        if name not in found:
            raise ScheduleNotFoundError(name, list(found))
        return found[name]

    def remove(self, name: str) -> None:
        """Forget a schedule and its slots; its sweeps stay."""
        with self._transaction():
            self._db.execute("DELETE FROM schedules WHERE name = ?", (name,))
            self._db.execute("DELETE FROM slots WHERE schedule = ?", (name,))

    def pause(self, name: str, now: datetime, *, paused: bool) -> None:
        """Pause a schedule or let it go on; slots up to now are what they were before."""
        self.account(self.get(name), now)
        with self._transaction():
            self._db.execute("UPDATE schedules SET paused = ? WHERE name = ?", (paused, name))

    def account(self, schedule: Schedule, now: datetime) -> None:
        """Enter every slot that is due and not in the ledger yet.

        Where the clock was ahead and was put back, slots that it skipped are withdrawn: their time
        is still to come. Those that fired stay.
        """
        name, second = schedule.name, int(now.timestamp())
        with self._transaction():
            self._db.execute(
                "UPDATE schedules SET since = ? WHERE name = ? AND since > ?",
                (second, name, second),
            )
            self._db.execute(
                "DELETE FROM slots WHERE schedule = ? AND state = 'skipped' AND at > ?",
                (name, second),
            )
            latest = self._db.execute(
                "SELECT coalesce(max(at), (SELECT since FROM schedules WHERE name = ?)) FROM slots"
                " WHERE schedule = ? AND kind = 'cron' AND at <= ?",
                (name, name, second),
            ).fetchone()[0]
            if latest is None:  # another process has removed the schedule
                return
            due = list(schedule.cron.between(_moment(latest), now))
            last = next(
                iter(self._slots(name, "ended IS NOT NULL ORDER BY ended DESC LIMIT 1")), None
            )
            for slot in enter(schedule, due, now, busy=self.open_slot(name), last=last):
                self._db.execute(_INSERT_SLOT, _slot_row(slot))

    def request(self, name: str, now: datetime, *, forced: bool) -> Slot:
        """Enter a slot that a person asks for; if one is open, it is that one.

        A slot that a person forces is forced even where it is open already.
        """
        with self._transaction():
            slot = self.open_slot(name)
            if slot is None:
                slot = Slot(
                    schedule=name, at=now.replace(microsecond=0), kind="now", how="asked for"
                )
                self._db.execute(_INSERT_SLOT, _slot_row(slot))
            slot = replace(slot, forced=slot.forced or forced)
            self._update(slot, forced=slot.forced)
        return slot

    def open_slot(self, name: str) -> Slot | None:
        """The slot whose sweep runs or is to go on, if any; there is at most one."""
        return next(iter(self._slots(name, "state = 'open'")), None)

    def begin(self, slot: Slot) -> bool:
        """Count a process that begins to work on a slot; False if the slot is not open any more."""
        return self._update(slot, attempts=slot.attempts + 1)

    def interrupt(self, slot: Slot) -> None:
        """Take back the count of a process that was asked to stop."""
        self._update(slot, attempts=max(slot.attempts - 1, 0))

    def end(self, slot: Slot, state: State, now: datetime, **fields: Any) -> bool:
        """Close an open slot, once: with its reason, its result and the state of its notice."""
        if fields.get("result") is not None:
            fields["result"] = json.dumps(fields["result"])
        return self._update(slot, state=state, ended=int(now.timestamp()), **fields)

    def deliver(self, slot: Slot, notice: str) -> None:
        """Note what became of a pending notification."""
        with self._transaction():
            self._db.execute(
                f"UPDATE slots SET notice = ? WHERE {_THIS} AND notice = 'pending'",  # noqa: S608  # a constant
                (notice, *_key(slot)),
            )

    def history(self, name: str) -> list[Slot]:
        """Every slot of a schedule, the earliest first."""
        return self._slots(name, "TRUE ORDER BY at, kind")

    def done(self, name: str) -> list[Slot]:
        """Those whose sweep found something, in the order in which they ended."""
        return self._slots(name, "state = 'done' ORDER BY ended, at")

    def pending(self, name: str) -> list[Slot]:
        """Those of which someone is still to be told."""
        return self._slots(name, "notice = 'pending' ORDER BY ended")

    def _slots(self, name: str, condition: str) -> list[Slot]:
        rows = self._db.execute(f"SELECT * FROM slots WHERE schedule = ? AND {condition}", (name,))  # noqa: S608  # conditions stand above
        return [_slot(row) for row in rows]

    def _update(self, slot: Slot, **fields: Any) -> bool:
        """Change an open slot; False if it is not open."""
        changes = ", ".join(f"{field} = ?" for field in fields)
        done = self._db.execute(
            f"UPDATE slots SET {changes} WHERE {_THIS} AND state = 'open'",  # noqa: S608  # names of fields
            (*fields.values(), *_key(slot)),
        )
        return done.rowcount == 1

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _open(self, path: Path | None) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(path or ":memory:", timeout=PATIENCE, isolation_level=None)
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            # What power took from the last moment is entered again, and its sweep goes on.
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
        return db


def _schedule(row: sqlite3.Row) -> Schedule:
    fields = json.loads(row["content"])
    notice = {**fields["notice"], "occasions": tuple(fields["notice"]["occasions"])}
    own = {
        "cron": _cron(**fields["cron"]),
        "notice": Notice(**notice),
        "paused": bool(row["paused"]),
    }
    return Schedule(**{**fields, **own})


_cron = lru_cache(Cron)  # to check an expression takes longer than all else here


def _slot_row(slot: Slot) -> tuple[Any, ...]:
    return (
        *_key(slot), slot.state, slot.how, slot.reason, slot.forced, slot.attempts, None, None,
        slot.notice,
    )  # fmt: skip


def _slot(row: sqlite3.Row) -> Slot:
    ended, result = row["ended"], row["result"]
    return Slot(
        **{
            **dict(row),
            "at": _moment(row["at"]),
            "forced": bool(row["forced"]),
            "ended": None if ended is None else _moment(ended),
            "result": None if result is None else json.loads(result),
        }
    )


def _key(slot: Slot) -> tuple[str, int, str]:
    return slot.schedule, int(slot.at.timestamp()), slot.kind


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)

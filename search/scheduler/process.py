"""Processes that work on slots, and the lock that says which one does.

A process gets the lock with its birth, as an open file, and keeps it to its end, however it ends:
it outlives a service that is killed, and no other process works on the schedule meanwhile.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import final

from search.errors import SearchError
from search.scheduler.ledger import Ledger
from search.scheduler.slots import Schedule, Slot, folder_of

PATIENCE = 60.0
"""Seconds that a sweep has to stop in when asked to."""
_LOCK, _LOG = "lock", "log.txt"
_NOTICE_LOCK = "notice.lock"
_HOLD_TRIES, _HOLD_PAUSE = 20, 0.1


def hold(home: Path, schedule: str, name: str = _LOCK) -> int | None:
    """An open file with the lock of a schedule; None if another process has it."""
    folder = folder_of(home, schedule)
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def hold_for_notices(home: Path, schedule: str) -> int | None:
    """The same for telling of what happened, which may take longer than the sweep."""
    return hold(home, schedule, _NOTICE_LOCK)


@contextmanager
def holding(home: Path, schedule: str) -> Iterator[None]:
    """Hold the lock of a schedule in this process.

    Raises:
        SearchError: if another process works on it.
    """
    for _ in range(_HOLD_TRIES):
        lock = hold(home, schedule)
        if lock is not None:
            break
        time.sleep(_HOLD_PAUSE)  # a service may just be looking
    else:
        rule = "is at work in another process; wait for it or stop it"
        raise SearchError(f"schedule {schedule!r} {rule}")
    try:
        yield
    finally:
        os.close(lock)


@final
class Processes:
    """Starts a process for each slot, and stops those it started.

    Args:
        ledger: of the folder.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def is_idle(self) -> bool:
        """Whether nothing that it started runs any more."""
        self._running = [process for process in self._running if process.poll() is None]
        return not self._running

    def is_busy(self, schedule: Schedule) -> bool:
        """Whether any process works on this schedule."""
        lock = hold(self._ledger.home, schedule.name)
        if lock is not None:
            os.close(lock)
        return lock is None

    def fire(self, schedule: Schedule, slot: Slot) -> None:
        """Work on an open slot, unless someone does already."""
        lock = hold(self._ledger.home, schedule.name)
        if lock is None:
            return
        try:
            if self._ledger.begin(slot):
                self._start(schedule, ["fire", schedule.name, "--lock", str(lock)], [lock])
        finally:
            os.close(lock)

    def notify(self, schedule: Schedule) -> None:
        """Tell of what is pending, unless someone does already."""
        lock = hold_for_notices(self._ledger.home, schedule.name)
        if lock is None:
            return
        try:
            self._start(schedule, ["notify", schedule.name, "--lock", str(lock)], [lock])
        finally:
            os.close(lock)

    def stop(self) -> None:
        """Ask what runs to stop, and see that it does. Its slots stay open."""
        for process in self._running:
            _signal(process, signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()

    def _start(self, schedule: Schedule, words: Sequence[str], locks: Sequence[int]) -> None:
        command = [sys.executable, "-m", "search", "schedule", *words]
        with (folder_of(self._ledger.home, schedule.name) / _LOG).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  # this program itself
                command,
                cwd=self._ledger.home.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=locks,
                start_new_session=True,  # what kills the service leaves the sweep alone
            )
        self._running = [other for other in self._running if other.poll() is None] + [process]


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)

"""The service on the real clock, with real training, killed for real."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from search.main import load
from search.scheduler.ledger import Ledger
from search.scheduler.slots import Slot

SCHEDULE = [sys.executable, "-m", "search", "schedule"]
EVERY = 2
"""Seconds."""
FILE = """
data = "data/%S.csv"
target = "y"
factors = ["regularization"]
pilot_trials = 4
lanes = 1
replicates = 1
epochs = 1
width = 4
workers = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Other data for each slot of a minute, and a sweep file."""
    (tmp_path / "data").mkdir()
    for second in range(0, 60, EVERY):
        rng = np.random.default_rng(second)
        lines = [f"{a:.4f},{'yes' if a + b > 0 else 'no'}" for a, b in rng.normal(size=(100, 2))]
        (tmp_path / "data" / f"{second:02}.csv").write_text("\n".join(["a,y", *lines]))
    (tmp_path / "sweep.toml").write_text(FILE)
    return tmp_path


def add(folder: Path, *words: str) -> None:
    """Add a schedule that fires every few seconds."""
    command = ["add", "often", "--cron", f"* * * * * */{EVERY}", "--config", "sweep.toml"]
    subprocess.run([*SCHEDULE, *command, *words], cwd=folder, check=True, capture_output=True)


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*SCHEDULE, "start"], cwd=folder, stderr=subprocess.PIPE, start_new_session=True
    )


def slots(folder: Path) -> list[Slot]:
    with Ledger(folder / "mlruns") as ledger:
        return ledger.history("often")


def wait(folder: Path, *, until: Callable[[list[Slot]], bool]) -> list[Slot]:
    deadline = time.monotonic() + 240
    while not until(found := slots(folder)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def children(process: subprocess.Popen[bytes]) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(word) for word in text.split()]


def done(found: list[Slot]) -> int:
    return sum(slot.state == "done" for slot in found)


@pytest.mark.skipif(sys.platform != "linux", reason="children of a process are found in /proc")
def test_a_killed_service_loses_no_sweep_and_fires_no_slot_twice(folder: Path) -> None:
    add(folder)
    first, other = start(folder), start(folder)
    second = None
    try:
        wait(folder, until=lambda found: done(found) >= 1)
        # In the middle of a sweep; one of the two has started it.
        (running,) = wait(folder, until=lambda found: found[-1].state == "open")[-1:]
        sweep = folder / "mlruns" / "sweeps" / running.sweep / "sweep.json"
        while not sweep.exists():
            time.sleep(0.02)
        for service in (first, other):
            for child in children(service):
                os.killpg(child, signal.SIGKILL)
            os.killpg(service.pid, signal.SIGKILL)
            service.communicate()
        killed = next(slot for slot in slots(folder) if slot.at == running.at)
        second = start(folder)
        wait(folder, until=lambda found: done(found) >= 2 and found[-1].state == "open")
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=120)
        assert second.returncode == 130
    finally:
        for service in filter(None, (first, other, second)):
            if service.poll() is None:
                os.killpg(service.pid, signal.SIGKILL)
                service.communicate()
    found = slots(folder)
    seconds = [int(slot.at.timestamp()) for slot in found]
    assert all(later - earlier == EVERY for earlier, later in pairwise(seconds))
    assert Counter(slot.state for slot in found)["failed"] == 0
    assert all(slot.reason for slot in found if slot.state == "skipped")
    resumed = next(slot for slot in found if slot.at == running.at)
    assert killed.state == "open"
    assert (resumed.state, resumed.attempts) == ("done", 2)
    sweeps = {path.name.removesuffix("-duel") for path in (folder / "mlruns" / "sweeps").iterdir()}
    fired = {slot.sweep for slot in found if slot.how}
    assert sweeps <= fired
    for slot in found:
        if slot.state == "done":
            assert load(slot.sweep, home=folder / "mlruns").state == "done"


def test_once_does_what_is_due_tells_of_it_and_ends(folder: Path) -> None:
    shutil.rmtree(folder / "data")  # so that the slot fails at once
    add(folder, "--notify", "failure", "--command", "sh -c 'cat > told.json'")
    time.sleep(EVERY)
    subprocess.run([*SCHEDULE, "start", "--once"], cwd=folder, check=True, timeout=240)
    told = json.loads((folder / "told.json").read_text())
    (ended,) = [slot for slot in slots(folder) if slot.state != "skipped"]
    assert (ended.state, ended.notice) == ("failed", "sent")
    assert (told["id"], told["reason"]) == (ended.sweep, ended.reason)
    assert "data/" in ended.reason

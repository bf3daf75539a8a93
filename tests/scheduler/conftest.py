"""A year in seconds: a clock that a test moves, sweeps in simulated time, a receiver of notices."""

import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.main import dataset_of
from search.scheduler.cron import Cron
from search.scheduler.fire import fire
from search.scheduler.ledger import Ledger
from search.scheduler.slots import Schedule, Slot
from search.settings import Settings
from search.sweep.arms import Arm
from search.sweep.records import SweepReport
from search.sweep.run import open_sweep
from spaces import Recipe
from tests.sweep.conftest import FakeTrain

START = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
FLIPS = START + timedelta(days=3)
"""From then on another activation is best."""
FILE = """
data = "data/%Y-%m-%d.csv"
target = "y"
factors = ["activation"]
pilot_trials = 4
lanes = 1
replicates = 16
"""
NOT_HTTP = 0
"""A code for an answer in another protocol."""


@dataclass
class SimulatedClock:
    """A clock that moves by being slept on, and jumps when told to."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class SimulatedSweeps:
    """Works on slots as processes do: one at a time, holding a lock, for a while."""

    ledger: Ledger
    clock: SimulatedClock
    length: Callable[[Slot], timedelta] = lambda _: timedelta(minutes=5)
    """How long the sweep of a slot takes."""
    held: dict[str, tuple[Slot, datetime]] = field(default_factory=dict)
    """Schedule -> the slot that is worked on, and until when; shared by all services."""
    fired: list[Slot] = field(default_factory=list)
    """Every sweep that came to its end."""

    def fire(self, schedule: Schedule, slot: Slot) -> None:
        if schedule.name not in self.held and self.ledger.begin(slot):
            self.held[schedule.name] = slot, self.clock.now() + self.length(slot)

    def settle(self) -> None:
        """End what has taken its time."""
        for name, (slot, until) in list(self.held.items()):
            if until <= self.clock.now():
                self.fired.append(slot)
                self.ledger.end(slot, "done", until)
                del self.held[name]

    def kill(self) -> None:
        """What works is gone; the slot stays open."""
        self.held.clear()

    def notify(self, _: Schedule) -> None:
        raise AssertionError("nobody asked to be told")

    @property
    def is_idle(self) -> bool:
        return not self.held

    def is_busy(self, schedule: Schedule) -> bool:
        return schedule.name in self.held


def schedule(expression: str = "0 * * * *", timezone: str = "UTC", **fields: Any) -> Schedule:
    own: dict[str, Any] = {"name": "hourly", "config": "/sweep.toml"}
    return Schedule(cron=Cron(expression, timezone), **{**own, **fields})


class Days:
    """A schedule over files by date, its sweeps trained by a seeded stand-in."""

    def __init__(self, folder: Path, ledger: Ledger, clock: SimulatedClock) -> None:
        self.folder, self.ledger, self.clock = folder, ledger, clock
        (folder / "data").mkdir()
        (folder / "sweep.toml").write_text(FILE)
        ledger.remove("hourly")

    def settings(self, text: str) -> None:
        """Write these lines instead of those that name the factors."""
        (self.folder / "sweep.toml").write_text(FILE.replace('factors = ["activation"]', text))

    def add(self, **fields: Any) -> None:
        config = str(self.folder / "sweep.toml")
        self.ledger.add(schedule("0 2 * * *", **{"config": config, **fields}), START)

    def write(self, day: int, **columns: Sequence[object]) -> None:
        """The data of a day, by default with other rows than any other."""
        rng = np.random.default_rng(day)
        a, b = rng.normal(size=(2, 600)).round(4).tolist()
        table = {"a": a, "b": b, "y": rng.choice(["no", "yes"], 600), **columns}
        lines = [
            ",".join(table),
            *(",".join(map(str, row)) for row in zip(*table.values(), strict=True)),
        ]
        self.path(day).write_text("\n".join(lines))

    def path(self, day: int) -> Path:
        return self.folder / "data" / f"{START + timedelta(days=day):%Y-%m-%d}.csv"

    def fire(self, day: int, *, forced: bool = False) -> Slot:
        """What the slot of a day came to."""
        self.clock.time = START + timedelta(days=day, hours=2)
        self.ledger.account(self.ledger.get("hourly"), self.clock.time)
        if forced:
            self.ledger.request("hourly", self.clock.time, forced=True)
        slot = fire(self.ledger, "hourly", self.clock, self.run)
        assert slot is not None
        return slot

    def run(self, settings: Settings, *, home: Path, arms: Sequence[Arm] = ()) -> SweepReport:
        dataset = dataset_of(settings)
        best = "relu" if self.clock.time >= FLIPS else "swish"

        def effect(recipe: Recipe) -> float:
            return {best: 0.0, "elu": 0.3}.get(recipe.activation, 0.6)

        train = FakeTrain(np.concatenate([dataset.y, dataset.y_confirm]), effect)
        with open_sweep(settings, dataset, home, arms=arms) as sweep:
            sweep.run(train)
            return sweep.report()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """With an hourly schedule."""
    with Ledger(tmp_path) as ledger:
        ledger.add(schedule(), START)
        yield ledger


@pytest.fixture
def sweeps(ledger: Ledger, clock: SimulatedClock) -> SimulatedSweeps:
    return SimulatedSweeps(ledger, clock)


@pytest.fixture
def dice() -> random.Random:
    return random.Random(0)


@pytest.fixture
def days(tmp_path: Path, ledger: Ledger, clock: SimulatedClock) -> Days:
    days = Days(tmp_path, ledger, clock)
    days.add()
    return days


@pytest.fixture
def server(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """An address, what was posted there, and the codes it answers before it answers 200."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    heard: list[dict[str, Any]] = []
    codes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            code = codes.pop(0) if codes else 200
            if code == 200:
                heard.append({**content, "token": self.headers["Authorization"]})
            if code == NOT_HTTP:
                self.wfile.write(b"220 ready\r\n")
                return
            self.send_response(code)
            self.send_header("Location", "/elsewhere")  # of a 302
            self.end_headers()

        def log_message(self, *_: Any, **__: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/services/T0/secret", heard, codes
        http.shutdown()
        thread.join()

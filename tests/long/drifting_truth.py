"""Whether a schedule tells of the day on which the truth changes, and of no other.

    python tests/long/drifting_truth.py [FOLDER] [SWEEPS]

trains a sweep a day on rows drawn anew: for so many days of a clear signal, in which dropout costs
a narrow network dearly, and then for three of noise alone, in which it costs nothing. None of the
former may report a change, one of the latter must, once it is decided, and a webhook must hear of
it exactly once. Takes a new folder.
"""

import json
import sys
import tempfile
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

from search.scheduler.fire import fire
from search.scheduler.ledger import Ledger
from search.scheduler.notice import Notice
from search.scheduler.notify import deliver
from tests.scheduler.conftest import START, SimulatedClock, schedule

SWEEP = """
data = "%Y-%m-%d.csv"
target = "y"
factors = ["regularization"]
pilot_trials = 8
lanes = 2
replicates = 16
epochs = 10
depth = 1
width = 8
"""
SIGNAL = 5.0
HEARD: list[dict[str, Any]] = []


class Hook(BaseHTTPRequestHandler):
    """Keeps what it is posted."""

    def do_POST(self) -> None:
        HEARD.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any, **__: Any) -> None:
        """Say nothing."""


def write(path: Path, seed: int, *, signal: float) -> None:
    """A thousand rows: a smooth signal of this size under noise of size one."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 1000))
    y = signal * np.sin(a) * b + rng.normal(size=1000)
    lines = [f"{row[0]:.4f},{row[1]:.4f},{row[2]:.4f}" for row in zip(a, b, y, strict=True)]
    path.write_text("\n".join(["a,b,y", *lines]))


def main(folder: Path, n: int) -> None:
    """Fire the days and say what each of them came to."""
    (folder / "sweep.toml").write_text(SWEEP.replace('data = "', f'data = "{folder}/'))
    clock = SimulatedClock()
    with HTTPServer(("127.0.0.1", 0), Hook) as http, Ledger(folder / "mlruns") as ledger:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        notice = Notice(occasions=("change",), webhook=f"http://127.0.0.1:{http.server_port}/")
        config = str(folder / "sweep.toml")
        ledger.add(schedule("0 2 * * *", config=config, notice=notice, name="daily"), START)
        changed = []
        for day in range(n + 3):
            clock.time = START + timedelta(days=day, hours=2)
            write(folder / f"{clock.time:%Y-%m-%d}.csv", day, signal=SIGNAL * (day < n))
            ledger.account(ledger.get("daily"), clock.time)
            slot = fire(ledger, "daily", clock)
            assert slot is not None
            assert slot.state == "done", slot.reason
            result = slot.result or {}
            (factor,) = result["report"]["factors"]
            found = {each["level"]: each["outcome"] for each in factor["alternatives"]}
            changed.append({change["level"] for change in result["changes"]})
            told = deliver(ledger, "daily", clock)
            champion = result["champion"]["recipe"]["regularization"]
            print(day, found, "champion", champion, changed[-1], told, flush=True)
        http.shutdown()
    print("unchanged truth:", sum(map(bool, changed[:n])), "of", n, "sweeps reported a change")
    heard = [each["id"] for each in HEARD]
    print("after the signal went:", changed[n:], "; the webhook heard of", heard)
    assert not any(changed[:n])
    assert [levels for levels in changed if levels] == [{"dropout"}]
    assert len(heard) == 1


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    main(Path(where).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 20)

"""Members given to worker processes, and these processes seen from outside."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from search.rows import TrainingData
from search.training import Member, Result
from search.training.dispatch import Workers

ROOT = Path(__file__).parents[2]


def trained_by(workers: Workers, members: Sequence[Member], data: TrainingData) -> list[Result]:
    """What workers make of the members, in the members' order."""
    results = dict(workers.train(members, data, keep_weights=True))
    return [results[index] for index in range(len(members))]


def processes() -> set[int | None]:
    """The workers that there are."""
    return {child.pid for child in multiprocessing.active_children()}


def kill_all() -> None:
    """End all workers by SIGKILL, be they busy or idle."""
    for child in multiprocessing.active_children():
        child.kill()
        child.join()


@contextmanager
def running(script: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A script run as a person would from a terminal; what is left of it in the end is killed."""
    path = folder / "script.py"
    path.write_text(script)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    with subprocess.Popen(
        [sys.executable, path],
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

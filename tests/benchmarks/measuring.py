"""Timers that take turns, sides in processes of their own, and the machine they ran on."""

import functools
import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, final

from search.errors import SearchError

ROOT = Path(__file__).parents[2]
LIBRARIES = ("tensorflow", "keras", "numpy", "optuna", "keras-tuner", "mlflow")

T = TypeVar("T")


def interleaved(sides: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Call every side once a round, every other round in the opposite order.

    So a machine that gets slower or faster meanwhile does so for all sides alike.

    Returns:
        Side -> what its calls returned, (rounds,).
    """
    found: dict[str, list[T]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            found[name].append(sides[name]())
    return found


def timed(call: Callable[[], object]) -> float:
    """Wall seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@final
class Stopwatch:
    """Adds up what functions take, put around them from outside."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """Label -> seconds; of one thread each, so that no two add at once."""

    @contextmanager
    def around(
        self,
        owner: Any,
        *names: str,
        label: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> Iterator[None]:
        """Time the functions `names` of a module or class while this context lasts.

        Args:
            owner: whose attributes they are.
            *names: functions that do not call each other.
            label: what their seconds are added to.
            clock: `time.thread_time` counts a thread's work without its waiting.
        """
        originals = {name: getattr(owner, name) for name in names}
        for name, function in originals.items():
            setattr(owner, name, self._timed(function, label, clock))
        try:
            yield
        finally:
            for name, function in originals.items():
                setattr(owner, name, function)

    def _timed(
        self, function: Callable[..., T], label: str, clock: Callable[[], float]
    ) -> Callable[..., T]:
        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> T:
            start = clock()
            try:
                return function(*args, **options)
            finally:
                self.seconds[label] += clock() - start

        return call


@final
class Side:
    """A side in a fresh process, running from now on; see `sides.SIDES`.

    Args:
        name: of the side.
        folder: where it runs: one of its own, so that it finds nothing prepared.
        environment: added to this process's.
        **options: what the side takes; `started` is added, the present `time.time()`.
    """

    def __init__(
        self, name: str, folder: Path, environment: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        self._name, self._started = name, time.time()
        text = json.dumps({**options, "started": self._started})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.sides", name, text],
            cwd=folder,
            env={**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(self) -> dict[str, Any]:
        """What it found, and under `wall` the seconds from its start to its end.

        Raises:
            SearchError: with the last lines it wrote, if it failed.
        """
        printed, told = self._process.communicate()
        wall = time.time() - self._started
        if self._process.returncode:
            raise SearchError(f"the side {self._name} failed:\n{told[-2000:]}")
        found: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return {**found, "wall": wall}


def memory() -> float | None:
    """Resident megabytes of this process and those it started; None where there is no /proc."""
    parents: dict[str, str] = {}
    resident: dict[str, float] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = (line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:  # ended meanwhile
            continue
        fields = dict(lines)
        parents[status.parent.name] = fields["PPid"].strip()
        resident[status.parent.name] = float(fields.get("VmRSS", "0 kB").split()[0]) / 1024
    own = str(os.getpid())

    def is_own(process: str) -> bool:
        return process == own or (process in parents and is_own(parents[process]))

    return sum(resident[process] for process in filter(is_own, resident)) if resident else None


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def machine() -> str:
    """CPU model, cores, and the versions of what takes part."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{cpu}, {n_cores()} cores; Python {platform.python_version()}, {versions}"


def progress(text: str) -> None:
    """Tell on standard error what is being measured."""
    print(text, file=sys.stderr, flush=True)

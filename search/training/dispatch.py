"""Jobs handed to worker processes.

One process with many threads leaves cores idle: a stack's matrix products are small. So there is
a worker for each core, with one thread, and each keeps to the programs it has compiled. Stacks
also never share a process at a time: XLA is not safe against that.
"""

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Self, final

from search.memory import machine_memory
from search.rows import TrainingData
from search.training.architecture import Architecture
from search.training.contract import Member, Prune, Result, Sample, failed
from search.training.jobs import Job, JobDone, plan_jobs, plan_samples
from search.training.plan import MEMORY_SHARE, cores
from search.training.processes import CONTEXT, without_main

_LAST_MOMENT = 5.0


@final
class Workers:
    """Processes that train; they live until the end of a `with` block.

    Args:
        count: processes at a time, at least 1; one a core by default. Cores left over are shared
            out among them as threads.
        memory: bytes by which a worker may grow before it is replaced; by default its share of
            the machine's.
        cache: folder for compiled programs, which spare later workers the compiling; None keeps
            none. It is emptied if a worker dies: a damaged program may be why.
        architecture: a person's own network, in place of the recipes' depth and width.

    Raises:
        ValueError: if `count` is less than 1.
    """

    def __init__(
        self,
        count: int | None = None,
        memory: int | None = None,
        cache: Path | None = None,
        architecture: Architecture | None = None,
    ) -> None:
        if count is not None and count < 1:
            raise ValueError(f"workers must be at least 1; received {count}")
        self.count = count or cores()
        """Processes at a time."""
        self._memory = memory or int(machine_memory() * MEMORY_SHARE) // self.count
        self._cache = cache
        self._architecture = architecture
        self._cache_is_suspect = False
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()
        if self._cache is not None and self._cache_is_suspect:
            shutil.rmtree(self._cache, ignore_errors=True)

    def prepare(self) -> None:
        """Load TensorFlow for all workers, without waiting for it."""
        with without_main():
            forkserver.ensure_running()

    def train(
        self,
        members: Sequence[Member],
        data: TrainingData,
        *,
        done: Collection[int] = (),
        keep_weights: bool = False,
        prune: Prune | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """Train each member with the trainer its recipe goes to; yield results as they come.

        A worker that dies takes no training with it: what it was at is tried again in halves, and
        only a single member that kills its worker twice fails.

        Args:
            members: all members of a step of the sweep, so that the same ones share a stack
                however often the step is interrupted.
            data: the rows that members name.
            done: indices of members whose results are known. They are not trained, unless they
                share a stack with one that is not done: then they are yielded again.
            keep_weights: whether results carry the kept weights.
            prune: hears of every epoch, in this thread; whom it names ends there and leaves its
                place to the next.

        Yields:
            (index into `members`, result) as each is finished.

        Raises:
            InputError: if the source of a person's own network has changed meanwhile.
        """
        known = set(done)
        is_pruned = prune is not None
        planned = plan_jobs(
            members,
            data,
            is_own=self._architecture is not None,
            keep_weights=keep_weights,
            is_pruned=is_pruned,
        )
        waiting = [job for job in planned if not known.issuperset(job.members)]
        yield from self._work(waiting, data, prune)

    def sample(self, steps: Sequence[Sequence[Member]], data: TrainingData) -> list[Sample]:
        """Compile every program that steps need, and train a few epochs of a stack with each.

        What is compiled stays in the cache, where there is one, for who trains them in earnest.

        Args:
            steps: all members of each step of the sweep.
            data: the rows that members name.

        Returns:
            What was measured, a program at a time.
        """
        samples, epochs = plan_samples(steps, data, is_own=self._architecture is not None)
        results = dict(self._work(list(samples), data))
        return [
            Sample.of([results[i] for i in job.members], its)
            for job, its in zip(samples, epochs, strict=True)
        ]

    def _work(
        self, waiting: list[Job], data: TrainingData, prune: Prune | None = None
    ) -> Iterator[tuple[int, Result]]:
        """Hand out jobs and hear of them until all are done."""
        try:
            self._hand_out(waiting, data)
            while busy := {w.connection: w for w in self._workers if w.job is not None}:
                for connection in wait(list(busy)):
                    assert isinstance(connection, Connection)
                    yield from self._hear(busy[connection], waiting, prune)
                self._hand_out(waiting, data)
        finally:
            for worker in [w for w in self._workers if w.job is not None]:
                self._retire(worker)

    def _hand_out(self, waiting: list[Job], data: TrainingData) -> None:
        """Give every idle worker a job."""
        for worker in [w for w in self._workers if w.job is None and not w.is_alive]:
            self._retire(worker)
        while waiting:
            idle = next((w for w in self._workers if w.job is None), None)
            if idle is None and len(self._workers) == self.count:
                return
            if idle is None:
                cache = None if self._cache_is_suspect else self._cache
                if self._architecture is not None:
                    self._architecture.build.check_unchanged()
                idle = _Worker(max(1, cores() // self.count), cache, self._architecture)
                self._workers.append(idle)
            job = self._choose(idle, waiting)
            waiting.remove(job)
            idle.start(job, data)

    def _choose(self, worker: "_Worker", waiting: Sequence[Job]) -> Job:
        """A job whose program the worker has, or else nobody has, or else any."""
        taken = {program for other in self._workers for program in other.programs}

        def rank(job: Job) -> int:
            return 0 if job.program in worker.programs else 1 if job.program not in taken else 2

        return min(waiting, key=rank)

    def _hear(
        self, worker: "_Worker", waiting: list[Job], prune: Prune | None
    ) -> Iterator[tuple[int, Result]]:
        """Take in a message of a worker, or that it died."""
        assert worker.job is not None
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):  # the end may come in the middle of a message
            job, self._cache_is_suspect = worker.job, self._cache is not None
            worker.wait()
            self._retire(worker)
            for other in [w for w in self._workers if w.job is None and w.has_cache]:
                self._retire(other)  # it may hold the same damage
            again = job.tried_again()
            if not again and job.members:
                error = RuntimeError(f"the worker process died: {worker.ending()}")
                yield next(iter(job.members)), failed(error, job.trainer)
            waiting[:0] = again
            return
        if isinstance(message, tuple):
            worker.job = worker.job.without({message[0]})
            yield message
            return
        if isinstance(message, list):
            assert prune is not None
            worker.answer(prune(message))
            return
        assert isinstance(message, JobDone)
        worker.job = None
        if message.grown_bytes >= self._memory or (self._cache_is_suspect and worker.has_cache):
            self._retire(worker)

    def _retire(self, worker: "_Worker") -> None:
        worker.kill()
        self._workers.remove(worker)


def train(
    members: Sequence[Member],
    data: TrainingData,
    *,
    done: Collection[int] = (),
    keep_weights: bool = False,
    workers: int | None = None,
    cache: Path | None = None,
) -> Iterator[tuple[int, Result]]:
    """Train members with workers of their own; see `Workers` and `Workers.train`."""
    with Workers(workers, cache=cache) as own:
        yield from own.train(members, data, done=done, keep_weights=keep_weights)


@final
class _Worker:
    """The parent's side of a worker process."""

    def __init__(
        self, n_threads: int, cache: Path | None, architecture: Architecture | None
    ) -> None:
        self.connection, theirs = CONTEXT.Pipe()
        arguments = theirs, n_threads, cache, architecture
        self._process = CONTEXT.Process(target=_serve, args=arguments, daemon=True)
        with without_main():
            self._process.start()
        theirs.close()
        self.has_cache = cache is not None
        """Whether it loads programs from disk."""
        self.job: Job | None = None
        """What is left of what it trains."""
        self.programs: set[object] = set()
        """What it has compiled."""
        self._data: TrainingData | None = None

    def start(self, job: Job, data: TrainingData) -> None:
        self.job = job
        self.programs.add(job.program)
        with suppress(OSError):  # it died: that is heard when its answer is waited for
            if data is not self._data:
                self.connection.send(data)
                self._data = data
            self.connection.send(job)

    def answer(self, pruned: Collection[int]) -> None:
        """Tell it who is to end."""
        with suppress(OSError):  # it died: that is heard when its next message is waited for
            self.connection.send(frozenset(pruned))

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def wait(self) -> None:
        """Give it a moment to end by itself, so that it can be said how it did."""
        self._process.join(_LAST_MOMENT)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()

    def ending(self) -> str:
        """How the process ended, in words."""
        code = self._process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def _serve(
    connection: Connection, n_threads: int, cache: Path | None, architecture: Architecture | None
) -> None:
    from search.training.worker import serve  # noqa: PLC0415  # TensorFlow, in the worker alone

    serve(connection, n_threads, cache, architecture)

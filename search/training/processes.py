"""Processes that have TensorFlow loaded as they start."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

CONTEXT = multiprocessing.get_context("forkserver")
"""They come from a server process that has loaded it once."""
CONTEXT.set_forkserver_preload(["search.training.preload"])


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function of a module in a process of its own, whose standard error is not heard.

    So this process need not load TensorFlow, and whoever must not be held up can leave it behind.

    Raises:
        RuntimeError: saying what the function raised, or that the process died.
    """
    mine, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_answer, args=(theirs, function, arguments), daemon=True)
    with without_main():
        process.start()
    theirs.close()
    try:
        result, problem = mine.recv()
    except EOFError:
        problem = "its process died"
    finally:
        mine.close()
    process.join()
    if problem is not None:
        raise RuntimeError(problem)
    found: T = result
    return found


@contextmanager
def without_main() -> Iterator[None]:
    """Hide the main module and interrupts from a new process.

    It would import the module again, and with it run a script that has no guard against that. An
    interrupt from a terminal goes to all processes, but the parent alone decides.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    resource_tracker.ensure_running()  # it would let interrupts through again
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        sys.modules["__main__"] = main


def _answer(
    connection: Connection, function: Callable[..., object], arguments: tuple[Any, ...]
) -> None:
    from search.training.preload import quiet_standard_error  # noqa: PLC0415  # TensorFlow

    result, problem = None, None
    with quiet_standard_error():
        try:
            result = function(*arguments)
        except Exception as error:  # noqa: BLE001  # whatever it is, the parent is told
            problem = f"{type(error).__name__}: {error}"
    connection.send((result, problem))

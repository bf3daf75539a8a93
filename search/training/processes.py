"""New processes, all from one that has loaded TensorFlow already."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from types import ModuleType

from search.errors import InputError

CONTEXT = multiprocessing.get_context("forkserver")
_PRELOAD = "search.training.preload"


def check_environment() -> None:
    """Check what the environment says of Keras before a worker does.

    Raises:
        InputError: if it asks for another backend than TensorFlow.
    """
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend != "tensorflow":
        raise InputError("KERAS_BACKEND", "must be tensorflow or left out", backend)


def preload() -> None:
    """Let the process that others come from load TensorFlow, once it is started."""
    multiprocessing.set_forkserver_preload([_PRELOAD])


def start_server() -> None:
    """Start the process that others come from, without waiting for it."""
    with without_main():
        forkserver.ensure_running()


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

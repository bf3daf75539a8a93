"""What a server of worker processes loads once, for all of them."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def quiet() -> Iterator[None]:
    """What is printed is not heard, not even what goes to the file descriptors themselves.

    TensorFlow greets there before any log level can be set, and MLflow has Keras show progress.
    """
    _flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    with Path(os.devnull).open("wb") as nowhere:
        for number in kept:
            os.dup2(nowhere.fileno(), number)
    try:
        yield
    finally:
        _flush()
        for number, descriptor in kept.items():
            os.dup2(descriptor, number)
            os.close(descriptor)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever keras.json says
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with quiet():
    importlib.import_module("search.training.worker")

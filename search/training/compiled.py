"""Compiled programs that outlive their process: XLA's persistent cache, made to be hit."""

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework import ops

MOST_PROGRAMS = 1000
"""Kept on disk, of about 1 MB each."""

_FLAGS = "TF_XLA_FLAGS"
_CACHE_OPTION = "--tf_xla_persistent_cache_directory"
_DAMAGES = (tf.errors.DataLossError, tf.errors.OutOfRangeError, tf.errors.InvalidArgumentError)


def use_cache(folder: Path) -> None:
    """Keep what this process compiles, and load what others have compiled.

    To be called before anything is compiled. Programs of other versions of TensorFlow and of
    other processors are kept apart: XLA would load them, too.

    Args:
        folder: of all caches.
    """
    own = folder / f"tensorflow-{tf.__version__}-{_processor()}"
    own.mkdir(parents=True, exist_ok=True)
    flag = f"{_CACHE_OPTION}={own}"
    os.environ[_FLAGS] = f"{os.environ.get(_FLAGS, '')} {flag}".strip()

    _trim(own)
    # What the first loop of a process is called differs from later ones.
    first = tf.function(
        lambda: tf.while_loop(lambda i: i < 1, lambda i: i + 1, [0]), autograph=False
    )
    first()


class DamagedCacheError(Exception):
    """A program on disk cannot be read. The process that tried does not try again."""


@contextmanager
def loading() -> Iterator[None]:
    """Tell what goes wrong with the cache, where there is one, from what goes wrong otherwise.

    Raises:
        DamagedCacheError: for any of the ways in which XLA finds a file damaged.
    """
    try:
        yield
    except _DAMAGES as error:
        if _CACHE_OPTION in os.environ.get(_FLAGS, ""):
            raise DamagedCacheError(str(error)) from error
        raise


@contextmanager
def stable_names(key: object) -> Iterator[None]:
    """Name what is traced here after `key`, whatever was traced before it in this process.

    XLA's cache is keyed by the names of functions, which TensorFlow numbers through.

    Args:
        key: has a `repr` that tells the program and its shapes, and no other's.
    """
    digest = hashlib.sha256(repr(key).encode()).digest()
    numbers = count(int.from_bytes(digest[:5], "big"))
    before, ops.uid = ops.uid, lambda: next(numbers)
    try:
        yield
    finally:
        ops.uid = before


def _trim(folder: Path) -> None:
    """Forget the oldest programs where there are very many."""
    programs = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in programs[:-MOST_PROGRAMS]:
        path.unlink(missing_ok=True)


def _processor() -> str:
    """A short name for what the compiler may assume of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return hashlib.sha256(f"{platform.machine()} {flags}".encode()).hexdigest()[:12]

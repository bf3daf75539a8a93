"""A person's network, built once before anything depends on it."""

import hashlib
import os
import sys
from multiprocessing.connection import Connection

from search.errors import InputError
from search.named import told
from search.training.architecture import Architecture
from search.training.processes import CONTEXT, preload, without_main
from spaces import Recipe


def probe(architecture: Architecture, recipe: Recipe, n_outputs: int) -> str:
    """Build a person's network in a process of its own.

    Args:
        architecture: the network.
        recipe: what its layers are made by.
        n_outputs: classes, or 1 for a regression.

    Returns:
        16 hexadecimal digits that change with the source of the function's file and the shapes of
        the network's weights.

    Raises:
        InputError: if it cannot be built, with the error of the person's code.
    """
    preload()
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_answer, args=(theirs, architecture, recipe, n_outputs))
    with without_main():
        process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        process.join()
        answer = f"its process ended with exit code {process.exitcode}"
    finally:
        process.kill()
        process.join()
        ours.close()
    build = architecture.build
    if isinstance(answer, tuple):
        raise InputError(*answer)
    if isinstance(answer, str):
        raise InputError(f"{build.setting} {build.text}", "must build a network", answer)
    content = f"{build.digest} {answer}"
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def keep_standard_output() -> None:
    """Let whatever a person's code prints go to standard error: results go to standard output."""
    sys.stdout.flush()
    os.dup2(2, 1)


def _answer(
    connection: Connection, architecture: Architecture, recipe: Recipe, n_outputs: int
) -> None:
    """Send the shapes of the network's weights, or what is wrong."""
    from search.models import build_own  # noqa: PLC0415  # Keras, in this process alone

    keep_standard_output()
    try:
        build = architecture.build.load()
        model = build_own(build, recipe, architecture.row_shape, n_outputs, seed=0)
        connection.send([tuple(weight.shape) for weight in model.weights])
    except InputError as error:
        connection.send((error.thing, error.rule, error.received))
    except Exception as error:  # noqa: BLE001  # a person's code may raise whatever it likes
        connection.send(told(error))

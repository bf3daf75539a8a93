"""A person's network, built once before anything depends on it."""

import hashlib
import os
import sys

from search.errors import InputError
from search.training.architecture import Architecture
from search.training.processes import apart
from spaces import Recipe

Shapes = list[tuple[int, ...]]


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
    build = architecture.build
    try:
        shapes = apart(_weight_shapes, architecture, recipe, n_outputs)
    except RuntimeError as error:
        thing = f"{build.setting} {build.text}"
        raise InputError(thing, "must build a network", str(error)) from None
    if isinstance(shapes, tuple):
        raise InputError(*shapes)
    return hashlib.blake2b(f"{build.digest} {shapes}".encode(), digest_size=8).hexdigest()


def keep_standard_output() -> None:
    """Let whatever a person's code prints go to standard error: results go to standard output."""
    sys.stdout.flush()
    os.dup2(2, 1)


def _weight_shapes(
    architecture: Architecture, recipe: Recipe, n_outputs: int
) -> Shapes | tuple[str, str, object]:
    """The shapes of the network's weights, or why there is no function that would build it."""
    from search.models import build_own  # noqa: PLC0415  # Keras, in that process alone

    keep_standard_output()
    try:
        build = architecture.build.load()
    except InputError as error:
        return error.thing, error.rule, error.received
    model = build_own(build, recipe, architecture.row_shape, n_outputs, seed=0)
    return [tuple(weight.shape) for weight in model.weights]

"""A person's network, built before anything depends on it."""

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from search.errors import InputError
from search.rows import Task
from search.training.architecture import Architecture
from search.training.processes import apart
from spaces import Recipe, Space

Shapes = list[tuple[int, ...]]


@final
@dataclass(frozen=True, slots=True)
class Probed:
    """What is known of a person's network before it is trained."""

    digest: str
    """16 hexadecimal digits that change with the source of its file, and with the shapes of its
    weights or with what its hypermodel varies."""
    space: Space | None = None
    """What its hypermodel varies, if it has one."""


def probe(architecture: Architecture, recipe: Recipe, n_outputs: int) -> Probed:
    """Build a person's network in a process of its own.

    Args:
        architecture: the network.
        recipe: what its layers are made by.
        n_outputs: classes, or 1 for a regression.

    Raises:
        InputError: if it cannot be built, with the error of the person's code.
    """
    shapes = _asked(architecture, "must build a network", _weight_shapes, recipe, n_outputs)
    return Probed(_digest(architecture, shapes))


def probe_hypermodel(architecture: Architecture, task: Task, n_outputs: int) -> Probed:
    """Find out in a process of its own what a person's hypermodel varies.

    Args:
        architecture: the hypermodel.
        task: what is predicted.
        n_outputs: classes, or 1 for a regression.

    Raises:
        InputError: if it varies nothing, or does not build, fit and predict at its defaults, with
            the error of the person's code.
    """
    rule = "must build a model for this task, and fit it"
    space = Space.from_dict(_asked(architecture, rule, _explored, task, n_outputs))
    if not space.domains:
        thing = f"{architecture.build.setting} {architecture.build.text}"
        raise InputError(thing, "must ask for hyperparameters", "none that vary")
    return Probed(_digest(architecture, space), space)


def keep_standard_output() -> None:
    """Let whatever a person's code prints go to standard error: results go to standard output."""
    sys.stdout.flush()
    os.dup2(2, 1)


def _digest(architecture: Architecture, built: object) -> str:
    return hashlib.blake2b(
        f"{architecture.build.digest} {built}".encode(), digest_size=8
    ).hexdigest()


def _asked(
    architecture: Architecture, rule: str, question: Callable[..., Any], *arguments: Any
) -> Any:
    """What a function finds out of a person's code, in a process of its own."""
    build = architecture.build
    try:
        found = apart(question, architecture, *arguments)
    except RuntimeError as error:
        raise InputError(f"{build.setting} {build.text}", rule, str(error)) from None
    if isinstance(found, tuple):
        raise InputError(*found)
    return found


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


def _explored(
    architecture: Architecture, task: Task, n_outputs: int
) -> dict[str, Any] | tuple[str, str, object]:
    """What the hypermodel varies, as `Space.to_dict` has it, or why there is none."""
    from search.training.hypermodel_trainer import (  # noqa: PLC0415  # Keras, in that process alone
        explored,
    )

    keep_standard_output()
    try:
        return explored(architecture, task, n_outputs).to_dict()
    except InputError as error:
        return error.thing, error.rule, error.received

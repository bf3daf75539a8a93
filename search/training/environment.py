"""What the environment says of Keras."""

import os

from search.errors import InputError


def check_environment() -> None:
    """Check what the environment says of Keras before a worker does.

    Raises:
        InputError: if it asks for another backend than TensorFlow.
    """
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend != "tensorflow":
        raise InputError("KERAS_BACKEND", "must be tensorflow or left out", backend)

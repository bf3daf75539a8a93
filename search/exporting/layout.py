"""How generated code is laid out: as formatters do."""

from collections.abc import Sequence

WIDTH = 88
"""Characters in a line, as formatters have them by default."""


def call(head: str, arguments: Sequence[str], tail: str) -> str:
    """A call, or a list, on one line where that is not too long, else each part on its own."""
    line = f"{head}{', '.join(arguments)}{tail}"
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    return "\n".join([head, *(f"{indent}    {argument}," for argument in arguments), indent + tail])

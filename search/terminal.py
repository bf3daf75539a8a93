"""What every command line here needs: where sweeps are kept, and how results are printed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from search.errors import InputError

Text = str | None
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def home_folder() -> Path:
    """The folder of all sweeps.

    Raises:
        InputError: if the working directory is gone.
    """
    try:
        return Path.cwd() / "mlruns"
    except OSError as error:
        raise InputError("the working directory", "must exist", str(error.strerror)) from None


def print_view(result: RenderableType) -> None:
    """A result for a person, to standard output."""
    Console(highlight=False).print(result)


def print_json(result: object) -> None:
    """A result for a program, to standard output."""
    from search.report.documents import as_json  # noqa: PLC0415  # heavy: SciPy

    sys.stdout.write(as_json(result))


def tell(line: str) -> None:
    """Prose, to standard error."""
    typer.echo(line, err=True)


@contextmanager
def watching() -> Iterator[Callable[[Any], None]]:
    """A listener that tells of a sweep on standard error, where all that is printed goes."""
    from search.report.live import watch  # noqa: PLC0415  # heavy: SciPy

    with redirect_stdout(sys.stderr), watch(Console(stderr=True)) as listener:
        yield listener

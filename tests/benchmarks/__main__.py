"""Run benchmarks: `python -m tests.benchmarks [NAME ...] [--quick] [--markdown FILE]`."""

import datetime as dt
import importlib
import logging
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from search.errors import SearchError
from tests.benchmarks.measuring import machine
from tests.benchmarks.tables import Findings, Headline, write_markdown

BENCHMARKS = {
    "search": "tests.benchmarks.random_search:run",
    "fit": "tests.benchmarks.fit:run_digits",
    "fit_images": "tests.benchmarks.fit:run_fashion",
    "gemm": "tests.benchmarks.gemm:run",
    "cores": "tests.benchmarks.cores:run",
    "cost": "tests.benchmarks.cost:run",
    "overhead": "tests.benchmarks.overhead:run",
}
"""Name -> module:function, imported only if it is run."""


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(BENCHMARKS)}.")] = None,
    *,
    quick: Annotated[bool, typer.Option(help="Tiny sizes: shows that it runs, no more.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the README's table into this file.")
    ] = None,
) -> None:
    """Measure this project against what people use today, and print ratios; all by default."""
    for name in names or ():
        if name not in BENCHMARKS:
            raise typer.BadParameter(f"must be of {', '.join(BENCHMARKS)}; received {name!r}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it counts models that are compiled
    # As wide as its widest row where nobody looks: a cut figure is none.
    console = Console() if Console().is_terminal else Console(width=200)
    conditions = f"Measured on {dt.datetime.now().astimezone():%Y-%m-%d}: {machine()}."
    console.print(conditions, highlight=False)
    headlines: dict[str, tuple[Headline, ...]] = {}
    for name in names or BENCHMARKS:
        module, function = BENCHMARKS[name].split(":")
        findings: Findings = getattr(importlib.import_module(module), function)(quick=quick)
        for table in findings.tables:
            table.show(console)
        headlines[name] = findings.headlines
        if markdown is not None:  # what is measured stays, whatever happens to the next
            write_markdown(markdown, headlines, conditions)


# Worker processes import this module again, under another name.
if __name__ == "__main__":
    try:
        typer.run(main)
    except SearchError as problem:
        raise SystemExit(str(problem)) from None

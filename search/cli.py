# ruff: noqa: PLC0415  # each command imports what it needs, so that the others need not wait
"""The command line: parse, call, print, exit code.

Progress and prose go to standard error, the result to standard output. Exit codes: 0 done, 1
failed, 2 bad input, 130 interrupted by SIGINT or SIGTERM.

Whatever is heavy is imported by the command that needs it, so that `--help` and a mistyped option
are answered at once.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console, RenderableType
from typer import Argument, Option

from search.defaults import DATA, LANES, PILOT_TRIALS, RECIPE, REPLICATES, SEED
from search.errors import InputError, SearchError
from search.settings import parse_settings
from spaces import QUESTIONS, RECIPES, SPACES

INTERRUPTED = 130
LOOPBACK = "127.0.0.1"
PORT = "5000"
_METRICS = "error, balanced_error, log_loss or auc; rmse or mae"
_MARGINS = "0.01 of the error rate, or ln 1.02 of the RMSE"

app = typer.Typer(
    help="Check a textbook's training defaults against the alternatives on your own data.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _flag(metavar: str, about: str, default: object = None) -> Any:
    """An option whose text is parsed with all others, by the same rules and in the same words."""
    shown = "" if default is None else f"; by default {default}"
    return Option(metavar=metavar, help=f"{about}{shown}.")


Text = str | None
Json = Annotated[bool, Option("--json", help="Print one JSON document.")]
TrackingUri = Annotated[Text, _flag("URI", "MLflow server or database", "mlruns/mlflow.db")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and tell how it ended.

    Args:
        arguments: by default those of this process.

    Returns:
        The exit code.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        with _terminated_as_interrupted():
            # None at the end of a command; a number where Typer ended it, as after --help.
            code = app(arguments or ["--help"], standalone_mode=False) or 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SearchError as error:
        code = _fail(str(error), error.exit_code)
    except typer.TyperException as error:
        code = _fail(error.format_message(), error.exit_code)
    if code == INTERRUPTED:
        _tell("interrupted; run the same command again to go on")
    return int(code)


@app.command()
def run(  # noqa: PLR0913  # a command's options are its parameters
    name: Annotated[str | None, Argument(help="Of the sweep; by default DATA-RECIPE.")] = None,
    *,
    data: Annotated[Text, _flag("NAME|FILE", "Data set, or CSV, Parquet or NPZ file", DATA)] = None,
    target: Annotated[Text, _flag("COLUMN", "To be predicted, for files")] = None,
    task: Annotated[Text, _flag("TASK", "classification or regression", "as the target is")] = None,
    metric: Annotated[Text, _flag("NAME", _METRICS, "error or rmse")] = None,
    group: Annotated[Text, _flag("COLUMN", "Whose rows belong together, as a patient's")] = None,
    time: Annotated[Text, _flag("COLUMN", "When a row was made: the latest confirm")] = None,
    categories: Annotated[Text, _flag("A,B", "Columns of numbers that are codes")] = None,
    class_weight: Annotated[Text, _flag("balanced", "All classes weigh the same")] = None,
    recipe: Annotated[Text, _flag("NAME", f"Out of {', '.join(RECIPES)}", RECIPE)] = None,
    factors: Annotated[Text, _flag("all|A,B", f"Out of {', '.join(QUESTIONS)}", "all")] = None,
    levels: Annotated[Text, _flag("core|full", "How many alternatives each has", "core")] = None,
    depth: Annotated[Text, _flag("N|N,M", "Hidden layers, or several", "the recipe's")] = None,
    width: Annotated[Text, _flag("N", "Units in each", "the recipe's")] = None,
    epochs: Annotated[Text, _flag("N", "Passes over the rows", "30; 12 above 10,000 rows")] = None,
    batch_size: Annotated[Text, _flag("N", "Rows in a step", "the recipe's")] = None,
    margin: Annotated[Text, _flag("X", "Smallest difference that matters", _MARGINS)] = None,
    lanes: Annotated[Text, _flag("N", "Learning rates in each replicate", LANES)] = None,
    pilot_trials: Annotated[Text, _flag("N", "Trials that find their range", PILOT_TRIALS)] = None,
    replicates: Annotated[Text, _flag("N", "At most, to compare by", REPLICATES)] = None,
    budget: Annotated[Text, _flag("TIME", "Of training in total, as 90s, 10m or 2h")] = None,
    seed: Annotated[Text, _flag("N", "Root of all randomness", SEED)] = None,
    workers: Annotated[Text, _flag("N", "Processes that train", "one a core")] = None,
    tracking_uri: TrackingUri = None,
    json: Json = False,
) -> None:
    """Run a sweep, or go on with it: which defaults hold on your data?"""
    given = {flag: value for flag, value in locals().items() if isinstance(value, str)}
    settings = parse_settings(given)  # every flag but --json is a setting of the same name
    # Heavy: pandas, scikit-learn, Optuna, MLflow; TensorFlow once there is something to train.
    from search.main import run as run_sweep
    from search.report.live import watch
    from search.report.table import verdict_view
    from search.sweep.folder import PAGE, folder_of

    with redirect_stdout(sys.stderr), watch(Console(stderr=True)) as listener:
        report = run_sweep(settings, home=_home(), listeners=[listener])
    if json:
        _print_json(report.to_dict())
    else:
        _print(verdict_view(report))
        page = folder_of(_home(), report.name) / PAGE
        _tell(f"\nThe report with its figures: {page}")
        if report.mlflow:
            _tell("Every trial stands in MLflow: python -m search ui")


@app.command()
def show(
    name: Annotated[str, Argument(help="Of the sweep.")],
    *,
    every: Annotated[bool, Option("--all", help="Every alternative, not the best alone.")] = False,
    markdown: Annotated[bool, Option("--markdown", help="Print Markdown.")] = False,
    csv: Annotated[bool, Option("--csv", help="Print a line for each alternative.")] = False,
    json: Json = False,
    opened: Annotated[bool, Option("--open", help="Make the page, with figures; open it.")] = False,
) -> None:
    """The verdicts of a sweep, also while it runs."""
    if every + markdown + csv + json + opened > 1:
        given = "--all, --markdown, --csv, --json and --open"
        raise InputError(given, "exclude each other", "more than one")
    # Heavy: Optuna, SciPy.
    from search.report.markdown import verdict_markdown
    from search.report.table import verdict_view
    from search.sweep.reporting import load_report

    report = load_report(name, _home())
    if json:
        _print_json(report.to_dict())
    elif markdown:
        sys.stdout.write(verdict_markdown(report))
    elif csv:
        sys.stdout.write(report.verdicts.to_csv(index=False))
    elif opened:
        from search.report.page import page  # heavy: matplotlib

        _open_page(name, page(report))
    else:
        _print(verdict_view(report, detailed=every))


@app.command("list")
def list_all(*, json: Json = False) -> None:
    """All sweeps, their state and what they found."""
    # Heavy: Optuna, SciPy.
    from search.report.table import sweeps_table
    from search.report.words import headline
    from search.sweep.reporting import list_sweeps

    reports = list_sweeps(_home())
    if json:
        keys = ("name", "state", "data", "recipe", "headline")
        rows = [
            (r.name, r.state, r.data["source"], r.settings.recipe, headline(r)) for r in reports
        ]
        _print_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif reports:
        _print(sweeps_table(reports))
    else:
        _tell("no sweeps here yet")


@app.command()
def spaces(
    name: Annotated[
        str | None, Argument(metavar="|".join(SPACES), help="Show this search space alone.")
    ] = None,
) -> None:
    """The guideline table with its levels, and the search spaces."""
    from search.report.guideline import guideline_view, space_view  # not needed for --help

    if name is None:
        _print(guideline_view())
    elif name in SPACES:
        _print(space_view(name, SPACES[name]))
    else:
        raise InputError("a search space", f"must be one of {', '.join(SPACES)}", name)


@app.command()
def sync(
    name: Annotated[str, Argument(help="Of the sweep.")],
    *,
    tracking_uri: TrackingUri = None,
    json: Json = False,
) -> None:
    """Bring MLflow up to what is stored of a sweep."""
    from search.main import sync as sync_sweep  # heavy: MLflow, Optuna

    with redirect_stdout(sys.stderr):
        report = sync_sweep(name, home=_home(), tracking_uri=tracking_uri)
    identifiers = dict(report.mlflow or {})
    if json:
        _print_json(identifiers)
    else:
        typer.echo("\n".join(f"{key} {value}" for key, value in identifiers.items()))


@app.command()
def ui(
    *,
    port: Annotated[str, _flag("N", "Where the page is", PORT)] = PORT,
    tracking_uri: TrackingUri = None,
) -> NoReturn:
    """MLflow's page, for this machine alone."""
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InputError("--port", f"must be a whole number from 1 to {2**16 - 1}", port)
    from search.tracking import ui_command, ui_environment  # heavy: MLflow

    home = _home()
    command = ui_command(home, tracking_uri, host=LOOPBACK, port=int(port))
    environment = ui_environment(home, tracking_uri)
    home.mkdir(exist_ok=True)
    page = f"http://{LOOPBACK}:{port}/#/experiments?workflowType=machine_learning"
    _tell(f"{page}\nuntil it is interrupted")
    # In place of this process, so that signals reach the server.
    os.execve(command[0], command, environment)  # noqa: S606  # no shell is meant


def _home() -> Path:
    return Path.cwd() / "mlruns"


def _open_page(name: str, page: str) -> None:
    """Keep the page, print where it is, and open it where there is a browser."""
    import webbrowser

    from search.sweep.folder import write_page  # heavy: what a sweep is made of

    path = write_page(_home(), name, page)
    typer.echo(path)
    webbrowser.open(path.as_uri())


def _print(result: RenderableType) -> None:
    Console(highlight=False).print(result)


def _print_json(result: object) -> None:
    from search.report.documents import as_json  # heavy: SciPy, which results need anyway

    sys.stdout.write(as_json(result))


def _fail(message: str, code: int) -> int:
    _tell(f"error: {' '.join(message.split())}")
    return code


def _tell(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the process as SIGINT does, through every `finally`."""

    def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

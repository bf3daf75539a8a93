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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from inspect import Parameter, Signature, signature
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer import Argument, Option

from search.config import Config
from search.config import example as example_file
from search.errors import InputError, SearchError, one_line
from search.options import OPTIONS
from search.schedule_cli import app as schedule_app
from search.settings import Settings
from search.terminal import Json, Text, home_folder, print_json, print_view, tell, watching
from spaces import SPACES

INTERRUPTED = 130
LOOPBACK = "127.0.0.1"
PORT = "5000"
MOST_SAMPLES = 1_000_000

app = typer.Typer(
    help="Check a textbook's training defaults against the alternatives on your own data.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(schedule_app)


TrackingUri = Annotated[Text, Option(metavar="URI", help=OPTIONS["tracking_uri"].help)]


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
    except OSError as error:  # a full disk, say, or a folder that may not be written to
        code = _fail(f"{error.filename or 'input or output'}: {error.strerror}", 1)
    except MemoryError as error:
        code = _fail(f"not enough memory: {error}", SearchError.exit_code)
    if code == INTERRUPTED:
        tell("interrupted; run the same command again to go on")
    return int(code)


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a sweep's name, a flag for every setting, and `--config`.

    Args:
        command: takes the settings, and then options of its own.
    """

    def parsed(*, config: str | None, **options: Any) -> None:
        texts = {setting: options.pop(setting) for setting in OPTIONS}
        given = {setting: text for setting, text in texts.items() if text is not None}
        file = Config() if config is None else Config.read(config)
        settings = file.settings(given)
        with file.named(overruled=given):
            command(settings, **options)

    own = list(signature(command).parameters.values())[1:]
    name = Annotated[Text, Argument(metavar="NAME", help=OPTIONS["name"].help)]
    flags = {
        setting: Annotated[Text, Option(metavar=option.metavar, help=option.help)]
        for setting, option in OPTIONS.items()
        if setting != "name"
    }
    flags["config"] = Annotated[Text, Option(metavar="FILE", help="Sweep file; flags win.")]
    parameters = [Parameter("name", Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=name)]
    for setting, annotation in flags.items():
        its = Parameter(setting, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        parameters.append(its)
    parsed.__signature__ = Signature([*parameters, *own])  # type: ignore[attr-defined]  # Typer asks
    parsed.__annotations__ = {each.name: each.annotation for each in (*parameters, *own)}
    parsed.__name__, parsed.__doc__ = command.__name__, command.__doc__
    return parsed


@app.command()
@_with_settings
def run(settings: Settings, *, json: Json = False) -> None:
    """Run a sweep, or go on with it: which defaults hold on your data?"""
    # Heavy: pandas, scikit-learn, Optuna, MLflow; TensorFlow once there is something to train.
    from search.main import run as run_sweep
    from search.report.table import verdict_view
    from search.sweep.folder import PAGE, folder_of

    with watching() as listener:
        report = run_sweep(settings, home=home_folder(), listeners=[listener])
    if json:
        print_json(report.to_dict())
    else:
        print_view(verdict_view(report))
        page = folder_of(home_folder(), report.name) / PAGE
        if page.exists():  # else a note says why
            tell(f"\nThe report with its figures: {page}")
        if report.mlflow:
            tell("Every trial stands in MLflow: python -m search ui")


@app.command()
@_with_settings
def check(
    settings: Settings,
    *,
    example: Annotated[bool, Option("--example", help="Print a sweep file, commented.")] = False,
    json: Json = False,
) -> None:
    """What `run` with these options would do and cost: nothing is trained to its end."""
    if example:
        sys.stdout.write(example_file())
        return
    from search.main import check as check_sweep  # heavy: as for run
    from search.report.preflight import preflight_view

    with redirect_stdout(sys.stderr):
        found = check_sweep(settings, home=home_folder())
    if json:
        print_json(found.to_dict())
    else:
        print_view(preflight_view(found))
    if found.problems:
        raise typer.Exit(SearchError.exit_code)


@app.command()
def show(
    name: Annotated[str, Argument(help="Name of the sweep.")],
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

    report = load_report(name, home_folder())
    if json:
        print_json(report.to_dict())
    elif markdown:
        sys.stdout.write(verdict_markdown(report))
    elif csv:
        sys.stdout.write(report.verdicts.to_csv(index=False))
    elif opened:
        from search.report.page import page  # heavy: matplotlib

        _open_page(name, page(report))
    else:
        print_view(verdict_view(report, detailed=every))


@app.command("list")
def list_all(*, json: Json = False) -> None:
    """All sweeps, their state and what they found."""
    # Heavy: Optuna, SciPy.
    from search.report.table import sweeps_table
    from search.report.words import headline
    from search.sweep.reporting import list_sweeps

    sweeps = list_sweeps(home_folder())
    if json:
        keys = ("name", "state", "data", "recipe", "headline")
        rows = [
            (name, None, None, None, f"cannot be read: {r}")
            if isinstance(r, Exception)
            else (name, r.state, r.data["source"], r.settings.default_name, headline(r))
            for name, r in sweeps.items()
        ]
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif sweeps:
        print_view(sweeps_table(sweeps))
    else:
        tell("no sweeps here yet")


@app.command()
def spaces(
    name: Annotated[
        str | None, Argument(metavar="|".join(SPACES), help="Show this search space alone.")
    ] = None,
) -> None:
    """The guideline table with its levels, and the search spaces."""
    from search.report.guideline import guideline_view, space_view  # not needed for --help

    if name is None:
        print_view(guideline_view())
    elif name in SPACES:
        print_view(space_view(name, SPACES[name]))
    else:
        raise InputError("a search space", f"must be one of {', '.join(SPACES)}", name)


@app.command()
def export(
    name: Annotated[str, Argument(help="Name of the sweep.")],
    *,
    to: Annotated[str, Option("--to", metavar="DIR", help="A folder that is new or empty.")],
    json: Json = False,
) -> None:
    """Write the best recipe into a folder: trained model, preparation, and Keras code."""
    from search.main import export as export_best  # heavy: as for run

    with redirect_stdout(sys.stderr):
        folder = export_best(name, to, home=home_folder())
    if json:
        print_json({"folder": str(folder)})
    else:
        typer.echo(folder)


@app.command()
def sync(
    name: Annotated[str, Argument(help="Name of the sweep.")],
    *,
    tracking_uri: TrackingUri = None,
    json: Json = False,
) -> None:
    """Bring MLflow up to what is stored of a sweep."""
    from search.main import sync as sync_sweep  # heavy: MLflow, Optuna

    with redirect_stdout(sys.stderr):
        report = sync_sweep(name, home=home_folder(), tracking_uri=tracking_uri)
    identifiers = dict(report.mlflow or {})
    if json:
        print_json(identifiers)
    else:
        typer.echo("\n".join(f"{key} {value}" for key, value in identifiers.items()))


@app.command()
def predict(
    export: Annotated[str, Argument(help="Folder that a model was exported to.")],
    data: Annotated[str, Argument(help="CSV or Parquet file, or NPZ file with an array x.")],
    *,
    samples: Annotated[
        Text,
        Option(
            metavar="N",
            help="Predict each row so many times under dropout, and tell how unsure that is.",
        ),
    ] = None,
) -> None:
    """Predict new rows by an exported model: a line of CSV for each."""
    if samples is not None and not 0 < (int(samples) if samples.isdecimal() else 0) <= MOST_SAMPLES:
        raise InputError("--samples", f"must be a whole number from 1 to {MOST_SAMPLES:,}", samples)
    # Heavy: Keras. TensorFlow greets on standard error unless it is loaded there first.
    import_module("search.training.preload")
    from search.data import load_rows
    from search.predict import Exported

    with redirect_stdout(sys.stderr):
        exported, rows = Exported.read(Path(export)), load_rows(data)
        predictions = exported.predict(rows, None if samples is None else int(samples))
    predictions.write_csv(sys.stdout)


@app.command()
def ui(
    name: Annotated[str | None, Argument(help="Name of the sweep to open the page at.")] = None,
    *,
    port: Annotated[str, Option(metavar="N", help=f"Where the page is; by default {PORT}.")] = PORT,
    tracking_uri: TrackingUri = None,
) -> None:
    """MLflow's page, for this machine alone; of a server, the address of its own."""
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InputError("--port", f"must be a whole number from 1 to {2**16 - 1}", port)
    from search import tracking  # heavy: MLflow

    home = home_folder()
    where = tracking.EXPERIMENTS
    if name is not None:
        where = tracking.page_of_sweep(home, name, tracking_uri)
    server = tracking.page_of_server(home, tracking_uri)
    if server is not None:
        typer.echo(f"{server}/{where}")
        return
    home.mkdir(exist_ok=True)
    command = tracking.ui_command(home, tracking_uri, host=LOOPBACK, port=int(port))
    environment = tracking.ui_environment(home, tracking_uri)
    tell(f"http://{LOOPBACK}:{port}/{where}\nuntil it is interrupted")
    # In place of this process, so that signals reach the server.
    os.execve(command[0], command, environment)  # noqa: S606  # no shell is meant


def _open_page(name: str, page: str) -> None:
    """Keep the page, print where it is, and open it where there is a browser."""
    import webbrowser

    from search.sweep.folder import write_page  # heavy: what a sweep is made of

    path = write_page(home_folder(), name, page)
    typer.echo(path)
    webbrowser.open(path.as_uri())


def _fail(message: str, code: int) -> int:
    tell(f"error: {one_line(message)}")
    return code


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

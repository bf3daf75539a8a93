# ruff: noqa: PLC0415  # each command imports what it needs, so that `--help` need not wait
"""The command line of scheduled sweeps: `python -m search schedule ...`."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from search.config import Config
from search.errors import InputError, SearchError
from search.scheduler.clock import SystemClock
from search.scheduler.cron import Cron
from search.scheduler.ledger import Ledger
from search.scheduler.notice import Notice
from search.scheduler.process import Processes, hold_for_notices, holding
from search.scheduler.service import Service
from search.scheduler.slots import FIGURE, Schedule, Slot, folder_of, spoken
from search.scheduler.units import CRON_HINT, SYSTEMD_HINT, cron_line, printed, units
from search.terminal import Json, Text, home_folder, print_json, print_view, tell, watching

app = typer.Typer(name="schedule", add_completion=False)

Name = Annotated[str, Argument(help="Name of the schedule.")]
Lock = Annotated[int, Option("--lock", help="The open file with the lock.")]


@app.callback(invoke_without_command=True)
def show_help(context: typer.Context) -> None:
    """Sweeps that run by themselves, and tell when the answer changed."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def add(  # noqa: PLR0913  # each is a flag
    name: Name,
    *,
    cron: Annotated[str, Option(help="When: minute, hour, day, month, weekday; seconds sixth.")],
    config: Annotated[str, Option(metavar="FILE", help="The sweep file.")],
    timezone: Annotated[str, Option(help="In which the times are.")] = "UTC",
    overlap: Annotated[
        str, Option(metavar="skip|wait", help="Slots that come while a sweep runs.")
    ] = "skip",
    notify: Annotated[
        str, Option(metavar="A,B", help="Out of finish, failure, change.")
    ] = "failure,change",
    webhook: Annotated[Text, Option(metavar="URL", help="JSON is posted there.")] = None,
    command: Annotated[Text, Option(metavar="WORDS", help="Reads the same JSON.")] = None,
    secret_env: Annotated[
        Text, Option(metavar="VARIABLE", help="Holds the webhook's bearer token.")
    ] = None,
) -> None:
    """Add a schedule; `start` keeps it."""
    occasions: Any = tuple(filter(None, (word.strip() for word in notify.split(","))))
    notice = Notice(occasions=occasions, webhook=webhook, command=command, secret_env=secret_env)
    Config.read(config).settings({})
    place = str(Path(config).absolute())
    schedule = Schedule(
        name=name,
        cron=Cron(cron, timezone),
        config=place,
        overlap=overlap,  # type: ignore[arg-type]  # it checks
        notice=notice,
    )
    with Ledger(home_folder()) as ledger:
        ledger.add(schedule, SystemClock().now())
    tell(f"{name} fires next at {_next(schedule)}; `python -m search schedule start` keeps it")


@app.command("list")
def list_all(*, json: Json = False) -> None:
    """All schedules: the next slot, and what the last one found."""
    from search.report.schedules import schedules_table
    from search.scheduler.notify import found

    rows = []
    with Ledger(home_folder()) as ledger:
        for schedule in ledger.schedules():
            fired = [slot for slot in ledger.history(schedule.name) if slot.state != "skipped"]
            last = fired[-1] if fired else None
            rows.append(
                {
                    "name": schedule.name,
                    "cron": schedule.cron.expression,
                    "timezone": schedule.cron.timezone,
                    "paused": schedule.paused,
                    "config": schedule.config,
                    "next": _next(schedule),
                    "last": last and spoken(last.at),
                    "state": last and last.state,
                    "result": last and found(last),
                }
            )
    if json:
        print_json(rows)
    elif rows:
        print_view(schedules_table(rows))
    else:
        tell("no schedules here yet")


@app.command()
def pause(name: Name) -> None:
    """Skip the slots of a schedule from now on; a sweep that runs goes on."""
    _pause(name, paused=True)


@app.command()
def resume(name: Name) -> None:
    """Let a schedule go on."""
    _pause(name, paused=False)


@app.command()
def remove(name: Name) -> None:
    """Forget a schedule and its history; its sweeps stay."""
    import shutil

    with Ledger(home_folder()) as ledger:
        ledger.get(name)
        with holding(home_folder(), name):
            ledger.remove(name)
        shutil.rmtree(folder_of(home_folder(), name), ignore_errors=True)
    tell(f"{name} is removed; its sweeps stay")


@app.command("run-now")
def run_now(
    name: Name,
    *,
    force: Annotated[
        bool, Option("--force", help="Though the data is unchanged, or has other columns.")
    ] = False,
    json: Json = False,
) -> None:
    """Run the sweep of a schedule now, or go on with one that was interrupted."""
    clock = SystemClock()
    with Ledger(home_folder()) as ledger:
        ledger.get(name)
        with holding(home_folder(), name):
            slot = ledger.request(name, clock.now(), forced=force)
            tell(f"the sweep {slot.sweep}")
            ledger.begin(slot)
            ended = _fire(ledger, name)
        if ended is None:
            raise SearchError(f"the sweep {slot.sweep} is run by another process")
        _print_slot(ended, json=json)
        _deliver(ledger, name)  # may take minutes
    if ended.state == "failed":
        raise typer.Exit(SearchError.exit_code)


@app.command()
def history(name: Name, *, json: Json = False) -> None:
    """Every slot of a schedule: fired, caught up, or skipped and why."""
    from search.report.schedules import history_table
    from search.scheduler.change import false_alarms

    with Ledger(home_folder()) as ledger:
        schedule = ledger.get(name)
        rows = [_row(slot) for slot in ledger.history(name)]
    alarms = false_alarms(schedule.cron.period)
    if json:
        print_json({"name": name, "false_alarms": alarms, "slots": rows})
        return
    if rows:
        print_view(history_table(rows))
    else:
        tell("no slot was due yet")
    print_view(alarms)
    figure = folder_of(home_folder(), name) / FIGURE
    if figure.exists():
        tell(f"Every interval over these sweeps: {figure}")


@app.command()
def start(
    *,
    once: Annotated[bool, Option("--once", help="Do what is due and end; for a timer.")] = False,
) -> None:
    """Keep the schedules until interrupted. Sweeps run one at a time for each schedule."""
    with Ledger(home_folder()) as ledger:
        if not ledger.schedules():
            raise InputError("schedules", "must be added before they are kept", "none")
        if not once:
            names = ", ".join(schedule.name for schedule in ledger.schedules())
            tell(f"keeping {names} until interrupted; new schedules are seen")
        processes = Processes(ledger)
        service = Service(ledger, processes, SystemClock())
        try:
            service.run_once() if once else service.run()
        finally:
            processes.stop()


@app.command()
def unit(
    *,
    cron: Annotated[bool, Option("--cron", help="Print a line for crontab instead.")] = False,
) -> None:
    """Print systemd units that start the service, or look every minute; or a line for cron."""
    folder = home_folder().parent
    sys.stdout.write(cron_line(folder) if cron else printed(units(folder)))
    tell(f"\n{CRON_HINT if cron else SYSTEMD_HINT}")


@app.command(hidden=True)
def fire(name: Name, *, lock: Lock) -> None:
    """Work on the open slot of a schedule: what the service starts."""
    os.set_inheritable(lock, False)  # or what this starts would keep it
    with Ledger(home_folder()) as ledger:
        _fire(ledger, name)
        os.close(lock)
        _deliver(ledger, name)


@app.command(hidden=True)
def notify(name: Name, *, lock: Lock) -> None:
    """Tell of what is pending: what the service starts."""
    from search.scheduler.notify import deliver

    os.set_inheritable(lock, False)
    with Ledger(home_folder()) as ledger:
        deliver(ledger, name, SystemClock())


def _pause(name: str, *, paused: bool) -> None:
    with Ledger(home_folder()) as ledger:
        ledger.pause(name, SystemClock().now(), paused=paused)
        goes_on = f"fires next at {_next(ledger.get(name))}"
    tell(f"{name} {'skips its slots until it is resumed' if paused else goes_on}")


def _fire(ledger: Ledger, name: str) -> Slot | None:
    """Work on the open slot. What libraries print is for the log."""
    from search.main import run  # heavy: as for `run`
    from search.scheduler.fire import fire as fire_slot

    with watching() as listener:
        return fire_slot(ledger, name, SystemClock(), partial(run, listeners=[listener]))


def _print_slot(slot: Slot, *, json: bool) -> None:
    """Print what a slot came to, at once also where it is piped."""
    from search.report.schedules import history_table

    if json:
        print_json(_row(slot))
    else:
        print_view(history_table([_row(slot)]))
    sys.stdout.flush()


def _deliver(ledger: Ledger, name: str) -> None:
    """Tell of what is pending, unless another process does."""
    from search.scheduler.notify import deliver

    lock = hold_for_notices(home_folder(), name)
    if lock is not None:
        try:
            deliver(ledger, name, SystemClock())
        finally:
            os.close(lock)


def _next(schedule: Schedule) -> str | None:
    """When it fires next, in UTC."""
    slot = next(schedule.cron.after(SystemClock().now()), None)
    return None if slot is None else spoken(slot)


def _row(slot: Slot) -> dict[str, Any]:
    """A slot for people and programs."""
    from search.scheduler.change import Change
    from search.scheduler.notify import found

    result = slot.result or {}
    return {
        "slot": spoken(slot.at),
        "kind": slot.kind,
        "state": slot.state,
        "how": slot.how,
        "reason": slot.reason,
        "attempts": slot.attempts,
        "sweep": slot.sweep if slot.how else None,
        "changes": [str(Change.from_dict(change)) for change in result.get("changes", ())],
        "headline": result.get("headline"),
        "found": found(slot) if result else "",
        "champion": result.get("champion"),
        "notice": slot.notice,
    }

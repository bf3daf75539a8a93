"""What one slot does: sweep the data as it is now, and compare with what was known.

Everything here can be done again: the sweep goes on by its name, and the slot is closed once.
"""

import json
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from search.config import Config
from search.data import Dataset
from search.errors import InputError, SearchError, SweepHeldError, one_line
from search.main import code_of, dataset_of
from search.main import run as run_sweep
from search.report.documents import as_json
from search.report.figures.drift import drift_png
from search.report.words import finding
from search.scheduler.champion import Run, defend
from search.scheduler.change import Change, changes
from search.scheduler.clock import Clock
from search.scheduler.ledger import Ledger
from search.scheduler.slots import FIGURE, Schedule, Slot, State, folder_of
from search.settings import NOT_PART_OF_A_SWEEP, Settings
from search.tracking import redact, tag_sweep

_INTERCHANGEABLE = {"constant", "identifier"}
"""Kinds that a column of another kind may be for a while, by the values it happens to have."""


def fire(ledger: Ledger, name: str, clock: Clock, run: Run = run_sweep) -> Slot | None:
    """Work on the open slot of a schedule until it is closed; only for who holds its lock.

    Args:
        ledger: of the folder.
        name: of the schedule.
        clock: tells when the slot ended.
        run: runs a sweep, as `search.run` does.

    Returns:
        The slot as it was closed; None if none was open, or another process runs its sweep.

    Raises:
        KeyboardInterrupt: if asked to stop; the slot stays open.
    """
    schedule, slot = ledger.get(name), ledger.open_slot(name)
    if slot is None:
        return None
    state: State = "failed"
    result: dict[str, Any] | None = None
    try:
        state, reason, result = _sweep(ledger, schedule, slot, run)
    except KeyboardInterrupt:
        ledger.interrupt(slot)
        raise
    except SweepHeldError:
        ledger.interrupt(slot)  # a person runs it; it is tried again
        return None
    except SearchError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001  # whatever it is, the schedule goes on
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
    changed = bool(result and (result["changes"] or result["champion"]["is_new"]))
    notice = "pending" if schedule.notice.wants(state, changed=changed) else ""
    fields = {"reason": redact(one_line(reason)), "result": result, "notice": notice}
    ledger.end(slot, state, clock.now(), **fields)
    if result is not None:
        _show(ledger, slot, result)
    return next(found for found in ledger.history(name) if found.sweep == slot.sweep)


def settings_of(schedule: Schedule, slot: Slot) -> Settings:
    """What the sweep file asks for at a slot: its data by date, under the slot's name.

    Raises:
        InputError: naming the file and the key that breaks a rule.
    """
    settings = Config.read(schedule.config).settings({})
    local = slot.at.astimezone(ZoneInfo(schedule.cron.timezone))
    data = local.strftime(settings.data) if "%" in settings.data else settings.data
    return replace(settings, name=slot.sweep, data=data)


def _sweep(
    ledger: Ledger, schedule: Schedule, slot: Slot, run: Run
) -> tuple[State, str, dict[str, Any] | None]:
    """The state, the reason for it and what was found."""
    settings = settings_of(schedule, slot)
    dataset = dataset_of(settings)
    before = [each.result for each in ledger.done(schedule.name) if each.result]
    last = before[-1] if before else None
    title = last["champion"] if last else None
    known = None if slot.forced else last
    if known:
        _check_columns(known["columns"], columns_of(dataset), known["report"]["name"])
    asked = _asked(settings, dataset, ledger.home)
    if known and known["asked"] == asked:
        was = known["report"]
        if was["data"]["fingerprint"] == dataset.fingerprint:
            return "unchanged", f"the data is that of {was['name']}", None
    report = run(settings, home=ledger.home)
    document, earlier = _kept(report.to_dict()), [each["report"] for each in before]
    result = {
        "report": document,
        "headline": finding(report),
        "asked": asked,
        "columns": columns_of(dataset),
        "changes": [change.to_dict() for change in changes(earlier, document)],
        "champion": defend(title, report, settings, ledger.home, run),
    }
    with suppress(Exception):  # MLflow may be down; nothing is lost
        tag_sweep(report, _tags(schedule, slot, result), ledger.home, settings.tracking_uri)
    return "done", "", result


def columns_of(dataset: Dataset) -> dict[str, str]:
    """Column as read -> its kind; the target's is the task."""
    kinds = {column.name: column.kind for column in dataset.preparation.summary}
    return {**kinds, dataset.target_name: dataset.task}


def _check_columns(was: Mapping[str, str], now: Mapping[str, str], sweep: str) -> None:
    """Check that the columns are those of the last sweep.

    Raises:
        InputError: naming those that are new, gone or of another kind.
    """
    parts = [f"{name!r} is new" for name in now if name not in was]
    parts += [f"{name!r} is gone" for name in was if name not in now]
    parts += [
        f"{name!r} was {kind}, is {now[name]}"
        for name, kind in was.items()
        if name in now and kind != now[name] and not _INTERCHANGEABLE & {kind, now[name]}
    ]
    if parts:
        rule = f"must be those of {sweep}, or be taken with `run-now --force`"
        raise InputError("the columns of the data", rule, "; ".join(parts))


def _asked(settings: Settings, dataset: Dataset, home: Path) -> Any:
    """The settings but for what a slot brings with it, and the code and the space they name."""
    left_out = (*NOT_PART_OF_A_SWEEP, "data")
    fields = {key: x for key, x in settings.to_dict().items() if key not in left_out}
    asked = {"settings": fields, "code": code_of(settings, dataset, home)}
    return json.loads(json.dumps(asked))  # as the ledger has it: lists for tuples


def _kept(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of a report; the sweep's own folder has it all."""
    kept = ("level", "outcome", "difference", "low", "high", "new_rows")
    factors = [
        {
            **factor,
            "alternatives": [{k: found[k] for k in kept} for found in factor["alternatives"]],
        }
        for factor in report["factors"]
    ]
    whole = {key: report[key] for key in ("name", "state", "conditions", "data")}
    return {**whole, "factors": factors}


def _tags(schedule: Schedule, slot: Slot, result: Mapping[str, Any]) -> dict[str, str]:
    """What is said of the slot in MLflow."""
    told = "; ".join(str(Change.from_dict(change)) for change in result["changes"])
    return {
        "schedule": schedule.name,
        "slot": slot.at.isoformat(),
        "changes": str(len(result["changes"])),
        "changed": told,
    }


def _show(ledger: Ledger, slot: Slot, result: Mapping[str, Any]) -> None:
    """Draw the intervals of all sweeps, and keep the champion where a person finds it."""
    try:
        folder = folder_of(ledger.home, slot.schedule)
        folder.mkdir(exist_ok=True)
        (folder / "champion.json").write_text(as_json(result["champion"]))
        history = [
            (each.at, each.result["report"]) for each in ledger.done(slot.schedule) if each.result
        ]
        drawn = drift_png(history)
        if drawn is not None:
            (folder / FIGURE).write_bytes(drawn)
    except Exception:  # noqa: BLE001  # the slot is closed already, and a figure costs no sweep
        traceback.print_exc()

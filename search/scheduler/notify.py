"""Tell whoever wants to hear of it: a webhook, a command. The sweep does not wait for that.

What is to be told stands in the ledger as pending until it is told, once, or given up. A receiver
sees the same `id` if a process died between telling and noting that it had.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from search.errors import InputError, one_line
from search.scheduler.change import Change, false_alarms
from search.scheduler.clock import Clock
from search.scheduler.ledger import Ledger
from search.scheduler.notice import Notice, shown
from search.scheduler.slots import Schedule, Slot

PAUSES = (2.0, 10.0, 60.0, 300.0)
"""Seconds between one attempt and the next."""
TIMEOUT = 20.0
"""Seconds that a webhook has to answer in."""
COMMAND_TIMEOUT = 300.0
"""Seconds that a command has to end in."""


class _NoRedirects(HTTPRedirectHandler):
    """The token is for the address that was given, and for no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: it is an error."""


def deliver(
    ledger: Ledger, name: str, clock: Clock, *, pauses: Sequence[float] = PAUSES
) -> list[str]:
    """Tell of everything pending of a schedule; only for who holds the lock for it.

    Returns:
        What became of each: `sent`, or how it failed.
    """
    schedule, told = ledger.get(name), []
    for slot in ledger.pending(name):
        outcome = _tell(schedule, slot, clock, pauses)
        ledger.deliver(slot, outcome)
        told.append(outcome)
    return told


def message(schedule: Schedule, slot: Slot) -> dict[str, Any]:
    """What a webhook is posted and a command reads."""
    result, line = slot.result or {}, text(slot)
    alarms = false_alarms(schedule.cron.period) if result.get("changes") else None
    return {
        "id": slot.sweep,
        "schedule": slot.schedule,
        "slot": slot.at.isoformat(),
        "state": slot.state,
        "reason": slot.reason or None,
        "sweep": slot.sweep,
        "headline": result.get("headline"),
        "changes": [
            {**change, "text": str(Change.from_dict(change))}
            for change in result.get("changes", ())
        ],
        "champion": result.get("champion"),
        "false_alarms": alarms,
        "text": line if alarms is None else f"{line}. {alarms}",
        "occasions": list(schedule.notice.occasions),
    }


def text(slot: Slot) -> str:
    """The same in a line for a person."""
    return f"{slot.sweep}: {found(slot)}"


def found(slot: Slot) -> str:
    """What a slot came to: what changed or failed, or else what its sweep found."""
    result = slot.result or {}
    parts = [str(Change.from_dict(change)) for change in result.get("changes", ())]
    if result.get("champion", {}).get("is_new"):
        parts.append("a challenger has beaten the champion recipe")
    if slot.state == "failed":
        parts.append(f"failed: {slot.reason}")
    return "; ".join(parts) or result.get("headline") or slot.reason or slot.state


def _tell(schedule: Schedule, slot: Slot, clock: Clock, pauses: Sequence[float]) -> str:
    """Try, and try again; `sent`, or how the last attempt of each way that failed did."""
    notice = schedule.notice
    problems: dict[object, str] = {}
    ways = [way for way, given in ((_post, notice.webhook), (_run, notice.command)) if given]
    for pause in (0.0, *pauses):
        clock.sleep(pause)
        for way in list(ways):
            try:
                content = json.dumps(message(schedule, slot), ensure_ascii=False).encode()
                way(notice, slot, content)
            except InputError as error:  # it will be no better later
                problems[way] = str(error)
            except Exception as error:  # noqa: BLE001  # what is not given up stays pending for ever
                problems[way] = _without_secrets(error, way)
                continue
            else:
                problems.pop(way, None)
            ways.remove(way)
        if not ways:
            break
    return f"failed: {'; '.join(problems.values())}" if problems else "sent"


def _post(notice: Notice, slot: Slot, content: bytes) -> None:
    assert notice.webhook is not None
    address = _filled_in(notice.webhook)
    headers = {"Content-Type": "application/json", "Idempotency-Key": slot.sweep}
    if notice.secret_env is not None:
        headers["Authorization"] = f"Bearer {_variable(notice.secret_env)}"
    request = Request(address, content, headers, method="POST")  # noqa: S310  # checked below
    if request.type not in ("http", "https"):
        raise InputError(
            "--webhook", "must be an address with http or https", shown(notice.webhook)
        )
    with build_opener(_NoRedirects).open(request, timeout=TIMEOUT):
        pass


def _run(notice: Notice, slot: Slot, content: bytes) -> None:
    assert notice.command is not None
    told = {"SCHEDULE_SWEEP": slot.sweep, "SCHEDULE_STATE": slot.state}
    subprocess.run(  # noqa: S603  # what the person asked for, without a shell
        shlex.split(notice.command),
        input=content,
        env={**os.environ, **told},
        check=True,
        capture_output=True,
        timeout=COMMAND_TIMEOUT,
    )


def _without_secrets(error: Exception, way: object) -> str:
    """An error without the address or the command's words, either of which may hold a secret."""
    who = "the webhook" if way is _post else "the command"
    if isinstance(error, HTTPError):
        return f"{who} answered {error.code}"
    if isinstance(error, URLError):
        return one_line(f"{who}: {error.reason}")
    if isinstance(error, subprocess.CalledProcessError):
        return f"{who} ended with {error.returncode}"
    if isinstance(error, OSError):
        return one_line(f"{who}: {error.strerror or type(error).__name__}")
    return f"{who}: {type(error).__name__}"


def _filled_in(webhook: str) -> str:
    """The address with its variables' values."""
    address = os.path.expandvars(webhook)
    if "$" in address:
        rule = "must name variables that are set where the service runs"
        raise InputError("--webhook", rule, shown(webhook))
    return address


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise InputError(
            "--secret-env", "must name a variable that is set where the service runs", name
        )
    return value

"""Who is told, and what becomes of a notice that cannot be delivered."""

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

from search.scheduler.notice import Notice
from search.scheduler.notify import deliver
from tests.scheduler.conftest import NOT_HTTP, Days


@pytest.mark.parametrize(
    ("receiver", "code", "expected"),
    [
        ("{address}", 500, "answered 500"),
        ("{address}", 302, "answered 302"),
        ("{address}", NOT_HTTP, "BadStatusLine"),
        ("{address} 2", 500, "InvalidURL"),
        ("http://127.0.0.1:1/services/T0/secret", 500, "refused"),
    ],
)
def test_a_receiver_that_fails_is_given_up_without_naming_secrets(
    days: Days,
    server: tuple[str, list[dict[str, Any]], list[int]],
    *,
    receiver: str,
    code: int,
    expected: str,
) -> None:
    address, heard, codes = server
    codes += [code] * 9
    address = receiver.format(address=address)
    days.ledger.remove("hourly")
    days.add(notice=Notice(occasions=("failure",), webhook=address))
    days.fire(0)  # there is no data
    (outcome,) = deliver(days.ledger, "hourly", days.clock)
    assert outcome.startswith("failed: the webhook")
    assert expected in outcome
    assert "secret" not in outcome
    assert not heard
    assert deliver(days.ledger, "hourly", days.clock) == []


def test_what_cannot_be_put_into_words_is_given_up(days: Days) -> None:
    days.ledger.remove("hourly")
    days.add(notice=Notice(occasions=("change",), command="true"))
    slot = days.ledger.request("hourly", days.clock.time, forced=False)
    result = {"changes": [{"written": "by another version"}]}
    days.ledger.end(slot, "done", days.clock.time, result=result, notice="pending")
    assert deliver(days.ledger, "hourly", days.clock)[0].startswith("failed: ")
    assert deliver(days.ledger, "hourly", days.clock) == []


def test_a_command_reads_the_message(days: Days) -> None:
    told = days.folder / "told.json"
    program = f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read())"
    days.ledger.remove("hourly")
    command = f'{sys.executable} -c "{program}"'
    days.add(notice=Notice(occasions=("finish",), command=command))
    days.fire(0)
    assert deliver(days.ledger, "hourly", days.clock) == ["sent"]
    assert json.loads(told.read_text())["state"] == "failed"


def test_who_dies_after_telling_is_followed_by_one_who_tells_the_same_id_once(days: Days) -> None:
    told, script = days.folder / "told.jsonl", days.folder / "tell.sh"
    # The first of them is killed by whom it tells, before it can note that.
    kill = "[ $(wc -l < told.jsonl) -gt 1 ] || kill -9 $PPID"
    script.write_text(f"cd {days.folder}; cat >> told.jsonl; echo >> told.jsonl; {kill}")
    days.ledger.remove("hourly")
    days.add(notice=Notice(occasions=("failure",), command=f"sh {script}"))
    slot = days.fire(0)  # there is no data
    program = f"""
from pathlib import Path
from search.scheduler.clock import SystemClock
from search.scheduler.ledger import Ledger
from search.scheduler.notify import deliver
with Ledger(Path({str(days.ledger.home)!r})) as ledger:
    deliver(ledger, "hourly", SystemClock())
"""
    died = subprocess.run([sys.executable, "-c", program], check=False)
    assert died.returncode == -signal.SIGKILL
    assert deliver(days.ledger, "hourly", days.clock) == ["sent"]
    assert deliver(days.ledger, "hourly", days.clock) == []
    assert [json.loads(line)["id"] for line in told.read_text().splitlines()] == [slot.sweep] * 2


def test_a_variable_that_is_not_set_is_said_not_tried_again_and_costs_no_other(days: Days) -> None:
    told = days.folder / "told"
    days.ledger.remove("hourly")
    notice = Notice(occasions=("failure",), webhook="$NO_SUCH_HOOK", command=f"touch {told}")
    days.add(notice=notice)
    days.fire(0)
    before = days.clock.time
    (outcome,) = deliver(days.ledger, "hourly", days.clock)
    assert outcome.startswith("failed: --webhook must name variables that are set")
    assert days.clock.time == before
    assert told.exists()

"""From the data of a slot to the answer that changed and the webhook that heard of it."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.data.sources import load_table
from search.data.splits import confirm_rows
from search.defaults import CONFIRM_SHARE
from search.main import dataset_of, load
from search.scheduler.champion import OWN_NETWORK, defend
from search.scheduler.fire import fire
from search.scheduler.ledger import Ledger
from search.scheduler.notice import Notice
from search.scheduler.notify import deliver
from search.scheduler.slots import FIGURE, Slot, folder_of
from search.settings import Settings
from search.sweep.arms import Arm
from search.sweep.records import SweepReport
from search.sweep.run import open_sweep
from spaces import Recipe
from tests.scheduler.conftest import START, SimulatedClock, schedule
from tests.sweep.conftest import FakeTrain

FLIPS = START + timedelta(days=3)
"""From then on another activation is best."""
FILE = """
data = "data/%Y-%m-%d.csv"
target = "y"
factors = ["activation"]
pilot_trials = 4
lanes = 1
replicates = 16
"""
SPACE = """
[learning_rate]
low = 0.001
high = {largest}
log = true
"""
NETWORK = """
def make(layers, inputs, outputs):
    return outputs(layers.dense(4)(inputs))  # the {name} of two
"""
NOT_HTTP = 0
"""A code for an answer in another protocol."""


class Days:
    """A schedule over files by date, its sweeps trained by a seeded stand-in."""

    def __init__(self, folder: Path, ledger: Ledger, clock: SimulatedClock) -> None:
        self.folder, self.ledger, self.clock = folder, ledger, clock
        (folder / "data").mkdir()
        (folder / "sweep.toml").write_text(FILE)
        ledger.remove("hourly")

    def settings(self, text: str) -> None:
        """Write these lines instead of those that name the factors."""
        (self.folder / "sweep.toml").write_text(FILE.replace('factors = ["activation"]', text))

    def add(self, **fields: Any) -> None:
        config = str(self.folder / "sweep.toml")
        self.ledger.add(schedule("0 2 * * *", **{"config": config, **fields}), START)

    def write(self, day: int, **columns: Sequence[object]) -> None:
        """The data of a day, by default with other rows than any other."""
        rng = np.random.default_rng(day)
        a, b = rng.normal(size=(2, 600)).round(4).tolist()
        table = {"a": a, "b": b, "y": rng.choice(["no", "yes"], 600), **columns}
        lines = [
            ",".join(table),
            *(",".join(map(str, row)) for row in zip(*table.values(), strict=True)),
        ]
        self.path(day).write_text("\n".join(lines))

    def path(self, day: int) -> Path:
        return self.folder / "data" / f"{START + timedelta(days=day):%Y-%m-%d}.csv"

    def fire(self, day: int, *, forced: bool = False) -> Slot:
        """What the slot of a day came to."""
        self.clock.time = START + timedelta(days=day, hours=2)
        self.ledger.account(self.ledger.get("hourly"), self.clock.time)
        if forced:
            self.ledger.request("hourly", self.clock.time, forced=True)
        slot = fire(self.ledger, "hourly", self.clock, self.run)
        assert slot is not None
        return slot

    def run(self, settings: Settings, *, home: Path, arms: Sequence[Arm] = ()) -> SweepReport:
        dataset = dataset_of(settings)
        best = "relu" if self.clock.time >= FLIPS else "swish"

        def effect(recipe: Recipe) -> float:
            return {best: 0.0, "elu": 0.3}.get(recipe.activation, 0.6)

        train = FakeTrain(np.concatenate([dataset.y, dataset.y_confirm]), effect)
        with open_sweep(settings, dataset, home, arms=arms) as sweep:
            sweep.run(train)
            return sweep.report()


@pytest.fixture
def days(tmp_path: Path, ledger: Ledger, clock: SimulatedClock) -> Days:
    days = Days(tmp_path, ledger, clock)
    days.add()
    return days


@pytest.fixture
def server(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """An address, what was posted there, and the codes it answers before it answers 200."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    heard: list[dict[str, Any]] = []
    codes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            code = codes.pop(0) if codes else 200
            if code == 200:
                heard.append({**content, "token": self.headers["Authorization"]})
            if code == NOT_HTTP:
                self.wfile.write(b"220 ready\r\n")
                return
            self.send_response(code)
            self.send_header("Location", "/elsewhere")  # of a 302
            self.end_headers()

        def log_message(self, *_: Any, **__: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/services/T0/secret", heard, codes
        http.shutdown()
        thread.join()


def test_a_planted_flip_is_reported_once_and_the_champion_loses_its_title(
    days: Days, server: tuple[str, list[dict[str, Any]], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, heard, codes = server
    monkeypatch.setenv("HOOK_TOKEN", "s3cret")
    codes += [503, 500]
    days.ledger.remove("hourly")
    days.add(notice=Notice(occasions=("change",), webhook=address, secret_env="HOOK_TOKEN"))
    slots = []
    for day in range(5):
        days.write(day)
        slots.append(days.fire(day))
        deliver(days.ledger, "hourly", days.clock)
        deliver(days.ledger, "hourly", days.clock)
    assert [slot.state for slot in slots] == ["done"] * 5
    found = [slot.result or {} for slot in slots]
    changed = [{change["level"] for change in result["changes"]} for result in found]
    assert changed == [set(), set(), set(), {"relu", "swish"}, set()]
    champions = [result["champion"]["recipe"]["activation"] for result in found]
    assert champions == ["swish", "swish", "swish", "relu", "relu"]
    assert [result["champion"]["is_new"] for result in found] == [False, False, False, True, False]
    (message,) = heard
    assert message["id"] == slots[3].sweep == "hourly-20260104T0200Z"
    assert message["token"] == "Bearer s3cret"
    assert message["headline"] == found[3]["headline"]
    assert "activation elu is beaten by relu" in message["headline"]
    now = {change["level"]: change["now"] for change in message["changes"]}
    assert now == {"swish": "worse", "relu": "beats_default"}
    assert "of 365 sweeps a year at most 18.3" in message["false_alarms"]
    assert message["text"].endswith(message["false_alarms"])
    told = [slot.notice for slot in days.ledger.history("hourly")]
    assert told == ["", "", "", "sent", ""]
    assert (folder_of(days.ledger.home, "hourly") / FIGURE).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "search", ["", 'sampler = "random"\npruner = "median"\nprior = "low"\nuntil = "flat"\n']
)
def test_what_a_search_found_is_no_change_but_may_take_the_title(days: Days, search: str) -> None:
    days.settings(f'factors = ["none"]\ntrials = 24\nepochs = 3\n{search}')
    for day in (0, 3):
        days.write(day)
    first, second = ((days.fire(day).result or {}) for day in (0, 3))
    found = [result["champion"]["recipe"]["activation"] for result in (first, second)]
    assert found == ["swish", "relu"]
    assert second["champion"]["is_new"]
    assert second["changes"] == []
    duel = load(f"{second['report']['name']}-duel", home=days.ledger.home)
    assert {record.phase for record in duel.records} == {"pilot", "confirm", "final"}


@pytest.mark.parametrize("own", [Settings(model="n.py:make"), Settings(hypermodel="n.py:make")])
def test_networks_of_a_persons_own_hold_no_duel_and_it_is_said(days: Days, own: Settings) -> None:
    def run(settings: Settings, *, home: Path, arms: Sequence[Arm] = ()) -> SweepReport:
        raise AssertionError((settings, home, arms))

    days.write(0)
    days.fire(0)
    (slot,) = days.ledger.done("hourly")
    assert slot.result is not None
    best = load(slot.sweep, home=days.ledger.home)
    champion = Recipe.from_dict(slot.result["champion"]["recipe"]).replace(activation="elu")
    title = {"recipe": champion.to_dict(), "since": "before"}
    kept = defend(title, best, own, days.ledger.home, run)
    assert kept == {**title, "is_new": False, "outcome": None, "note": OWN_NETWORK}


def test_confirm_rows_stay_confirm_rows_as_the_data_grows(days: Days) -> None:
    numbers = np.random.default_rng(0).normal(size=(2, 800)).round(4).tolist()
    y = ["no", "yes"] * 400
    masks = []
    for day, n in ((0, 600), (1, 800)):
        days.write(day, a=numbers[0][:n], b=numbers[1][:n], y=y[:n])
        slot = days.fire(day)
        mask = confirm_rows(load_table(str(days.path(day)), target="y"), CONFIRM_SHARE)
        assert (slot.result or {})["report"]["data"]["n_confirm"] == mask.sum()
        masks.append(mask)
    few, many = masks
    assert (many[:600] == few).all()
    assert many.sum() > few.sum() > 0


def test_unchanged_data_is_skipped_unless_forced(days: Days) -> None:
    days.write(0)
    days.write(1)
    days.write(2)
    days.path(1).write_bytes(days.path(0).read_bytes())
    first, second = days.fire(0), days.fire(1)
    assert (second.state, second.reason) == ("unchanged", f"the data is that of {first.sweep}")
    assert days.fire(1, forced=True).state == "done"
    assert days.fire(2).state == "done"


def test_another_space_in_the_same_file_is_swept_on_unchanged_data(days: Days) -> None:
    days.settings('factors = ["none"]\ntrials = 4\nepochs = 3\nspace = "space.toml"')
    states = []
    for day, largest in enumerate((0.1, 0.1, 0.2)):
        (days.folder / "space.toml").write_text(SPACE.format(largest=largest))
        days.write(0)
        days.path(day).write_bytes(days.path(0).read_bytes())
        states.append(days.fire(day).state)
    assert states == ["done", "unchanged", "done"]


def test_another_network_in_the_same_file_is_swept_on_unchanged_data(days: Days) -> None:
    days.settings(f'factors = ["activation"]\nmodel = "{days.folder}/net.py:make"')
    states = []
    for day, name in enumerate(("first", "first", "last")):
        (days.folder / "net.py").write_text(NETWORK.format(name=name))
        days.write(0)
        days.path(day).write_bytes(days.path(0).read_bytes())
        states.append(days.fire(day).state)
    assert states == ["done", "unchanged", "done"]


def test_other_columns_are_an_error_that_names_them(days: Days) -> None:
    days.write(0)
    days.write(1, b=["x", "y"] * 300, c=list(range(600)))
    assert days.fire(0).state == "done"
    failed = days.fire(1)
    assert failed.state == "failed"
    assert "'c' is new; 'b' was number, is category" in failed.reason
    assert days.fire(1, forced=True).state == "done"


def test_data_that_is_not_there_fails_the_slot_and_not_the_schedule(days: Days) -> None:
    days.write(1)
    missing = days.fire(0)
    assert missing.state == "failed"
    assert "2026-01-01.csv" in missing.reason
    assert days.fire(1).state == "done"


def test_an_interrupted_slot_stays_open_and_its_sweep_goes_on(days: Days) -> None:
    days.write(0)
    trained: list[int] = []

    def interrupted(settings: Settings, *, home: Path, arms: Sequence[Arm] = ()) -> SweepReport:
        dataset = dataset_of(settings)
        train = FakeTrain(np.concatenate([dataset.y, dataset.y_confirm]), stop_after=30)
        with open_sweep(settings, dataset, home, arms=arms) as sweep:
            try:
                sweep.run(train)
            finally:
                trained.append(len(sweep.store.all_records()))
            return sweep.report()

    days.clock.time = START + timedelta(hours=2)
    days.ledger.account(days.ledger.get("hourly"), days.clock.time)
    with pytest.raises(KeyboardInterrupt):
        fire(days.ledger, "hourly", days.clock, interrupted)
    slot = days.ledger.open_slot("hourly")
    assert slot is not None
    assert trained == [30]
    ended = days.fire(0)
    assert (ended.sweep, ended.state) == (slot.sweep, "done")


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

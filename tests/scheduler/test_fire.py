"""From the data of a slot to the answer that changed and the champion that lost its title."""

from collections.abc import Sequence
from datetime import timedelta
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
from search.scheduler.notice import Notice
from search.scheduler.notify import deliver
from search.scheduler.slots import FIGURE, folder_of
from search.settings import Settings
from search.sweep.arms import Arm
from search.sweep.records import SweepReport
from search.sweep.run import open_sweep
from spaces import Recipe
from tests.scheduler.conftest import START, Days
from tests.sweep.conftest import FakeTrain

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

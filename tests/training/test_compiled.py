"""Programs on disk: they spare compiling and change nothing."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from search.rows import TrainingData
from search.training import Ending, Member, Result
from search.training.dispatch import Workers
from spaces import SHALLOW
from tests.training.processes import kill_all, trained_by
from tests.training.reference import identical, varied

SMALL = SHALLOW.replace(width=8, batch_size=16, epochs=3)
MEMBERS = [*varied(SMALL, 3), *varied(SMALL.replace(normalization="batch"), 2)]


def trained_anew(members: list[Member], data: TrainingData, cache: Path) -> list[Result]:
    """What a worker makes of them that has compiled nothing yet."""
    with Workers(1, cache=cache) as single:
        return trained_by(single, members, data)


def files(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def test_the_next_worker_loads_what_one_has_compiled(data: TrainingData, tmp_path: Path) -> None:
    """Whatever it trained before."""
    compiled = trained_anew(MEMBERS, data, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in files(tmp_path)}
    assert len(before) == 2
    loaded = trained_anew(MEMBERS[::-1], data, tmp_path)[::-1]
    assert {path: path.stat().st_mtime_ns for path in files(tmp_path)} == before
    assert all(map(identical, compiled, loaded))
    spent, spared = (sum(x.compile_seconds for x in each) for each in (compiled, loaded))
    assert spared < spent


def test_the_death_of_a_worker_at_work_empties_the_cache(
    data: TrainingData, tmp_path: Path
) -> None:
    """A damaged program may be why."""
    trained_anew(MEMBERS, data, tmp_path)
    long = SMALL.replace(epochs=400, lr_schedule="constant", regularization="none")
    with Workers(1, cache=tmp_path) as single:
        results = single.train([*varied(SMALL, 1), *varied(long, 2)], data)
        next(results)
        kill_all()
        assert len(dict(results)) == 2
    assert files(tmp_path) == []
    trained_anew(MEMBERS, data, tmp_path)
    assert len(files(tmp_path)) == 2


def garbled(content: bytes) -> bytes:
    rng = random.Random(0)
    wrong = {rng.randrange(len(content)) for _ in range(300)}
    return bytes(byte ^ 0xFF if i in wrong else byte for i, byte in enumerate(content))


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda content: content[:500], garbled],
    ids=["empty", "cut", "garbled"],
)
def test_damaged_programs_fail_no_training(
    damage: Callable[[bytes], bytes], data: TrainingData, tmp_path: Path
) -> None:
    members = MEMBERS[:3]
    expected = trained_anew(members, data, tmp_path)
    for path in files(tmp_path):
        path.write_bytes(damage(path.read_bytes()))
    results = trained_anew(members, data, tmp_path)
    assert {result.curve.ending for result in results} == {Ending.COMPLETED}
    assert all(map(identical, results, expected))

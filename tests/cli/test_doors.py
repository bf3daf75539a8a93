"""Bad input at every door ends in one line, with exit code 2 and nothing written."""

import os
from pathlib import Path

import pytest

from search.cli import main
from tests.cli import bad_data, bad_settings
from tests.cli.bad_settings import Bad

ONE_TERABYTE = 10**12
BAD = {
    f"{name.removeprefix('of_')}-{i}": bad
    for module in (bad_settings, bad_data)
    for name, found in vars(module).items()
    if name.startswith("of_")
    for i, bad in enumerate(found())
}


def tree(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def put(folder: Path, bad: Bad) -> None:
    for name, content in bad.files.items():
        path = folder / name
        if content is None:
            path.mkdir()
        elif content == b"1 TB":
            path.touch()
            os.truncate(path, ONE_TERABYTE)  # a hole: it takes no room
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)


def test_there_are_hundreds() -> None:
    assert len(BAD) > 200
    assert len(
        {(bad.arguments, str(bad.files), str(bad.environment)) for bad in BAD.values()}
    ) == len(BAD)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_ends_in_one_line_with_nothing_written(
    bad: Bad,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(tmp_path, bad)
    before = tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name, value in bad.environment.items():
        monkeypatch.setenv(name, value)
    words = bad.arguments.split("\0" if "\0" in bad.arguments else " ")
    code = main(words)
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {bad.said}")
    assert err.endswith("\n")
    assert err[:-1].isprintable()
    assert len(err) < 1000
    assert tree(tmp_path) == before

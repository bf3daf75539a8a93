"""Whatever stands in a sweep file: settings, or one line that says what is wrong."""

import contextlib
import io
import json
import os
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings

from search.cli import main
from search.config import Config
from search.errors import InputError
from search.settings import Settings
from tests.toml import sweep_files


def refuses_or_reads(content: bytes) -> None:
    """What is read survives JSON; what is not is refused in a line that can be printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s.toml")
        path.write_bytes(content)
        try:
            found = Config.read(str(path)).settings({})
        except InputError as error:
            said, found = str(error), None
    if found is None:
        assert re.fullmatch(r".* must .*; received .*", said)
        assert said.isprintable()
        return
    written = json.dumps(found.to_dict(), allow_nan=False)
    assert Settings.from_dict(json.loads(written)) == found


def ends_in_a_line(content: bytes) -> None:
    """The command line, too; data that is not there ends it where the settings are good."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()) as err:
        os.chdir(folder)
        try:
            Path("s.toml").write_bytes(content)
            code = main(["run", "--config", "s.toml", "--data", "no.csv", "--target", "y"])
            assert list(Path().iterdir()) == [Path("s.toml")]
        finally:
            os.chdir(before)
    assert code == 2
    assert err.getvalue().startswith("error: ")
    assert err.getvalue().endswith("\n")
    assert err.getvalue()[:-1].isprintable()


@settings(max_examples=400)
@given(sweep_files)
def test_a_sweep_file_is_read_or_refused_in_one_line(content: bytes) -> None:
    refuses_or_reads(content)


@settings(max_examples=60)
@given(sweep_files)
def test_the_command_line_ends_in_one_line(content: bytes) -> None:
    ends_in_a_line(content)

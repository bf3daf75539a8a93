from pathlib import Path

import pytest

from search.errors import InputError
from search.named import Named


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    (tmp_path / "beside.py").write_text("VALUE = 7\n")
    (tmp_path / "mine.py").write_text("import beside\n\nvalue = beside.VALUE\n")
    return tmp_path


@pytest.mark.parametrize("text", ["mine.py:value", "mine:value"])
def test_a_file_and_a_module_are_found_in_the_working_directory(text: str, folder: Path) -> None:
    """And so is what they import."""
    named = Named.find("--model", text)
    assert (named.path, named.load()) == (folder / "mine.py", 7)
    assert Named.find("--model", text) == named


def test_a_module_of_the_path_is_found() -> None:
    assert Named.find("--model", "json:loads").load()("[1]") == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mine.py", "--model must be module:name or file.py:name; received mine.py"),
        (":value", "must be module:name or file.py:name"),
        ("mine.py:a b", "must be module:name or file.py:name"),
        ("none.py:value", r"must be in a file that can be read: .*none.py; received No such file"),
        ("none:value", "must name a Python file or a module, here or on the path"),
        ("none.inner:value", "must name a module that can be found; received ModuleNotFoundError"),
        ("sys:value", "must name a Python file or a module"),
    ],
)
def test_what_is_not_there_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Named.find("--model", text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("other = 1", "must name what can be loaded; received AttributeError: .* 'value'"),
        ("value = 1 / 0", "received ZeroDivisionError: division by zero"),
        ("value = (", "received SyntaxError"),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_its_error(
    content: str, message: str, folder: Path
) -> None:
    (folder / "broken.py").write_text(content)
    named = Named.find("--model", "broken.py:value")
    with pytest.raises(InputError, match=message):
        named.load()


def test_what_changed_since_it_was_found_is_not_loaded(folder: Path) -> None:
    named = Named.find("--model", "mine.py:value")
    (folder / "mine.py").write_text("value = 8\n")
    with pytest.raises(InputError, match=r"must stay as it was, [0-9a-f]{16}, while it is used"):
        named.load()
    (folder / "mine.py").unlink()
    with pytest.raises(InputError, match="received No such file"):
        named.check_unchanged()

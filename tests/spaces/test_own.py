"""Spaces from Python, and the page on spaces of one's own."""

import re
from pathlib import Path
from typing import Any

import pytest

from spaces import (
    DEEP,
    SHALLOW,
    Choice,
    Recipe,
    Space,
    check_extends,
    edges,
    load_space,
)

PAGE = (Path(__file__).parents[2] / "search" / "docs" / "spaces.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


PYTHON = """
import dataclasses
from spaces import Choice, Int, Space

SPACE = Space({"width": Choice((10, 20))})
BAD = Space({"wdth": Choice((10, 20))})
number = 3

def around(base):
    return Space({"depth": Int(1, 2 * base.depth, default=base.depth)})

def broken(base):
    return 1 / 0
"""


def in_python(folder: Path, text: str, name: str, base: Recipe = SHALLOW) -> Space:
    file = folder / "mine.py"
    file.write_text(text)
    return load_space(f"{file}:{name}", base)


def test_a_space_may_come_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_python(tmp_path, PYTHON, "SPACE") == Space({"width": Choice((10, 20))})
    assert in_python(tmp_path, PYTHON, "around", DEEP).defaults() == {"depth": DEEP.depth}
    (tmp_path / "my_own_space.py").write_text(PYTHON)
    monkeypatch.syspath_prepend(tmp_path)
    assert load_space("my_own_space:SPACE", SHALLOW) == in_python(tmp_path, PYTHON, "SPACE")


@pytest.mark.parametrize("source", ["inner/file_of_mine.py:SPACE", "module_of_mine:SPACE"])
def test_python_may_import_what_is_beside_it(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module is in the working directory, which the console script has not on its path."""
    path = tmp_path / source.partition(":")[0]
    path.parent.mkdir(exist_ok=True)
    beside = f"beside_{path.stem}"
    path.with_name(f"{beside}.py").write_text("WIDTHS = 10, 20\n")
    text = f"from {beside} import WIDTHS\nfrom spaces import Choice, Space\n"
    path.with_suffix(".py").write_text(f'{text}SPACE = Space({{"width": Choice(WIDTHS)}})\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    assert load_space(source, SHALLOW) == Space({"width": Choice((10, 20))})


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (PYTHON, "SPAC", "mine.py:SPAC must be one of the names dataclasses, Choice, Int, Space,"),
        (PYTHON, "number", "mine.py:number must be a Space or return one; received int"),
        (PYTHON, "BAD", "mine.py:BAD: a parameter must be a recipe field; did you mean width?"),
        (
            PYTHON,
            "broken",
            (
                "mine.py:broken must return a space when called with a recipe; "
                "received ZeroDivisionError: division by zero"
            ),
        ),
        ("1 / 0", "SPACE", "mine.py must be Python that runs; received ZeroDivisionError: div"),
        (
            "raise SystemExit(3)",
            "SPACE",
            "mine.py must be Python that runs; received SystemExit: 3",
        ),
        ("def", "SPACE", "mine.py must be Python that runs; received SyntaxError: invalid syntax"),
    ],
)
def test_python_that_has_no_such_space_is_refused(
    tmp_path: Path, text: str, name: str, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path}/{message}")):
        in_python(tmp_path, text, name)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "nowhere.toml",
            "nowhere.toml must be a readable file; received No such file or directory",
        ),
        (".toml", ".toml must be a readable file; received No such file or directory"),
        ("nowhere.py:SPACE", "nowhere.py must be Python that runs; received FileNotFoundError: "),
        (
            "nowhere.at_all:SPACE",
            (
                "nowhere.at_all must be Python that runs; received ModuleNotFoundError: "
                "No module named 'nowhere'"
            ),
        ),
        ("", "a space of one's own must be FILE.toml, FILE.py:NAME or MODULE:NAME; received ''"),
        ("deep", "a space of one's own must be FILE.toml, FILE.py:NAME or MODULE:NAME; received"),
        (":SPACE", "a space of one's own must be FILE.toml, FILE.py:NAME or MODULE:NAME; received"),
        (
            "spaces:",
            "a space of one's own must be FILE.toml, FILE.py:NAME or MODULE:NAME; received",
        ),
    ],
)
def test_what_is_not_there_is_refused(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        load_space(source, SHALLOW)


def test_the_page_keeps_its_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (_, toml), (_, narrow), (_, code) = BLOCKS
    Path("space.toml").write_text(toml)
    Path("narrow.py").write_text(narrow)
    names: dict[str, Any] = {}
    exec(code, names)  # the page's own
    space, recipe = names["space"], names["recipe"]
    assert (recipe.activation, recipe.learning_rate, recipe.normalization) == ("gelu", 0.1, "batch")
    assert names["narrow"].domains["width"] == Choice((DEEP.width, DEEP.width // 2))

    best = {**space.defaults(), "nag.learning_rate": 0.98, "depth": 4, "width": 300}
    (edge,) = edges(space, best)
    assert f"    {edge}\n" in PAGE
    Path("space.toml").write_text(toml.replace('"adamw"', '"sgd"'))
    with pytest.raises(ValueError, match="adamw") as caught:
        check_extends(space, load_space("space.toml", DEEP))
    assert f"    {caught.value}\n" in PAGE

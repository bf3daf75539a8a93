import dataclasses
import json
import re
from html import unescape

import pytest
from matplotlib import style

from search.report.documents import as_json, documents
from search.report.figures import FIGURES
from search.report.markdown import verdict_markdown
from search.report.words import conditions, headline
from search.settings import Settings
from tests.reports import mixed, report
from tests.studies import studied


def text(content: str | bytes) -> str:
    assert isinstance(content, str)
    return content


def test_a_sweep_has_documents_that_agree() -> None:
    shown = report(settings=Settings(name="mine", seed=3))
    found = documents(shown)
    names = ["verdict.md", "verdict.json", "settings.json", "columns.json", "report.html"]
    assert list(found)[:5] == names
    assert json.loads(found["columns.json"]) == shown.data["columns"]
    assert "columns" not in json.loads(found["verdict.json"])["data"]
    assert json.loads(found["verdict.json"]) == json.loads(json.dumps(shown.to_dict()))
    assert Settings.from_dict(json.loads(found["settings.json"])) == shown.settings
    assert text(found["verdict.md"]).startswith("# mine\n")
    assert headline(shown) in unescape(text(found["report.html"]))


def test_every_figure_of_the_page_is_a_picture_too() -> None:
    shown = studied(report())
    found = documents(shown)
    pictures = {name for name in found if name.startswith("figures/")}
    assert pictures == {f"figures/{name}.png" for name in FIGURES if name != "search"}
    for name in pictures:
        picture = found[name]
        assert isinstance(picture, bytes)
        assert picture.startswith(b"\x89PNG")
        section = name.removeprefix("figures/").removesuffix(".png")
        assert f'<section id="{section}">' in text(found["report.html"])


def test_documents_before_the_first_look_are_strict_json() -> None:
    verdicts = json.loads(documents(report(mixed(replicates=0)))["verdict.json"])
    assert verdicts["factors"][0]["alternatives"][0]["low"] is None


def test_json_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json({"value": float("nan")})


def test_markdown_has_all_that_the_terminal_shows() -> None:
    shown = report(notes=("activation=selu: the best rates are the highest",))
    found = verdict_markdown(shown)
    for part in (headline(shown), *conditions(shown).values(), *shown.notes):
        assert part in found
    for factor in shown.factors:
        for comparison in factor.comparisons:
            assert f"| {factor.factor} | {factor.default} | {comparison.level}" in found


def test_markdown_has_a_section_for_each_depth() -> None:
    parts = tuple(dataclasses.replace(f, depth=d) for d in (2, 20) for f in mixed())
    text = verdict_markdown(report(parts, settings=Settings(depth=(2, 20))))
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    assert titles[:2] == ["## 2 hidden layers", "## 20 hidden layers"]
    layers = "All alternatives at {} hidden layers"
    assert titles[-2:] == [f"## {layers.format(2)}", f"## {layers.format(20)}"]


def test_markdown_tables_have_the_same_columns_in_every_row() -> None:
    shown = report(notes=("a column called | is left out",))
    found = verdict_markdown(shown)
    rows = [line for line in found.splitlines() if line.startswith("|")]
    counts = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert set(counts) == {9, 12}
    assert counts == sorted(counts)
    assert r"a column called \| is left out" in found


def test_the_style_that_another_library_set_changes_nothing() -> None:
    """Optuna's own plots, for one, leave theirs behind."""
    shown = studied(report())
    plain = documents(shown)
    with style.context("ggplot"):
        assert documents(shown) == plain

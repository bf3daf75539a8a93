"""The page as text: whole, deterministic, and safe whatever things are called."""

import math
import re
from dataclasses import replace
from html import escape, unescape
from html.parser import HTMLParser
from typing import TypeVar

import pytest

from search.report.figures import FIGURES
from search.report.page import page
from search.report.words import conditions, headline, how_to_read
from search.study.record import TrialRecord
from search.sweep.records import ArmEvidence, SweepReport
from search.verdict import Loss, Terms
from tests.reports import factor, mixed, report
from tests.studies import at_depths, studied

RMSE = Terms(Loss.RMSE, math.log(1.02), comparisons=16, n_rows=4000)
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>\"$\\alpha$ {{ 7 * 7 }} #1c2024"
SHORT = "<b>$\\alpha$ #1c2024"
KINDS = {
    "finished": studied(report(), failed_replicates=3),
    "before the first look": studied(report(mixed(replicates=0), state="interrupted")),
    "before the first trial": report(mixed(replicates=0), state="running"),
    "regression": studied(report(mixed(terms=RMSE), terms=RMSE)),
    "one factor": studied(report((factor("normalization", {"batch": -0.028}),))),
    "several depths": studied(report(at_depths(mixed(), 2, 20))),
}


FILE = HOSTILE.replace("/", "") + ".csv"
Trained = TypeVar("Trained", TrialRecord, ArmEvidence)


class Balance(HTMLParser):
    """Checks that every element that is opened is closed, in order."""

    VOID = frozenset({"meta", "link", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what has to be closed."""
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing has to be closed."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Only the last that was opened may be closed."""
        assert self.open.pop() == tag


def parsed(text: str) -> Balance:
    found = Balance()
    found.feed(text)
    assert found.open == []
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_every_kind_of_report_is_whole(kind: str) -> None:
    shown = KINDS[kind]
    text = page(shown)
    found = parsed(text)
    assert len(found.ids) == len(set(found.ids))
    links = re.findall(r'<a href="#(\w+)"', text)
    assert {"verdicts", "conditions", "reading"} <= set(links) <= set(found.ids)
    plain = unescape(text)
    for part in (headline(shown), *conditions(shown).values(), *how_to_read(shown).values()):
        assert part in plain
    for verdict in shown.factors:
        assert f"<b>{verdict.factor}</b>" in text
        for comparison in verdict.comparisons:
            assert f">{comparison.level}{'*' * comparison.guideline}</th>" in text


def test_each_figure_stands_with_what_one_sees_in_it() -> None:
    shown = KINDS["finished"]
    text = page(shown)
    plots = {name: plot for name, plot in FIGURES.items() if name != "search"}
    for name, plot in plots.items():
        start = text.index(f'<section id="{name}">')
        section = text[start : text.index("</section>", start)]
        assert section.count("<svg") == 1
        assert section.count(str(escape(plot.see(shown), quote=False)).replace("'", "&#39;")) == 2
        assert 'role="img" aria-label="' in section


@pytest.mark.parametrize(("mean", "word"), [(0.03, "yes"), (0.02, "partly"), (0.0, "no")])
def test_an_alternative_says_in_a_word_whether_it_carries_over(mean: float, word: str) -> None:
    text = page(report((factor("activation", {"selu": mean}),)))
    *_, carried = re.findall(r'data-label="new rows">([^<]*)<', text)
    assert carried == word
    assert ('<span class="more">' in text) == (word != "yes")


def test_the_same_report_makes_the_same_page() -> None:
    shown = KINDS["finished"]
    assert page(shown) == page(replace(shown))


def test_where_a_sweep_is_in_mlflow_does_not_change_its_page() -> None:
    shown = KINDS["one factor"]
    logged = replace(shown, mlflow={"tracking_uri": "http://***@host", "run_id": "abc"})
    assert page(logged) == page(shown)


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page(KINDS["finished"])
    without_namespaces = re.sub(r' xmlns(:xlink)?="http://www\.w3\.org/[\w/]+"', "", text)
    assert "://" not in without_namespaces
    assert re.findall(r'(?:src|href)="(?!#|data:,")', text) == []


def hostile() -> SweepReport:
    named = factor("activation", {"swish": -0.02, "relu": 0.03})
    first, second = named.comparisons
    odd = replace(named, default=SHORT, comparisons=(replace(first, level=SHORT), second))
    shown = studied(report((named,), notes=(f"left out: {HOSTILE}",)))
    return replace(
        shown,
        name=HOSTILE,
        factors=(odd,),
        data={**shown.data, "source": f"folder/{FILE}"},
        records=tuple(_renamed(record) for record in shown.records),
        evidence=tuple(_renamed(evidence) for evidence in shown.evidence),
    )


def _renamed(trained: Trained) -> Trained:
    return replace(trained, level=SHORT) if trained.level == "swish" else trained


def test_names_are_shown_as_they_are_and_never_obeyed() -> None:
    text = page(hostile())
    found = parsed(text)
    assert "img" not in found.tags
    assert text.count("<script>") == 1
    assert "{{ 7 * 7 }}" in text
    plain = unescape(text)
    assert plain.count(HOSTILE) == 2  # the sweep's name and a note
    assert plain.count(FILE) >= 3
    for svg in re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL):
        assert SHORT in unescape(svg)  # a formula is no formula, a colour no colour

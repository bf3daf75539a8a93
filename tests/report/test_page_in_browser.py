"""The page in a real browser: light and dark, wide and narrow, on screen and on paper."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from search.report.page import page
from search.sweep.records import SweepReport
from tests.reports import mixed, report
from tests.studies import at_depths, studied

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
WIDE, NARROW = 1280, 390
LONG = "a_very_long_column_name_without_any_place_to_break_it_" * 3
SWEEP = studied(report(notes=(f"left out: {LONG}",)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    kinds: dict[str, SweepReport] = {
        "one": SWEEP,
        "depths": studied(report(at_depths(mixed(), 2, 20))),
        "empty": report(mixed(replicates=0)),
    }
    for kind, shown in kinds.items():
        (folder / f"{kind}.html").write_text(page(shown))
    return {kind: folder / f"{kind}.html" for kind in kinds}


def look(browser: Browser, path: Path, width: int = WIDE, scheme: str = "light") -> Page:
    """Open a page; whatever it complains of or asks for fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    seen = context.new_page()
    troubles: list[str] = []
    seen.on("console", lambda message: troubles.append(message.text))
    seen.on("pageerror", lambda error: troubles.append(str(error)))
    seen.on("request", lambda request: troubles.append(request.url))
    seen.goto(path.as_uri())
    assert troubles == [path.as_uri()]
    return seen


@pytest.mark.parametrize("kind", ["one", "depths", "empty"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_page_fits_and_asks_for_nothing(
    browser: Browser, pages: dict[str, Path], kind: str, scheme: str, width: int
) -> None:
    seen = look(browser, pages[kind], width, scheme)
    seen.locator(".all").click()
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    over = """() => [...document.querySelectorAll("body *")]
        .filter(x => !x.closest(".scroll") && !x.closest("script"))
        .filter(x => x.getBoundingClientRect().right > innerWidth + 1)
        .map(x => x.tagName + x.className)"""
    assert seen.evaluate(over) == []
    clipped = """() => [...document.querySelectorAll(".plot svg")].flatMap(svg => {
        const box = svg.getBoundingClientRect();
        return [...svg.querySelectorAll("text")].filter(text => {
            const at = text.getBoundingClientRect();
            return at.left < box.left - 1 || at.right > box.right + 1
                || at.top < box.top - 1 || at.bottom > box.bottom + 1;
        }).map(text => text.textContent);
    })"""
    assert seen.evaluate(clipped) == []
    seen.context.close()


def test_dark_paper_has_light_ink_in_figures_too(browser: Browser, pages: dict[str, Path]) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        seen = look(browser, pages["one"], scheme=scheme)
        ink = seen.locator("#forest text").filter(has_text="swish")
        brightness[scheme] = light(seen.locator("html"), "backgroundColor"), light(ink, "fill")
        seen.context.close()
    (light_paper, dark_ink), (dark_paper, light_ink) = brightness.values()
    assert light_paper > 700
    assert light_ink > 600
    assert dark_ink < 150
    assert dark_paper < 100


def light(element: Locator, style: str) -> int:
    """The sum of red, green and blue of one of an element's colours."""
    colour = element.evaluate(f"x => getComputedStyle(x).{style}")
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


def factors(seen: Page) -> list[str]:
    return seen.locator(".fold").all_text_contents()


def test_the_table_sorts_by_mouse_and_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    seen = look(browser, pages["one"])
    names = [factor.factor for factor in SWEEP.factors]
    assert factors(seen) == names
    by_name = seen.get_by_role("columnheader", name="Factor, default")
    by_name.get_by_role("button").click()
    assert factors(seen) == sorted(names)
    assert by_name.get_attribute("aria-sort") == "ascending"
    by_name.get_by_role("button").click()
    assert factors(seen) == sorted(names, reverse=True)
    by_difference = seen.get_by_role("columnheader", name="Difference")
    by_difference.get_by_role("button").focus()
    seen.keyboard.press("Enter")
    assert by_name.get_attribute("aria-sort") is None
    shown = seen.locator(".factor td[data-label=difference]").all_text_contents()
    differences = [float(x.split()[0].replace("−", "-")) for x in shown]
    assert differences == sorted(differences)
    assert len(set(differences)) > 1
    seen.context.close()


def test_alternatives_unfold_one_by_one_and_together(
    browser: Browser, pages: dict[str, Path]
) -> None:
    seen = look(browser, pages["one"])
    rows = seen.locator(".alternative:visible")
    total = sum(len(factor.comparisons) for factor in SWEEP.factors)
    assert rows.count() == 0
    fold = seen.get_by_role("button", name="activation")
    fold.focus()
    seen.keyboard.press("Space")
    assert fold.get_attribute("aria-expanded") == "true"
    assert rows.count() == 3
    everything = seen.locator(".all")
    everything.click()
    assert rows.count() == total
    assert everything.text_content() == "Hide all alternatives"
    everything.click()
    assert rows.count() == 0
    seen.context.close()


def test_on_paper_everything_is_there_in_black_on_white(
    browser: Browser, pages: dict[str, Path]
) -> None:
    seen = look(browser, pages["one"], scheme="dark")
    seen.emulate_media(media="print")
    assert seen.locator(".alternative:visible").count() == seen.locator(".alternative").count()
    assert light(seen.locator("html"), "backgroundColor") > 700
    assert len(seen.pdf()) > 10_000
    seen.context.close()


def test_without_scripts_nothing_is_hidden(browser: Browser, pages: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    seen = context.new_page()
    seen.goto(pages["one"].as_uri())
    assert seen.locator(".alternative:visible").count() == seen.locator(".alternative").count() > 0
    context.close()

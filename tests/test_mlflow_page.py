"""MLflow's page in a real browser: the sweep as a person finds it there."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from search.tracking import page_of_sweep

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
RUN = "run wine --data wine --factors normalization --pilot-trials 4 --lanes 1 --epochs 2"
SERVER_START = 240


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    command = [sys.executable, "-m", "search", *RUN.split(), "--replicates", "16"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    page = folder / "mlruns" / "sweeps" / "wine" / "report.html"
    assert str(page) in done.stderr.decode()
    assert page.exists()
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "search", "ui", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + SERVER_START
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline, "the page did not come up"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser.new_page(viewport={"width": 1400, "height": 900})
        browser.close()


def test_the_page_shows_the_parent_and_its_children(
    page: Page, address: str, tmp_path: Path
) -> None:
    page.goto(f"{address}/#/experiments/1/runs")
    row = page.get_by_role("row").filter(has_text="wine").first
    row.wait_for(timeout=60_000)
    close = page.get_by_role("button", name="Close")  # the assistant's panel, in the way
    if close.count():
        close.first.click()
    row.get_by_role("button").first.click()  # unfold the children
    page.get_by_text(re.compile(r"pilot \d|replicate \d")).first.wait_for(timeout=60_000)
    picture = tmp_path / "mlflow.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 20_000


def test_the_parent_run_reads_like_a_report(page: Page, address: str, folder: Path) -> None:
    document = json.loads((folder / "mlruns" / "sweeps" / "wine" / "mlflow.json").read_text())
    page.goto(f"{address}/#/experiments/1/runs/{document['run_id']}")
    page.get_by_text("Conditional on", exact=False).first.wait_for(timeout=60_000)
    assert page.get_by_text("normalization").count()


def test_a_sweep_opens_at_its_replicates(page: Page, address: str, folder: Path) -> None:
    page.goto(f"{address}/{page_of_sweep(folder / 'mlruns', 'wine', None)}")
    page.get_by_text("difference", exact=True).first.wait_for(timeout=60_000)
    page.get_by_text(re.compile(r"replicate \d")).first.wait_for(timeout=60_000)
    assert not page.get_by_text(re.compile(r"pilot \d")).count()

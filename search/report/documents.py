"""The documents that go with a sweep wherever it is shown."""

import json
from typing import Any

from search.report.markdown import verdict_markdown
from search.sweep.folder import PAGE
from search.sweep.records import SweepReport


def documents(report: SweepReport) -> dict[str, str | bytes]:
    """File name -> content: the report for people and for programs, and what was asked for.

    The page has all figures in it; they are there as PNG, too.
    """
    # Matplotlib takes a while to load.
    from search.report.page import page_and_pictures  # noqa: PLC0415  # JSON need not wait for it

    page, pictures = page_and_pictures(report)
    return {
        **text_documents(report),
        PAGE: page,
        **{f"figures/{name}.png": picture for name, picture in pictures.items()},
    }


def text_documents(report: SweepReport) -> dict[str, str | bytes]:
    """Those in words alone: quick, nothing is drawn."""
    return {
        "verdict.md": verdict_markdown(report),
        "verdict.json": as_json(report.to_dict()),
        "settings.json": as_json(report.settings.to_dict()),
        "columns.json": as_json(report.data["columns"]),
    }


def as_json(content: Any) -> str:
    """One strict JSON document, ending in a newline.

    Raises:
        ValueError: if a number is not finite.
    """
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

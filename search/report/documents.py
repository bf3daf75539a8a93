"""The documents that go with a sweep wherever it is shown."""

import json
from typing import Any

from search.report.markdown import verdict_markdown
from search.sweep.records import SweepReport


def documents(report: SweepReport) -> dict[str, str]:
    """File name -> text: the report for people, the same for programs, and what was asked for."""
    return {
        "verdict.md": verdict_markdown(report),
        "verdict.json": as_json(report.to_dict()),
        "settings.json": as_json(report.settings.to_dict()),
    }


def as_json(content: Any) -> str:
    """One strict JSON document, ending in a newline.

    Raises:
        ValueError: if a number is not finite.
    """
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

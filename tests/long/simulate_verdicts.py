"""How often the protocol is wrong, and what it costs, at full size.

    python tests/long/simulate_verdicts.py [COMPARISONS]

prints what `search/verdict` is held to and what is found. The 100,000 comparisons that are the
default take about a minute.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

from search.verdict.outcome import Outcome
from tests.verdict import simulation

COSTS = (
    (1.6, 0.0, Outcome.EQUIVALENT, "24, 24"),
    (1.6, -0.4, Outcome.EQUIVALENT, "24, 48"),
    (1.6, -2.6, Outcome.BEATS_DEFAULT, "32, 48"),
    (1.0, 0.0, Outcome.EQUIVALENT, "48, 64"),
    (1.0, -2.0, Outcome.BEATS_DEFAULT, "32, 48"),
    (1.0, -1.0, Outcome.UNDECIDED, "never"),
)


def show(what: str, expected: str, found: str) -> None:
    print(f"{what:62} {expected:>16}   {found}", flush=True)


def percent(share: float) -> str:
    return f"{share:.3%}"


def main(n: int) -> None:
    show(f"{n:,} comparisons each", "expected", "found")
    for name, noise in simulation.SYMMETRIC.items():
        rate = simulation.ever(noise, shift=0, m=1, margin=0, n=n)
        show(f"A/A, {name} noise, m = 1: ever claims a difference", "< 1 %", percent(rate))
    for m in (1, 24, 26):
        rate = simulation.any_beaten(n // 10, 24, m)
        expected = "no bound" if m == 1 else "< 5 %"
        show(f"A/A, 6 x 4 report, m = {m}: any 'beaten'", expected, percent(rate))
    for name, (noise, median, mean) in simulation.SKEWED.items():
        rate = simulation.ever(noise, shift=-1 - median, m=1, margin=1, n=n)
        show(f"{name}: median on the margin, m = 1: any outcome", "< 5 %", percent(rate))
        rate = simulation.ever(noise, shift=-1 - mean, m=1, margin=1, n=n)
        show(f"{name}: mean on the margin, m = 1: any outcome", "printed", percent(rate))
        show(
            f"{name}: worded for a typical training",
            "printed",
            percent(simulation.flagged(noise, n // 10)),
        )
    for margin, truth, outcome, expected in COSTS:
        course = simulation.course(truth, margin, m=16, n=n)
        what = f"m = 16, r = {margin} sd, truth {truth} sd: {outcome} by 128"
        show(what, ">= 99 %", percent(course.share[outcome]))
        show(
            "    replicates to a final outcome: median, 90th percentile",
            expected,
            f"{course.median:g}, {course.slow:g}",
        )
    kept, dropped = simulation.false_on_new_rows(n // 10, m=1)
    show("equal recipes, 1,000 confirm rows: false claim on new rows", "< 1 %", percent(kept))
    show("    the same without the widening", "far above 5 %", percent(dropped))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

"""How often the protocol is wrong, and what it costs, at full size.

    python tests/long/simulate_verdicts.py [COMPARISONS]

prints what `search/verdict` is held to and what is found, and the same of the obvious rules. The
100,000 comparisons that are the default take a few minutes.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

import numpy as np

from search.verdict import Loss, Terms, compare
from search.verdict.outcome import Outcome
from search.verdict.words import outcome_in_words
from tests.verdict import naive, simulation

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
    identical(n)
    on_the_margin(n)
    costs(n)
    obvious(n)
    edges()


def identical(n: int) -> None:
    for name, noise in simulation.SYMMETRIC.items():
        rate = simulation.ever(noise, shift=0, m=1, margin=0, n=n)
        show(f"A/A, {name} noise, m = 1: ever claims a difference", "< 1 %", percent(rate))
    for m in (1, 24, 26):
        rate = simulation.any_beaten(n // 10, 24, m)
        expected = "no bound" if m == 1 else "< 5 %"
        show(f"A/A, 6 x 4 report, m = {m}: any 'beaten'", expected, percent(rate))


def on_the_margin(n: int) -> None:
    for name, noise in simulation.SYMMETRIC.items():
        rate = simulation.ever(noise, shift=-1, m=1, margin=1, n=n)
        show(f"{name} noise: truth on the margin, m = 1: any outcome", "< 5 %", percent(rate))
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


def costs(n: int) -> None:
    for margin, truth, outcome, expected in COSTS:
        course = simulation.course(truth, margin, m=16, n=n)
        what = f"m = 16, r = {margin} sd, truth {truth} sd: {outcome} by 128"
        show(what, ">= 99 %", percent(course.share[outcome]))
        show(
            "    replicates to a final outcome: median, 90th percentile",
            expected,
            f"{course.median:g}, {course.slow:g}",
        )


def obvious(n: int) -> None:
    rate = naive.t_after_every_replicate(n)
    show("t test after every replicate, 5 to 128: ever a difference", "37.7 %", percent(rate))
    rate = naive.wilcoxon_at_ten_looks(n // 10)
    show("Wilcoxon p < 0.1, ten looks (5, 10, ..., 50): the same", "far above 5 %", percent(rate))
    rate = naive.any_beaten_by_t(n // 10, 24)
    show("t tests, report of 24 identical: any 'beaten'", "76.9 %", percent(rate))
    chosen, fresh = naive.tuned_against_default(n)
    show(
        "t test, winner of 6 lanes scored where chosen: 'beaten'", "far above 5 %", percent(chosen)
    )
    show("    the same on the confirm split", "5 %", percent(fresh))
    kept, dropped = simulation.false_on_new_rows(n // 10, m=1)
    show("equal recipes, 1,000 confirm rows: false claim on new rows", "< 1 %", percent(kept))
    show("    the same without the widening", "far above 5 %", percent(dropped))


def edges() -> None:
    """What is said in the cases that no rate describes."""
    noise = 0.002 * np.random.default_rng(0).standard_normal(128)
    cases = {
        "all replicates equal, s = 0, better": (np.full(16, -0.03), 1000),
        "all ties": (np.zeros(16), 1000),
        "one of 64 replicates diverged": (np.append(noise[:63], 0.9), 1000),
        "15 replicates": (noise[:15], 1000),
        "40 confirm rows at a margin of 1 point": (noise[:16], 40),
        "early and late replicates disagree": (np.repeat([0.05, -0.05], (32, 96)) + noise, 1000),
    }
    for name, (deltas, n_rows) in cases.items():
        terms = Terms(Loss.ERROR_RATE, 0.01, comparisons=16, n_rows=n_rows)
        found = compare(deltas, np.zeros(n_rows), terms, level="other")
        show(name, "", outcome_in_words(found))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

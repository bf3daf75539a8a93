"""How often real sweeps tell a recipe from itself.

    python tests/long/same_recipe.py [FOLDER] [REPORTS] [REPLICATES]

runs reports (20 by default) on digits that compare the shallow recipe with itself under four other
names, each with splits and seeds of its own, and counts what they claim. The margin is the least
that the confirm rows allow. Run it again to go on.
"""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

from search.data import load_dataset
from search.settings import Settings
from search.sweep.arms import DEFAULT, Arm
from search.verdict import Outcome
from spaces import SHALLOW
from tests.long.campaign import campaign

TWINS = 4
RECIPE = SHALLOW.replace(width=30, epochs=5)


def arms() -> tuple[Arm, ...]:
    """The recipe as the default and under other names, no two on the same replicates."""
    names = (f"twin{i}" for i in range(TWINS))
    twins = (Arm("twin", name, RECIPE, stream=(name,)) for name in names)
    return (Arm(DEFAULT, "shallow", RECIPE), *twins)


def main(home: Path, n_reports: int, replicates: int) -> None:
    dataset = load_dataset("digits")
    sweeps = [
        (
            Settings(
                name=f"report{i:02}",
                seed=i,
                pilot_trials=8,
                lanes=2,
                replicates=replicates,
                margin=1 / dataset.n_confirm,
            ),
            arms(),
        )
        for i in range(n_reports)
    ]
    found: Counter[Outcome] = Counter()
    false_reports = 0
    for report in campaign(sweeps, dataset, home):
        (factor,) = report.factors
        outcomes = Counter(c.outcome for c in factor.comparisons)
        found += outcomes
        false_reports += outcomes[Outcome.BEATS_DEFAULT] + outcomes[Outcome.WORSE] > 0
        means = ", ".join(f"{100 * (c.difference or 0):+.2f}" for c in factor.comparisons)
        print(f"{report.name}: {factor.verdict}; differences in points {means}", flush=True)
    print(f"of {n_reports} reports {false_reports} claim a difference (expected: at most 5 %)")
    print(", ".join(f"{outcome} {found[outcome]}" for outcome in Outcome))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        Path(given[0] if given else "mlruns/same_recipe"),
        int(given[1]) if len(given) > 1 else 20,
        int(given[2]) if len(given) > 2 else 32,
    )

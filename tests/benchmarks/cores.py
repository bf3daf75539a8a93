"""How to share out the cores: one worker with all threads, or one worker a core.

Plain trainings of two hidden layers of 100, batches of 32, for a few epochs, many at once. Workers
are running and their programs compiled before the clock starts.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from search.errors import SearchError
from search.training.contract import Member, Seeds
from search.training.dispatch import Workers
from tests.benchmarks.materials import RECIPES, SEED, Material, digits, fashion
from tests.benchmarks.measuring import interleaved, n_cores, progress
from tests.benchmarks.tables import Findings, Headline, Table, figures, times

JOBS_A_CORE = 2


def run(*, quick: bool) -> Findings:
    """Measure both ways in turns on both data sets."""
    notes, materials = [], [digits()]
    try:
        materials.append(fashion())
    except SearchError as problem:
        notes.append(str(problem))
    rows, headlines = [], []
    for material in materials:
        progress(f"cores: {material.name}")
        used = material.tiny() if quick else material
        one, several = _rates(used, epochs=2 if quick else 6 if used.epochs > 12 else 2)
        name = f"member-epochs a second on {material.name}"
        rows.append((name, figures(one), figures(several), times(several / one)))
        headlines.append(Headline(name, figures(one), figures(several), times(several / one)))
    columns = ("", "one worker, all threads", f"{n_cores()} workers, a thread each", "ratio")
    return Findings((Table("cores", columns, tuple(rows), tuple(notes)),), tuple(headlines))


def _rates(material: Material, epochs: int) -> tuple[float, float]:
    """Member-epochs a second with one worker and with one a core."""
    members = [
        Member(RECIPES["plain"].replace(epochs=epochs), material.split, Seeds(i, SEED, i))
        for i in range(JOBS_A_CORE * material.n_members)
    ]

    def rate(workers: Workers) -> float:
        start = time.perf_counter()
        n_trained = sum(len(r.curve.train_loss) for _, r in workers.train(members, material.data))
        return n_trained / (time.perf_counter() - start)

    with Workers(1) as one, Workers(n_cores()) as several:
        rate(one), rate(several)  # compiles
        sides: dict[str, Callable[[], float]] = {
            "one": partial(rate, one),
            "several": partial(rate, several),
        }
        found = interleaved(sides, 3)
    return median(found["one"]), median(found["several"])

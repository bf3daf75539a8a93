"""Whether a sweep finds an effect that is known: He against Glorot in 30 layers of ReLU.

    python tests/long/known_sign.py [FOLDER] [REPLICATES] [EPOCHS]

checks He's initialization against Glorot's with 30 hidden layers of 100 units, ReLU and NAG on
digits, and then Glorot's against He's: the first must hold and the second be beaten. Glorot's
signal fades from layer to layer (He et al. 2015, section 2.2). Run it again to go on.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

from search.data import load_dataset
from search.settings import Settings
from search.sweep.arms import DEFAULT, Arm
from spaces import SHALLOW
from tests.long.campaign import campaign

HE, GLOROT = "he_normal", "glorot_uniform"
EXPECTED = {HE: "holds_better", GLOROT: "beaten"}


def main(home: Path, replicates: int, epochs: int) -> None:
    recipe = SHALLOW.replace(depth=30, activation="relu", epochs=epochs)
    sweeps = {}
    for default, other in ((HE, GLOROT), (GLOROT, HE)):
        arms = (
            Arm(DEFAULT, f"default, {default}", recipe.replace(initializer=default)),
            Arm("initializer", other, recipe.replace(initializer=other)),
        )
        settings = Settings(name=f"{default}-first", depth=30, replicates=replicates)
        sweeps[default] = settings, arms
    reports = campaign(sweeps.values(), load_dataset("digits"), home)
    for (default, expected), report in zip(EXPECTED.items(), reports, strict=True):
        (factor,) = report.factors
        print(f"{default} as the default: {factor.verdict}; expected: {expected}", flush=True)
        for arm in report.evidence:
            mean = sum(arm.losses) / max(len(arm.losses), 1)
            print(f"    {arm.level:32} error {mean:.1%} in {len(arm.losses)} replicates")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        Path(given[0] if given else "mlruns/known_sign"),
        int(given[1]) if len(given) > 1 else 32,
        int(given[2]) if len(given) > 2 else 30,
    )

"""Exported folders in an environment of their own: `python tests/long/fresh_environment.py`.

A new virtual environment gets tensorflow, numpy, pandas and scikit-learn, and nothing of ours.
There the `train.py` of digits and of a table with missing values, categories and dates must reach
the score that the sweep reports, within what trainings of one recipe differ by; and the exported
model must be one that plain Keras loads. Takes some ten minutes and the network.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

import search
from search.sweep.records import SweepReport
from tests.data.tables import TABLES

PACKAGES = ("tensorflow", "numpy", "pandas", "scikit-learn")
SPREADS = 4
"""Standard deviations between replicates that two scores may differ by."""
LOAD = "import keras; keras.models.load_model('model.keras').summary()"
FEW = {"factors": ("activation",), "pilot_trials": 8, "lanes": 2, "replicates": 16}


def main() -> int:
    """Print a line for each data set; 1 if any score is off."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "fresh", with_pip=True)
        python = folder / "fresh" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        TABLES["mixed"]().frame.to_csv(folder / "mixed.csv", index=False)
        asked: dict[str, dict[str, str]] = {
            "digits": {},
            str(folder / "mixed.csv"): {"target": "price"},
        }
        reached = [_reaches(folder, python, data, asked[data]) for data in asked]
        return int(not all(reached))


def _reaches(folder: Path, python: Path, data: str, options: dict[str, str]) -> bool:
    report = search.run(search.Settings(data=data, **FEW, **options), home=folder / "mlruns")
    to = search.export(report.name, folder / report.name, home=folder / "mlruns")
    assert report.best is not None
    assert report.best.confirm is not None
    subprocess.run([python, "-I", "-c", LOAD], cwd=to, check=True, capture_output=True)
    done = subprocess.run(
        [python, to / "train.py"], cwd=folder, check=True, capture_output=True, text=True
    )
    words = done.stdout.strip().splitlines()[-1]
    score, allowed = float(words.split(":")[1].split()[0]), SPREADS * _spread(report)
    told = json.loads((to / "metrics.json").read_text())["confirm"]
    is_reached = bool(abs(score - told) <= allowed)
    print(f"{report.name}: train.py {score:.4f}, sweep {told:.4f}, allowed ±{allowed:.4f}")
    return is_reached


def _spread(report: SweepReport) -> float:
    """Standard deviation of the default's loss between replicates."""
    losses = report.replicates.query("factor == 'default'").loss
    return float(losses.std())


if __name__ == "__main__":
    sys.exit(main())

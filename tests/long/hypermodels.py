"""A hypermodel and KerasTuner's own residual network from search to confirmation.

python -m tests.long.hypermodels
"""

import json
import os
import re
import tempfile
from pathlib import Path

import numpy as np

from search import Settings, run

DOCUMENT = Path(__file__).parents[2] / "search" / "docs" / "models.md"
RESIDUAL = """
import keras_tuner

hyper = keras_tuner.applications.HyperResNet(input_shape=(32, 32, 3), classes=2)
"""


def search(code: str, name: str, shape: tuple[int, ...], **limits: int) -> None:
    """Run a sweep over a hypermodel and check that it was tried as it should be."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=300)
    pattern = np.linspace(0, 1, int(np.prod(shape))).reshape(shape)
    x = rng.normal(size=(300, *shape)) + 2 * y.reshape(-1, *[1] * len(shape)) * pattern
    np.savez("images.npz", x=x.astype(np.float32), y=np.array(["no", "yes"])[y])
    Path("hyper.py").write_text(code)
    settings = Settings(data="images.npz", hypermodel=f"hyper.py:{name}", epochs=2, **limits)
    report = run(settings)
    assert report.failed == 0
    by_arm = {
        (record.factor, record.level): json.dumps(record.recipe)
        for record in report.records
        if record.phase == "confirm"
    }
    assert len(set(by_arm.values())) == len(by_arm), "arms must train what they are called after"
    for factor in report.factors:
        print(name, factor.default, factor.verdict, factor.comparisons)
    print(name, f"{report.seconds:.0f} s for {report.trainings} trainings", report.notes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        source = re.findall(r"```python\n(# hyper.py.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]
        search(source, "Hyper", (8, 8), trials=12, replicates=16)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        search(RESIDUAL, "hyper", (32, 32, 3), trials=2, replicates=1)

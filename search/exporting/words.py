"""The README of an exported folder."""

import shlex
from collections.abc import Iterator
from pathlib import PurePath

from search.data import IN_MEMORY
from search.sweep.folder import SweepFile
from search.sweep.records import Best
from search.sweep.reporting import loss_of
from search.verdict import METRICS
from spaces import Recipe

_README = """\
# The best recipe of the sweep {name}

{reason}. {score}

    {recipe}
    {numbers}

| file | is |
|---|---|
| `model.keras` | the trained model: prepared features -> {outputs} |
| `prepare.py`, `preparation.json` | rows as read -> prepared features |
| `recipe.json`, `metrics.json` | what was trained, and how it did |
| `train.py`, `split.npz` | trains the recipe anew, on the same rows, in plain Keras |

    python -m pip install {packages}
    python train.py{argument}

```python
import keras
from prepare import prepare

model = keras.models.load_model("model.keras")
model.predict(prepare(rows))
```

`rows` is {rows}.
"""


def readme(file: SweepFile, best: Best) -> str:
    """What is in the folder and how to use it."""
    data, settings, loss = file.data, file.settings, loss_of(file)
    is_table = data["preparation"]["features"]["kind"] == "table"
    score = "Its confirm rows have not been looked at."
    if best.confirm is not None:
        unit = " standard deviations of the target" if METRICS[loss].is_ratio else ""
        score = f"{METRICS[loss].name} on {data['n_confirm']:,} confirm rows: "
        score += f"{best.confirm:.4f}{unit}."
    outputs = f"{data['target']}, standardized"
    if data["n_classes"]:
        outputs = f"probabilities of the {data['n_classes']} classes, in the order of `labels` in "
        outputs += "`preparation.json`"
    argument = ""
    if settings.data == IN_MEMORY:
        argument = " data.npz" if settings.target is None else " data.parquet"
    elif PurePath(settings.data).suffix and not PurePath(settings.data).is_absolute():
        argument = " " + shlex.quote(f"PATH/TO/{PurePath(settings.data).name}")
    packages = "tensorflow numpy pandas scikit-learn"
    if settings.data.endswith(".parquet") or argument.endswith(".parquet"):
        packages += " pyarrow"
    return _README.format(
        name=file.name,
        reason=best.reason[0].upper() + best.reason[1:],
        score=score[0].upper() + score[1:],
        recipe=best.recipe,
        numbers=" ".join(_numbers(best.recipe)),
        outputs=outputs,
        packages=packages,
        argument=argument,
        rows="a DataFrame with the columns of the data" if is_table else "an array of images",
    )


def _numbers(recipe: Recipe) -> Iterator[str]:
    for name in ("depth", "width", "batch_size", "epochs"):
        yield f"{name}={getattr(recipe, name)}"
    for name, value in recipe.hyperparameters().items():
        yield f"{name}={value:.4g}"

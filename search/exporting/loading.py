"""The lines of train.py that load the data, as a person would."""

from pathlib import PurePath
from typing import Any

from search.data import IN_MEMORY
from search.data.images import IMAGES
from search.exporting.layout import call
from search.sweep.folder import SweepFile

_SKLEARN = {
    "digits": "load_digits",
    "wine": "load_wine",
    "iris": "load_iris",
    "breast_cancer": "load_breast_cancer",
    "diabetes": "load_diabetes",
    "california_housing": "fetch_california_housing",
}
"""Data set -> its loader in `sklearn.datasets`."""


def loading(file: SweepFile, *, has_test_rows: bool) -> str:
    """Code that makes the features `x` and the targets `y` of all rows, in their order.

    Args:
        file: what is fixed of the sweep.
        has_test_rows: whether arrays came with an official test split.
    """
    source = file.settings.data
    if source in _SKLEARN:
        return _sklearn(source, file.data["task"])
    if source in IMAGES:
        return _keras_images(source)
    if file.settings.target is not None:
        return _table(source, file.settings.target)
    return _arrays(source, file.data, has_test_rows=has_test_rows)


def _sklearn(source: str, task: str) -> str:
    options = "as_frame=True" + (", scaled=False" if source == "diabetes" else "")
    target = "target" if task == "regression" else "target_names[data.target]"
    return f"""\
data = {_SKLEARN[source]}({options})
x, y = prepare(data.data), prepare_target(data.{target})
"""


def _keras_images(source: str) -> str:
    names = call("CLASSES = [", [f'"{name}"' for name in IMAGES[source].classes], "]")
    return f"""\
{names}
(x_train, y_train), (x_test, y_test) = keras.datasets.{source}.load_data()
x = prepare(np.concatenate([x_train, x_test]))
y = prepare_target(np.array(CLASSES)[np.concatenate([y_train, y_test]).ravel()])
"""


def _table(source: str, target: str) -> str:
    name = _text(target)
    if source == IN_MEMORY:
        path, default = "sys.argv[1]  # python train.py data.parquet, or data.csv", ""
        read = 'pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)'
    else:
        path, default = f"sys.argv[1] if len(sys.argv) > 1 else {_text(source)}", ""
        is_csv = PurePath(source).suffix.lower() == ".csv"
        read = (
            "pd.read_csv(path, skipinitialspace=True, low_memory=False)"
            if is_csv
            else "pd.read_parquet(path)"
        )
    return f"""\
path = {path}{default}
frame = {read}
frame = frame.rename(columns=str.strip).dropna(subset=[{name}])
x, y = prepare(frame), prepare_target(frame[{name}])
"""


def _arrays(source: str, data: Any, *, has_test_rows: bool) -> str:
    names = [column["name"] for column in data["columns"]]
    if source == IN_MEMORY:
        keys = "x_train, y_train, x_test, y_test" if has_test_rows else "x, y"
        path = f"sys.argv[1]  # python train.py data.npz, with the arrays {keys}"
    else:
        path = f"sys.argv[1] if len(sys.argv) > 1 else {_text(source)}"
    x, y = 'data["x"]', 'data["y"]'
    if has_test_rows:
        x = 'np.concatenate([data["x_train"], data["x_test"]])'
        y = 'np.concatenate([data["y_train"], data["y_test"]])'
    if data["preparation"]["features"]["kind"] != "images":
        plain = names == [f"x{i}" for i in range(len(names))]
        columns = f'[f"x{{i}}" for i in range({len(names)})]' if plain else repr(names)
        x = f"pd.DataFrame({x}, columns={columns})"
    return f"""\
path = {path}
data = np.load(path)
x = prepare({x})
y = prepare_target({y}.ravel())
"""


def _text(value: str) -> str:
    """A string as Python writes it, in double quotes where that needs no escape."""
    return (
        f'"{value}"'
        if '"' not in value and value.isprintable() and "\\" not in value
        else repr(value)
    )

"""train.py: one recipe as plain Keras, only what this recipe uses in it."""

import re
from collections.abc import Iterator

from search import defaults
from search.exporting.layout import call
from search.exporting.loading import loading
from search.exporting.schedules import is_cycled, planned, rate
from search.sweep.folder import SweepFile
from search.sweep.records import Best
from search.sweep.reporting import loss_of
from search.verdict import Loss
from spaces import Recipe

_IMPORTS = (
    ("sys", "import sys"),
    ("partial", "from functools import partial"),
    ("Path", "from pathlib import Path"),
    ("", ""),
    ("keras", "import keras"),
    ("np", "import numpy as np"),
    ("pd", "import pandas as pd"),
    ("prepare", "from prepare import prepare, prepare_target"),
    *(
        (name, f"from sklearn.datasets import {name}")
        for name in (
            "fetch_california_housing",
            "load_breast_cancer",
            "load_diabetes",
            "load_digits",
            "load_iris",
            "load_wine",
        )
    ),
    *(
        (name, f"from sklearn.metrics import {name}")
        for name in ("balanced_accuracy_score", "log_loss", "roc_auc_score")
    ),
)
"""A name that code uses -> the import it takes, in their order."""
_OPTIMIZERS = {
    "nag": "SGD",
    "momentum": "SGD",
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "nadam": "Nadam",
}
_SCORES = {
    Loss.ERROR_RATE: "np.mean(predicted.argmax(axis=1) != y[confirm])",
    Loss.BALANCED_ERROR: "1 - balanced_accuracy_score(y[confirm], predicted.argmax(axis=1))",
    Loss.LOG_LOSS: "log_loss(y[confirm], predicted, labels=np.arange(predicted.shape[1]))",
    Loss.AUC: "1 - roc_auc_score(y[confirm], predicted[:, 1])",
    Loss.RMSE: "np.sqrt(np.mean((predicted[:, 0] - y[confirm]) ** 2))",
    Loss.MAE: "np.mean(np.abs(predicted[:, 0] - y[confirm]))",
}


def training_code(file: SweepFile, best: Best, *, has_test_rows: bool) -> str:
    """The text of train.py.

    Args:
        file: what is fixed of the sweep.
        best: what to train, and how the model did that is exported beside it.
        has_test_rows: whether arrays came with an official test split.
    """
    recipe, loss, score = best.recipe, loss_of(file), best.confirm
    body = "\n".join(
        (
            "HERE = Path(__file__).parent\nkeras.utils.set_random_seed(0)\n",
            loading(file, has_test_rows=has_test_rows),
            _split(),
            *planned(recipe),
            _model(recipe, file.data["n_classes"]),
            _compiled(recipe, file.data["n_classes"]),
            _fitted(recipe, balanced=file.settings.class_weight is not None),
            _scored(loss, file.data["target"]),
        )
    )
    needed = (line for name, line in _IMPORTS if not name or re.search(rf"\b{name}\b", body))
    told = "" if score is None else f"\nThe model beside it has {loss} {score:.4f} there."
    return f'''\
"""Train the best recipe of the sweep {file.name} and score it on the confirm rows.
{told}
It takes tensorflow, numpy, pandas and scikit-learn.
"""

{chr(10).join(needed)}

{body}'''


def _split() -> str:
    return """\
# Which rows trained, validated and confirmed the model of the sweep.
rows = np.load(HERE / "split.npz")
train, valid, confirm = rows["train"], rows["validation"], rows["confirm"]
"""


def _model(recipe: Recipe, n_classes: int) -> str:
    options = [f'kernel_initializer="{recipe.initializer}"']
    penalty = {
        "l1": f"L1({recipe.l1})",
        "l2": f"L2({recipe.l2})",
        "l1_l2": f"L1L2({recipe.l1}, {recipe.l2})",
    }.get(recipe.regularization)
    if penalty is not None:
        options.append(f"kernel_regularizer=keras.regularizers.{penalty}")
    first = [_dropout(recipe)] if recipe.regularization == "dropout_inputs" else []
    layers = ", ".join(["keras.Input(x.shape[1:])", *first])
    last = f"layers.append({_dropout(recipe)})\n" if recipe.regularization == "dropout_last" else ""
    output = f'dense({n_classes}, activation="softmax")' if n_classes else "dense(1)"
    return f"""\
{call("dense = partial(", ["keras.layers.Dense", *options], ")")}
layers = [{layers}]
for _ in range({recipe.depth}):
{call("    layers += [", list(_block(recipe)), "]")}
{last}layers.append({output})
model = keras.Sequential(layers)
"""


def _block(recipe: Recipe) -> Iterator[str]:
    """The layers of a hidden block."""
    activation = "silu" if recipe.activation == "swish" else recipe.activation
    options = [str(recipe.width)]
    if recipe.normalization in {"none", "batch_after"}:
        options.append(f'activation="{activation}"')
    if recipe.normalization == "batch":
        options.append("use_bias=False")
    if recipe.max_norm is not None:
        options.append(f"kernel_constraint=keras.constraints.MaxNorm({recipe.max_norm:.4g})")
    yield f"dense({', '.join(options)})"
    if recipe.normalization in {"batch", "batch_after"}:
        yield "keras.layers.BatchNormalization()"
    if recipe.normalization == "layer":
        yield "keras.layers.LayerNormalization()"
    if recipe.normalization in {"batch", "layer"}:
        yield f'keras.layers.Activation("{activation}")'
    if recipe.regularization in {"dropout", "dropout_inputs", "alpha_dropout"}:
        yield _dropout(recipe)


def _dropout(recipe: Recipe) -> str:
    name = "AlphaDropout" if recipe.regularization == "alpha_dropout" else "Dropout"
    return f"keras.layers.{name}({recipe.dropout_rate:.4g})"


def _compiled(recipe: Recipe, n_classes: int) -> str:
    loss, metric = "sparse_categorical_crossentropy", "accuracy"
    if not n_classes:
        loss, metric = "mse", "mae"
    options = [f"learning_rate={rate(recipe)}"]
    if recipe.momentum is not None:
        options.append(f"momentum={recipe.momentum:.4g}")
    if recipe.optimizer == "nag" and not is_cycled(recipe):
        options.append("nesterov=True")
    if recipe.total_weight_decay or recipe.optimizer == "adamw":
        options.append(f"weight_decay={recipe.total_weight_decay:.4g}")
    name = "CycledSGD" if is_cycled(recipe) else f"keras.optimizers.{_OPTIMIZERS[recipe.optimizer]}"
    return f"""\
model.compile(
{call(f"    optimizer={name}(", options, "),")}
    loss="{loss}",
    metrics=["{metric}"],
)
"""


def _fitted(recipe: Recipe, *, balanced: bool) -> str:
    callbacks = []
    if recipe.restores_best:
        # A planned descent is not cut short: the best epoch is only restored.
        is_planned = recipe.lr_schedule not in {"constant", "performance"}
        patience = recipe.epochs if is_planned else defaults.EARLY_STOPPING_PATIENCE
        callbacks.append(f"EarlyStopping(patience={patience}, restore_best_weights=True)")
    if recipe.lr_schedule == "performance":
        factor, patience = defaults.PERFORMANCE_FACTOR, defaults.PERFORMANCE_PATIENCE
        callbacks.append(f"ReduceLROnPlateau(factor={factor}, patience={patience})")
    lines = "".join(f"        keras.callbacks.{callback},\n" for callback in callbacks)
    given = f"    callbacks=[\n{lines}    ],\n" if callbacks else ""
    counted = ""
    if balanced:
        counted = "counts = np.bincount(np.concatenate([y[train], y[valid]]))\n"
        given += "    class_weight=dict(enumerate(counts.sum() / (len(counts) * counts))),\n"
    return f"""\
{counted}model.fit(
    x[train],
    y[train],
    batch_size={recipe.batch_size},
    epochs={recipe.epochs},
    validation_data=(x[valid], y[valid]),
{given}    verbose=2,
)
"""


def _scored(loss: Loss, target: str) -> str:
    unit = ""
    if loss in {Loss.RMSE, Loss.MAE}:
        unit = f" standard deviations of {target}".replace("{", "{{").replace("}", "}}")
    words = f'f"confirm {loss}: {{score:.4f}}{unit}"'
    return f"""\
predicted = model.predict(x[confirm], verbose=0)
score = {_SCORES[loss]}
print({words})
"""

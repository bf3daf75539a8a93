"""train.py: one recipe as plain Keras, only what this recipe uses in it."""

import re
from collections.abc import Iterator

from search import defaults
from search.exporting.loading import loading
from search.models.schedules import (
    COSINE_END,
    COSINE_WARM_UP,
    EXPONENTIAL_END,
    LARGEST_MOMENTUM,
    PIECEWISE,
    may_stop_early,
)
from search.sweep.folder import SweepFile
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
_ONE_CYCLE = '''\
def tent(step):
    """From 0 to 1 in the first 45 % of the steps, down again as long, then 0."""
    position = keras.ops.cast(step, "float32") / (STEPS - 1)
    return keras.ops.maximum(0.0, 1 - keras.ops.abs(position / {rise} - 1))


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Up from a tenth of the rate, down as long, then far down (Smith 2018)."""

    def __call__(self, step):
        position = keras.ops.cast(step, "float32") / (STEPS - 1)
        tail = keras.ops.maximum(0.0, (position - {fall}) / {last:.2g})
        return LEARNING_RATE * ({start} + {climb:g} * tent(step) - {drop:g} * tail)
'''
_CYCLED_SGD = '''\
class CycledSGD(keras.optimizers.SGD):
    """SGD whose momentum runs opposite to the rate; Keras's own reads its momentum once."""

    def update_step(self, gradient, variable, learning_rate):
        rate = keras.ops.cast(learning_rate, variable.dtype)
        momentum = keras.ops.cast({momentum}, variable.dtype)
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(velocity, momentum * velocity - rate * gradient)
        self.assign_add(variable, {change})
'''


def training_code(
    file: SweepFile, recipe: Recipe, loss: Loss, *, score: float | None, has_test_rows: bool
) -> str:
    """The text of train.py.

    Args:
        file: what is fixed of the sweep.
        recipe: what to train.
        loss: what is measured.
        score: on the confirm rows, of the model that is exported beside it, if it is known.
        has_test_rows: whether arrays came with an official test split.
    """
    body = "\n".join(
        (
            "HERE = Path(__file__).parent\nkeras.utils.set_random_seed(0)\n",
            loading(file, has_test_rows=has_test_rows),
            _split(),
            *_planned(recipe),
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


def _planned(recipe: Recipe) -> Iterator[str]:
    """What a schedule over all steps needs."""
    if recipe.lr_schedule in {"constant", "performance"}:
        return
    yield (
        f"LEARNING_RATE = {recipe.learning_rate:.4g}\n"
        f"STEPS = {recipe.epochs} * -(-len(train) // {recipe.batch_size})"
        "  # epochs times batches\n"
    )
    if recipe.lr_schedule != "one_cycle":
        return
    start, end, rise = defaults.ONE_CYCLE_START, defaults.ONE_CYCLE_END, defaults.ONE_CYCLE_RISE
    yield "\n" + _ONE_CYCLE.format(
        rise=rise,
        fall=2 * rise,
        last=1 - 2 * rise,
        start=start,
        climb=1 - start,
        drop=start - end,
    )
    if recipe.momentum is not None:
        swing = defaults.ONE_CYCLE_MOMENTUM_SWING
        high = min(recipe.momentum + swing, LARGEST_MOMENTUM)
        depth = high - max(recipe.momentum - swing, 0.0)
        ahead = "momentum * velocity - rate * gradient"
        yield (
            "\n"
            + _CYCLED_SGD.format(
                momentum=f"{high:g} - {depth:g} * tent(self.iterations)",
                change=ahead if recipe.optimizer == "nag" else "velocity",
            )
            + "\n"
        )


def _model(recipe: Recipe, n_classes: int) -> str:
    options = [f'kernel_initializer="{recipe.initializer}"']
    penalty = {
        "l1": f"L1({recipe.l1})",
        "l2": f"L2({recipe.l2})",
        "l1_l2": f"L1L2({recipe.l1}, {recipe.l2})",
    }.get(recipe.regularization)
    if penalty is not None:
        options.append(f"kernel_regularizer=keras.regularizers.{penalty}")
    hidden = "".join(f"    {layer},\n" for layer in _block(recipe))
    first = [_dropout(recipe)] if recipe.regularization == "dropout_inputs" else []
    layers = ", ".join(["keras.Input(x.shape[1:])", *first])
    last = f"layers.append({_dropout(recipe)})\n" if recipe.regularization == "dropout_last" else ""
    output = f'dense({n_classes}, activation="softmax")' if n_classes else "dense(1)"
    return f"""\
dense = partial(keras.layers.Dense, {", ".join(options)})
layers = [{layers}]
for _ in range({recipe.depth}):
    layers += [
{re.sub(r"^", "    ", hidden, flags=re.MULTILINE).rstrip(" ")}    ]
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
    options = [f"learning_rate={_rate(recipe)}"]
    is_cycled = recipe.momentum is not None and recipe.lr_schedule == "one_cycle"
    if recipe.momentum is not None:
        options.append(f"momentum={recipe.momentum:.4g}")
    if recipe.optimizer == "nag" and not is_cycled:
        options.append("nesterov=True")
    if recipe.total_weight_decay or recipe.optimizer == "adamw":
        options.append(f"weight_decay={recipe.total_weight_decay:.4g}")
    name = "CycledSGD" if is_cycled else f"keras.optimizers.{_OPTIMIZERS[recipe.optimizer]}"
    lines = "".join(f"        {option},\n" for option in options)
    return f"""\
model.compile(
    optimizer={name}(
{lines}    ),
    loss="{loss}",
    metrics=["{metric}"],
)
"""


def _rate(recipe: Recipe) -> str:
    schedules = "keras.optimizers.schedules"
    match recipe.lr_schedule:
        case "one_cycle":
            return "OneCycle()"
        case "exponential":
            return f"{schedules}.ExponentialDecay(LEARNING_RATE, STEPS - 1, {EXPONENTIAL_END})"
        case "cosine":
            up = f"round({COSINE_WARM_UP} * STEPS)"
            options = f"alpha={COSINE_END}, warmup_target=LEARNING_RATE, warmup_steps={up}"
            return f"{schedules}.CosineDecay(0.0, STEPS - {up}, {options})"
        case "piecewise":
            starts = ", ".join(f"int({start} * STEPS)" for start, _ in PIECEWISE)
            rates = ", ".join(f"{recipe.learning_rate * share:.4g}" for _, share in PIECEWISE)
            return f"{schedules}.PiecewiseConstantDecay([{starts}], [LEARNING_RATE, {rates}])"
    return f"{recipe.learning_rate:.4g}"


def _fitted(recipe: Recipe, *, balanced: bool) -> str:
    callbacks = []
    if recipe.restores_best:
        patience = recipe.epochs  # it then only restores
        if may_stop_early(recipe):
            patience = defaults.EARLY_STOPPING_PATIENCE
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

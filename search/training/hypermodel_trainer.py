"""Members trained as somebody else's hypermodel builds, compiles and fits them."""

import math
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, final

import keras
import keras_tuner
import numpy as np

from search.rows import Array, Task, TrainingData
from search.training.architecture import Architecture
from search.training.contract import Curve, Ending, EpochReport, Member, Prune, Result, failed
from search.training.form import Form
from search.training.hypermodels import GivenHyperParameters, explored_space, load_hypermodel
from search.training.jobs import Job, Trainer
from spaces import Space


@final
class HypermodelTrainer(Trainer):
    """Trains by the hypermodel's own `fit`, on what it compiled.

    Epochs and batch size are the recipe's unless that `fit` sets them. After every epoch the
    validation rows are predicted; the best epoch's weights are kept, by the cross entropy or the
    mean squared error.

    Args:
        data: the rows that members name.
        architecture: the hypermodel, and the shape of a row as it sees it.

    Raises:
        InputError: if there is no such hypermodel.
    """

    def __init__(self, data: TrainingData, architecture: Architecture) -> None:
        self._data = data
        self._shape = architecture.row_shape
        self._hypermodel = load_hypermodel(architecture.build)

    def train(self, job: Job, prune: Prune | None = None) -> Iterator[tuple[int, Result]]:
        """Train the members in turn; see `Trainer.train`."""
        for index, member in job.members.items():
            try:
                result = self._train(index, member, prune, keep_weights=job.keep_weights)
            except Exception as error:  # noqa: BLE001  # a person's code may raise whatever it likes
                result = failed(error, "keras")
            keras.utils.clear_session()
            yield index, result

    def _train(
        self, index: int, member: Member, prune: Prune | None, *, keep_weights: bool
    ) -> Result:
        started = time.perf_counter()
        data, recipe, split = self._data, member.recipe, member.split
        hp = GivenHyperParameters(dict(recipe.values))
        keras.utils.set_random_seed(member.seeds.init)
        model = self._hypermodel.build(hp)
        form = Form.of(model, data, self._rows(split.train[:2]))
        validation = self._rows(split.validation)
        watching = _Watching(index, form, validation, data.targets[split.validation], prune)
        weights = data.sample_weight
        keras.utils.set_random_seed(member.seeds.order)
        fit(
            self._hypermodel,
            hp,
            model,
            (self._rows(split.train), form.targets(data.targets[split.train])),
            validation_data=(validation, form.targets(data.targets[split.validation])),
            callbacks=[watching],
            defaults={"epochs": recipe.epochs, "batch_size": recipe.batch_size},
            **({} if weights is None else {"sample_weight": weights[split.train]}),
        )
        kept = watching.finish(model)
        rows = data.held_out.reshape(-1, *self._shape)
        return Result(
            curve=watching.curve(recipe.epochs, seconds=time.perf_counter() - started),
            validation=form.predict(model, validation) if kept else None,
            held_out=form.predict(model, rows) if kept else None,
            weights=tuple(model.get_weights()) if kept and keep_weights else None,
            trainer="keras",
        )

    def _rows(self, rows: Array) -> Array:
        return self._data.features[rows].reshape(-1, *self._shape)


def fit(
    hypermodel: Any,
    hp: Any,
    model: keras.Model,
    rows: tuple[Array, Array],
    *,
    defaults: Mapping[str, Any],
    **options: Any,
) -> None:
    """Let a hypermodel fit; what it does not say itself is as in `defaults`."""
    # Not among the options: a `fit` of its own may pass these on beside its own epochs.
    model.fit = partial(model.fit, **{"verbose": 0, **defaults})
    hypermodel.fit(hp, model, *rows, **options)


def explored(architecture: Architecture, task: Task, n_outputs: int) -> Space:
    """What a person's hypermodel varies, and whether what it makes fits the data.

    Args:
        architecture: the hypermodel.
        task: what is predicted.
        n_outputs: classes, or 1 for a regression.

    Raises:
        InputError: if there is no such hypermodel.
        ValueError: if what it builds does not fit the task.
        Exception: whatever its own code raises at its defaults.
    """
    hypermodel, shape = load_hypermodel(architecture.build), architecture.row_shape
    n_rows = 2 * n_outputs
    features = np.random.default_rng(0).normal(size=(n_rows, *shape)).astype(np.float32)
    targets = np.arange(n_rows) % n_outputs
    data = TrainingData(features, targets, task, n_outputs, features[:0])
    asks_in_fit = type(hypermodel).fit is not keras_tuner.HyperModel.fit
    checked: list[Form] = []

    def attempt(hp: Any) -> None:
        model = hypermodel.build(hp)
        if checked and not asks_in_fit:
            return
        form = Form.of(model, data, features[:2])
        form.predict(model, features)
        checked.append(form)
        pair = features, form.targets(targets)
        model.fit = partial(_one_epoch, model.fit)
        fit(hypermodel, hp, model, pair, validation_data=pair, callbacks=[], defaults={})

    return explored_space(attempt)


def _one_epoch(fit: Any, *arguments: Any, **options: Any) -> Any:
    return fit(*arguments, **{**options, "epochs": 1})


@final
class _Watching(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Follows a training by the validation rows, keeps its best epoch, and ends it in time."""

    def __init__(
        self, index: int, form: Form, rows: Array, targets: Array, prune: Prune | None
    ) -> None:
        super().__init__()
        self._index, self._form, self._prune = index, form, prune
        self._rows, self._targets = rows, targets
        self._train_losses: list[float] = []
        self._losses: list[float] = []
        self._errors: list[float] = []
        self._rates: list[float] = []
        self._best: list[Array] = []
        self._was_pruned = False

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002  # Keras's
        predicted = self._form.predict(self.model, self._rows)
        loss, error = self._form.measure(predicted, self._targets)
        if loss < min(self._losses, default=math.inf):
            self._best = self.model.get_weights()
        self._losses.append(loss)
        self._errors.append(error)
        self._train_losses.append(float((logs or {}).get("loss", loss)))
        self._rates.append(_rate(self.model))
        n = len(self._losses)
        if self._diverged:
            self.model.stop_training = True
        elif self._prune is not None and n < (self.params or {}).get("epochs", n + 1):
            self._was_pruned = self._index in self._prune(
                [EpochReport(self._index, n, loss, error)]
            )
            self.model.stop_training = self.model.stop_training or self._was_pruned

    def finish(self, model: keras.Model) -> bool:
        """Take the best epoch's weights; whether there are any to be used."""
        if not self._losses:  # a `fit` of its own that told of no epoch
            self.set_model(model)
            self.on_epoch_end(0)
        if self._diverged:
            return False
        model.set_weights(self._best)
        return True

    def curve(self, epochs: int, *, seconds: float) -> Curve:
        """How it went, of as many epochs as were asked for."""
        n = len(self._losses)
        best = 0 if self._diverged else int(np.argmin(self._losses)) + 1
        ending, reason = Ending.COMPLETED, f"all {n} epochs were run"
        if self._diverged:
            ending, reason = Ending.DIVERGED, f"the loss became no number in epoch {n}"
        elif self._was_pruned:
            ending, reason = Ending.PRUNED, f"pruned after epoch {n}"
        elif n < epochs:
            ending, reason = Ending.STOPPED_EARLY, f"its own fit ended after epoch {n}"
        return Curve(
            train_loss=tuple(self._train_losses),
            validation_loss=tuple(self._losses),
            validation_error=tuple(self._errors),
            learning_rate=tuple(self._rates),
            best_epoch=best,
            ending=ending,
            reason=reason,
            seconds=seconds,
        )

    @property
    def _diverged(self) -> bool:
        return not (math.isfinite(self._losses[-1]) and math.isfinite(self._train_losses[-1]))


def _rate(model: keras.Model) -> float:
    """The optimizer's learning rate; no number where it has none."""
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", math.nan)
    return float(keras.ops.convert_to_numpy(rate))

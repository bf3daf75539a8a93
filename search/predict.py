"""An exported model at work: predictions for new rows, and how unsure they are."""

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO, final

import keras
import numpy as np

from search.data import Preparation
from search.errors import InputError
from search.models import MonteCarloDropout, predictive_entropy
from search.rows import Array

MODEL, PREPARATION = "model.keras", "preparation.json"
ROWS_AT_ONCE = 1024
"""Rows in a batch where each is predicted once."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """What an exported folder holds to predict with."""

    model: keras.Model
    """(rows, features) -> (rows, classes) probabilities, or (rows, 1) standardized numbers."""
    preparation: Preparation
    """From rows as read to features."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `export` wrote. Nothing is unpickled, and no code in it is run.

        Raises:
            InputError: if a file is missing or damaged.
        """
        for name in (MODEL, PREPARATION):
            if not (folder / name).is_file():
                rule = f"must be a folder that `export` wrote, with {MODEL} and {PREPARATION}"
                raise InputError("EXPORT", rule, str(folder))
        try:
            values = json.loads((folder / PREPARATION).read_text("utf-8"))
            preparation = Preparation.from_dict(values)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(str(folder / PREPARATION), "must be whole", str(error)) from None
        try:
            model = keras.models.load_model(folder / MODEL, compile=False, safe_mode=True)
        except Exception as error:  # noqa: BLE001  # whatever Keras makes of a damaged file
            raise InputError(str(folder / MODEL), "must be whole", str(error)) from None
        return cls(model, preparation)

    def predict(self, rows: Any, samples: int | None = None, *, seed: int = 0) -> "Predictions":
        """Predict rows as read.

        Args:
            rows: a DataFrame or images, as `Preparation.transform` takes them.
            samples: predictions of each row with dropout switched on; None predicts once without.
            seed: of the dropout masks.

        Raises:
            InputError: if rows lack a column, or there is no dropout to be switched on.
        """
        x = self.preparation.transform(rows)
        labels = self.preparation.target.class_names
        if samples is None:
            mean, spread = self._once(x), None
        else:
            try:
                dropping = MonteCarloDropout(self.model, "probabilities" if labels else "numbers")
                found = dropping.predict(x, samples, seed=seed)
            except ValueError as error:
                raise InputError("--samples", "must be left out here", str(error)) from None
            mean, spread = found.mean, found.spread
        if labels:
            return Predictions(mean, predictive_entropy(mean) / math.log(len(labels)), labels)
        target = self.preparation.target
        scaled = None if spread is None else target.scale * spread[:, 0]
        return Predictions(target.mean + target.scale * mean, scaled, ())

    def _once(self, x: Array) -> Array:
        """(rows, outputs) float64 without dropout."""
        starts = range(0, max(len(x), 1), ROWS_AT_ONCE)
        chunks = [self.model(x[start : start + ROWS_AT_ONCE], training=False) for start in starts]
        return np.concatenate([keras.ops.convert_to_numpy(c).astype(np.float64) for c in chunks])


@final
@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions of new rows."""

    mean: Array
    """(rows, classes) probabilities, or (rows, 1) numbers in the target's units."""
    uncertainty: Array | None
    """(rows,) of a class its predictive entropy as a share of the largest: 0 is sure, 1 a blind
    guess. Of a number the standard deviation over the samples, in its units; None without."""
    class_names: tuple[str, ...]
    """By class index; none for numbers."""

    def write_csv(self, out: TextIO) -> None:
        """A header, and a line for each row: `class,probability,uncertainty`, or `prediction`."""
        writer = csv.writer(out, lineterminator="\n")
        head = ("class", "probability") if self.class_names else ("prediction",)
        writer.writerow((*head, *(() if self.uncertainty is None else ("uncertainty",))))
        writer.writerows(self._lines())

    def _lines(self) -> Iterator[list[str]]:
        for row, mean in enumerate(self.mean):
            best = int(mean.argmax())
            line = [self.class_names[best]] if self.class_names else []
            line.append(f"{mean[best]:.6g}")
            if self.uncertainty is not None:
                line.append(f"{self.uncertainty[row]:.6g}")
            yield line

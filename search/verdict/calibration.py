"""Whether predicted probabilities mean what they say.

Guo et al. 2017, On Calibration of Modern Neural Networks: reliability diagram and expected
calibration error over bins of equal width.
"""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from search.verdict.intervals import Array
from search.verdict.losses import finite

BINS = 10
"""Of equal width over the confidence, which is the probability of the predicted class."""


@final
@dataclass(frozen=True, slots=True)
class Calibration:
    """How often predictions of a confidence were right, bin by bin."""

    counts: tuple[int, ...]
    """(BINS,) predictions in each bin."""
    confidence: tuple[float, ...]
    """(BINS,) sums of their confidence."""
    right: tuple[int, ...]
    """(BINS,) how many of them named the right class."""

    @classmethod
    def of(cls, probabilities: Array, labels: Array) -> Self:
        """The calibration of predictions.

        Args:
            probabilities: (..., rows, classes).
            labels: (rows,) class indices, -1 for a class that no prediction can name.

        Raises:
            ValueError: if a probability is not finite.
        """
        finite("probabilities", probabilities)
        confidence = probabilities.max(axis=-1).astype(np.float64)
        right = probabilities.argmax(axis=-1) == labels
        # A confidence of exactly 0.3 lies in the bin above it; 1 in the last.
        bins = np.minimum((confidence * BINS).astype(int), BINS - 1).ravel()
        count, total, hits = (
            np.bincount(bins, weights=weights, minlength=BINS)
            for weights in (None, confidence.ravel(), right.ravel())
        )
        return cls(tuple(map(int, count)), tuple(map(float, total)), tuple(map(int, hits)))

    def __add__(self, other: "Calibration") -> "Calibration":
        """Both pooled."""
        return Calibration(
            counts=tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            confidence=tuple(a + b for a, b in zip(self.confidence, other.confidence, strict=True)),
            right=tuple(a + b for a, b in zip(self.right, other.right, strict=True)),
        )

    @property
    def error(self) -> float:
        """Expected calibration error: mean |accuracy - confidence|, in [0, 1]; 0 without any."""
        gaps = sum(abs(r - c) for r, c in zip(self.right, self.confidence, strict=True))
        return gaps / max(sum(self.counts), 1)

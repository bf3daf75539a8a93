"""A person's own network: by what code, and on rows of what shape."""

from dataclasses import dataclass
from typing import final

from search.named import Named


@final
@dataclass(frozen=True, slots=True)
class Architecture:
    """What builds networks in place of a recipe's depth and width."""

    build: Named
    """`def build(layers, inputs, outputs)`, see `search.models.own`; or a hypermodel."""
    row_shape: tuple[int, ...]
    """Of a row as the function sees it: (features,), or (height, width, channels)."""
    is_hypermodel: bool = False
    """Whether it is KerasTuner's kind of code, which decides more than the network."""

    @classmethod
    def of(
        cls, build: Named, feature_shape: tuple[int, ...], *, is_hypermodel: bool = False
    ) -> "Architecture":
        """The network for rows of a shape; gray images get a channel, as convolutions want it."""
        is_gray = len(feature_shape) == 2
        row_shape = (*feature_shape, 1) if is_gray else feature_shape
        return cls(build, row_shape, is_hypermodel)

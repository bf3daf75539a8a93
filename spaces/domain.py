"""What one hyperparameter may be: a range of numbers or a choice between options."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Float:
    """A real number in `[low, high]`.

    Raises:
        ValueError: if the bounds are out of order, the default lies outside them, or a logarithmic
            range does not start above zero.
    """

    low: float
    """Smallest value."""
    high: float
    """Largest value."""
    default: float
    """The value to use when nothing is known."""
    log: bool = False
    """Whether equal steps are equal ratios."""

    def __post_init__(self) -> None:
        _check_range(self)

    def at(self, position: float) -> float:
        """The value at `position` (0 is `low`, 1 is `high`) on the range's own scale."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            value = math.exp(low + position * (high - low))
        else:
            value = self.low + position * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def position(self, value: float) -> float:
        """Where `value` lies in the range: the inverse of `at`; outside [0, 1] beyond it."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def accepts(self, value: object) -> bool:
        """Whether `value` is a number inside the range."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high  # type: ignore[operator]  # narrowed above


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number in `[low, high]`.

    Raises:
        ValueError: as for `Float`.
    """

    low: int
    """Smallest value."""
    high: int
    """Largest value."""
    default: int
    """The value to use when nothing is known."""
    log: bool = False
    """Whether equal steps are equal ratios."""

    def __post_init__(self) -> None:
        _check_range(self)

    def accepts(self, value: object) -> bool:
        """Whether `value` is a whole number inside the range."""
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and self.low <= value <= self.high  # type: ignore[operator]  # narrowed above


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several options; the first is the default.

    Raises:
        ValueError: if there are no options, or one stands twice.
    """

    options: tuple[str | int, ...]
    """What may be chosen."""

    def __post_init__(self) -> None:
        if not self.options or len(set(self.options)) != len(self.options):
            raise ValueError(
                f"options must be distinct and at least one; received {self.options!r}"
            )

    @property
    def default(self) -> str | int:
        """The option to use when nothing is known: the first."""
        return self.options[0]

    def accepts(self, value: object) -> bool:
        """Whether `value` is one of the options."""
        return value in self.options


Domain = Float | Int | Choice


def _check_range(domain: Float | Int) -> None:
    if not domain.low < domain.high:
        raise ValueError(f"low must be below high; received low={domain.low}, high={domain.high}")
    if not domain.low <= domain.default <= domain.high:
        raise ValueError(
            f"default must lie in [{domain.low}, {domain.high}]; received {domain.default}"
        )
    if domain.log and not domain.low > 0:
        raise ValueError(f"a logarithmic range must start above 0; received low={domain.low}")

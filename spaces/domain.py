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
        value = _interpolated(self.low, self.high, position, log=self.log)
        return min(max(value, self.low), self.high)

    def position(self, value: float) -> float:
        """Where `value` lies in the range: the inverse of `at`; outside [0, 1] beyond it."""
        return _located(self.low, self.high, value, log=self.log)

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

    def at(self, position: float) -> int:
        """The whole number at `position`, in [0, 1], of the range's own scale.

        Each has a stretch of [0, 1] to itself, as if the range went from half below `low` to half
        above `high` and were rounded; on a linear scale they are all as long.
        """
        value = _interpolated(self.low - 0.5, self.high + 0.5, position, log=self.log)
        return min(max(round(value), self.low), self.high)

    def position(self, value: float) -> float:
        """Where `value` lies in the range; `at` of it is `value` if that is a whole number."""
        return _located(self.low - 0.5, self.high + 0.5, value, log=self.log)

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


def _interpolated(low: float, high: float, position: float, *, log: bool) -> float:
    if log:
        return math.exp(math.log(low) + position * (math.log(high) - math.log(low)))
    return low + position * (high - low)


def _located(low: float, high: float, value: float, *, log: bool) -> float:
    if log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)

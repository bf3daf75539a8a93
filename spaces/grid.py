"""The full grid of a space, point by point, without building it."""

from collections.abc import Iterator
from math import prod

from spaces.domain import Choice, Domain
from spaces.space import Space, Value


def grid_size(space: Space, steps: int) -> int:
    """How many points the grid has: every option, and `steps` values of every number.

    Args:
        space: conditions count, too: an option has as many points as the space it brings.
        steps: values of a number, at least 1; whole numbers have fewer in a short range.

    Raises:
        ValueError: for less than 1 step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1; received {steps}")
    return prod(_size(space, name, steps) for name in space.domains)


def grid_point(space: Space, index: int, steps: int) -> dict[str, Value]:
    """One point of the grid, the first parameter changing fastest (mixed radix).

    Args:
        space: as for `grid_size`.
        index: from 0 to below `grid_size`.
        steps: values of a number, in the middles of as many equal parts of its range's own scale.

    Raises:
        ValueError: if there is no such point, and as `grid_size` does.
    """
    size = grid_size(space, steps)
    if not 0 <= index < size:
        raise ValueError(f"index must be from 0 to below {size}; received {index}")
    return dict(_point(space, index, steps, ""))


def _point(space: Space, index: int, steps: int, prefix: str) -> Iterator[tuple[str, Value]]:
    for name, domain in space.domains.items():
        index, digit = divmod(index, _size(space, name, steps))
        nested = space.conditions.get(name, {})
        for value in _values(domain, steps):
            under = nested.get(value, Space({})) if not isinstance(value, float) else Space({})
            size = grid_size(under, steps)
            if digit < size:
                yield prefix + name, value
                yield from _point(under, digit, steps, f"{value}.")
                break
            digit -= size


def _size(space: Space, name: str, steps: int) -> int:
    nested = space.conditions.get(name, {})
    values = _values(space.domains[name], steps)
    return len(values) + sum(grid_size(under, steps) - 1 for under in nested.values())


def _values(domain: Domain, steps: int) -> list[Value]:
    if isinstance(domain, Choice):
        return list(domain.options)
    return list(dict.fromkeys(domain.at((i + 0.5) / steps) for i in range(steps)))

"""Whether the best point of a search lies at an edge of its space, and what to search next.

The Deep Learning Tuning Playbook (Godbole et al. 2023): a search whose best point lies near the
boundary of its space may not have been wide enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from spaces.domain import Choice, Domain, Float, Int
from spaces.recipe import field_of
from spaces.space import Space, Value, describe

SHARE = 0.05
"""What lies in this outer share of a range's own scale is at its edge."""
_DECADE, _OCTAVE = 10.0, 2.0
_LONG = 100.0
"""A logarithmic range whose ends have this ratio is widened by a decade, a shorter one by two."""
_LARGEST = {"momentum": 0.99, "dropout_rate": 0.9}
"""Recipe field -> where a wider range ends at the latest; one_cycle goes no higher, either."""


@final
@dataclass(frozen=True, slots=True)
class Edge:
    """A number of a point that lies at an edge of its range."""

    parameter: str
    """Its full name."""
    value: float
    """What it is at the point."""
    end: Literal["low", "high"]
    """Which end of the range."""
    domain: Domain
    """What was searched: a range or a grid of whole numbers."""
    wider: Domain
    """What to search next: the same, reaching further at that end."""

    def __str__(self) -> str:
        domain, wider = (describe(_ascending(x)) for x in (self.domain, self.wider))
        where = f"lies at the {self.end} end of {domain}"
        return f"{self.parameter} = {self.value:g} {where}; search {wider} next."


def edges(space: Space, values: Mapping[str, Value]) -> tuple[Edge, ...]:
    """The numbers of a point that lie at an edge of their range or grid.

    Ends beyond which a recipe cannot go, or should not, are no edges: 0 of a penalty, one layer.

    Args:
        space: over recipe fields.
        values: one of its points, such as the best.
    """
    found = (_edge(name, domain, values[name]) for name, domain in space.active(values))
    return tuple(edge for edge in found if edge is not None)


def _ascending(domain: Domain) -> Domain:
    """A grid in its order; a space has its default first."""
    if not isinstance(domain, Choice):
        return domain
    return Choice(tuple(sorted(option for option in domain.options if isinstance(option, int))))


def _edge(name: str, domain: Domain, value: Value) -> Edge | None:
    if isinstance(value, str | bool):
        return None
    end = _end(domain, value)
    if end is None:
        return None
    wider = _wider(domain, end, _LARGEST.get(field_of(name), float("inf")))
    return None if wider == domain else Edge(name, value, end, domain, wider)


def _end(domain: Domain, value: float) -> Literal["low", "high"] | None:
    if isinstance(domain, Choice):
        sizes = [option for option in domain.options if isinstance(option, int)]
        if len(sizes) < max(2, len(domain.options)):
            return None
        low, high = value == min(sizes), value == max(sizes)
    else:
        position = domain.position(value)
        low = position < SHARE or value == domain.low
        high = position > 1 - SHARE or value == domain.high
    return "low" if low else "high" if high else None


def _wider(domain: Domain, end: str, largest: float) -> Domain:
    if isinstance(domain, Choice):
        sizes = [option for option in domain.options if isinstance(option, int)]
        new = max(1, min(sizes) // 2) if end == "low" else max(sizes) * 2
        return Choice(tuple(dict.fromkeys((*domain.options, new))))
    if isinstance(domain, Int):
        least = min(domain.low, max(1, domain.low // 2)) if end == "low" else domain.low
        most = domain.high * 2 if end == "high" else domain.high
        return Int(least, most, default=domain.default, log=domain.log)
    low, high = _further(domain)
    if end == "low":
        return Float(low, domain.high, default=domain.default, log=domain.log)
    high = max(min(high, largest), domain.high)
    return Float(domain.low, high, default=domain.default, log=domain.log)


def _further(domain: Float) -> tuple[float, float]:
    """Both ends, moved outwards: by a factor, or on a linear scale by the range's length."""
    if domain.log:
        factor = _DECADE if domain.high >= _LONG * domain.low else _OCTAVE
        return domain.low / factor, domain.high * factor
    length = domain.high - domain.low
    return min(domain.low, max(0.0, domain.low - length)), domain.high + length

"""Hypothesis strategies that several test modules share."""

from typing import Any

from hypothesis import strategies as st

from spaces import FACTORS, Choice, Domain, Float, Recipe, Space, Value

SMALL = {"depth": 3, "width": 8, "batch_size": 16, "epochs": 3}


@st.composite
def recipes(draw: st.DrawFn, /, **fixed: Any) -> Recipe:
    """Small recipes over the full table, their `fixed` fields as given."""
    fields: dict[str, Any] = {
        name: draw(st.integers(1, largest)) for name, largest in SMALL.items() if name not in fixed
    }
    for name, factor in FACTORS.items():
        level = factor.get(
            fixed.get(name) or draw(st.sampled_from([x.name for x in factor.levels]))
        )
        fields[name] = level.name
        fields |= {number: draw(values_of(x)) for number, x in level.hyperparameters().items()}
    return Recipe(**{**fields, **fixed})


@st.composite
def points(draw: st.DrawFn, /, space: Space) -> dict[str, Value]:
    """Points of a space."""
    values: dict[str, Value] = {}
    for name, domain in space.active(values):
        values[name] = draw(values_of(domain))
    return values


def values_of(domain: Domain) -> st.SearchStrategy[Any]:
    """Values that a domain accepts."""
    if isinstance(domain, Choice):
        return st.sampled_from(domain.options)
    if isinstance(domain, Float):
        return st.floats(0, 1).map(domain.at)
    return st.integers(domain.low, domain.high)

"""A base recipe as prior over a space: what is near it is more likely, how much so is confidence.

After PriorBand (Mallik et al. 2023), which samples around a given default, and piBO (Hvarfner et
al. 2022), which weights an acquisition by the density.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from statistics import NormalDist
from typing import final

from spaces.domain import Choice, Domain, Float, Int
from spaces.joint import recipe_at
from spaces.questions import alternatives
from spaces.recipe import Recipe, field_of
from spaces.space import Space, Value

_LARGEST_SHARE = 1 - 2**-53
"""The largest number below 1, where the inverse of a distribution function is still finite."""


@final
@dataclass(frozen=True, slots=True)
class Confidence:
    """How closely a prior keeps to its centre."""

    choice: float
    """Probability of the base's option, at least; an even share if that is more."""
    deviation: float
    """Standard deviation of a number, before it is cut to its range, whose length is 1."""


CONFIDENCES: dict[str, Confidence] = {
    "low": Confidence(choice=0.4, deviation=0.4),
    "medium": Confidence(choice=0.6, deviation=0.25),
    "high": Confidence(choice=0.8, deviation=0.12),
}


def get_confidence(name: str) -> Confidence:
    """The confidence called `name`.

    Raises:
        ValueError: listing them.
    """
    if name not in CONFIDENCES:
        raise ValueError(f"confidence must be one of {', '.join(CONFIDENCES)}; received {name!r}")
    return CONFIDENCES[name]


@final
@dataclass(frozen=True, slots=True)
class Prior:
    """Independent distributions of all parameters, centred on one point.

    A choice takes its base option with the confidence's probability and the others evenly. A number
    is normal around its base value on its range's own scale, cut to the range.

    Raises:
        ValueError: if `base_values` is no point of the space, or for an unknown confidence.
    """

    space: Space
    """What is sampled."""
    base_values: Mapping[str, Value]
    """The centre, a point; parameters that do not exist there have their default as centre."""
    confidence: str = "medium"
    """A name of CONFIDENCES."""

    def __post_init__(self) -> None:
        get_confidence(self.confidence)
        self.space.check(self.base_values)

    def sample(self, rng: Random) -> dict[str, Value]:
        """A point of the space."""
        values: dict[str, Value] = {}
        for name, domain in self.space.active(values):
            values[name] = self.sample_one(name, domain, rng)
        return values

    def sample_one(self, name: str, domain: Domain, rng: Random) -> Value:
        """A value of one parameter, by one draw of `rng`."""
        share = rng.random()
        if isinstance(domain, Choice):
            for option in domain.options:
                share -= self._probability(name, domain, option)
                if share < 0:
                    return option
            return domain.options[-1]  # what rounding leaves
        normal = self._normal(name, domain)
        below = normal.cdf(0.0)
        share = below + share * (normal.cdf(1.0) - below)
        position = normal.inv_cdf(min(share, _LARGEST_SHARE))
        return domain.at(min(max(position, 0.0), 1.0))

    def log_density(self, values: Mapping[str, Value]) -> float:
        """The natural logarithm of the density at a point, in nats.

        That is the product over its parameters of a choice's probability and of a number's density
        relative to the uniform one on its range's own scale: 0 nats where that is uniform.

        Raises:
            ValueError: if `values` is no point of the space.
        """
        self.space.check(values)
        densities = (self._density(name, x, values[name]) for name, x in self.space.active(values))
        # A number far from a confident centre has a density too small for a float.
        return sum(math.log(max(density, 5e-324)) for density in densities)

    def _density(self, name: str, domain: Domain, value: Value) -> float:
        if isinstance(domain, Choice):
            return self._probability(name, domain, value)
        assert not isinstance(value, str)
        normal = self._normal(name, domain)
        mass = normal.cdf(1.0) - normal.cdf(0.0)
        if isinstance(domain, Float):
            return normal.pdf(domain.position(value)) / mass
        low, high = domain.position(value - 0.5), domain.position(value + 0.5)
        return (normal.cdf(high) - normal.cdf(low)) / mass / (high - low)

    def _probability(self, name: str, domain: Choice, option: Value) -> float:
        n = len(domain.options)
        base = max(get_confidence(self.confidence).choice, 1 / n) if n > 1 else 1.0
        return base if option == self._centre(name, domain) else (1 - base) / (n - 1)

    def _normal(self, name: str, domain: Float | Int) -> NormalDist:
        centre = self._centre(name, domain)
        assert not isinstance(centre, str)
        return NormalDist(domain.position(centre), get_confidence(self.confidence).deviation)

    def _centre(self, name: str, domain: Domain) -> Value:
        return self.base_values.get(name, domain.default)


def prior_point(space: Space, base: Recipe) -> dict[str, Value]:
    """The point of a space nearest to a recipe: its own values where the space has them.

    Where it has not, the point has the space's default, and what that choice brings has the
    guideline's: a rate of NAG says nothing about Adam's.
    """
    values: dict[str, Value] = dict(base.values)
    if values:
        return values
    for name, domain in space.active(values):
        own = getattr(base, field_of(name))
        values[name] = own if domain.accepts(own) else domain.default
        base = base.replace(**{field_of(name): values[name]})
    return values


def guideline_points(space: Space, base: Recipe, name: str) -> list[dict[str, Value]]:
    """The point of a default and those of the guideline's other recipes that lie in a space.

    The others take the shape, the batch size and the epochs of the default.

    Args:
        space: what may vary.
        base: the default.
        name: of the guideline's recipe that it is.
    """
    point = prior_point(space, base)
    if base.values:  # of a hypermodel, of which the guideline says nothing
        return [point]
    others = [other.recipe for other in alternatives(name, "recipe", base)]
    points = [(other, prior_point(space, other)) for other in others]
    return [point, *(at for other, at in points if recipe_at(base, at) == other and at != point)]


def changes(space: Space, base: Recipe, values: Mapping[str, Value]) -> int:
    """How many choices of a point differ from a recipe, its shape's among them; numbers do not."""
    return sum(
        values[name] != base.value_of(name)
        for name, domain in space.active(values)
        if isinstance(domain, Choice)
    )

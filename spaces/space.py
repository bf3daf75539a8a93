"""A search space: named domains, and nested spaces for what exists only under some choices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from spaces.domain import Choice, Domain

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Space:
    """What may vary.

    `Space({"optimizer": Choice(("nag", "adam"))}, {"optimizer": {"nag": Space({"momentum": m})}})`
    has a momentum under NAG and none under Adam. A parameter of a nested space is named after the
    option that brings it: `nag.momentum`.

    Raises:
        ValueError: if a condition names something that is not a choice of this space or not one of
            its options, or if a name contains a dot.
    """

    domains: Mapping[str, Domain]
    """The parameters that are always there."""
    conditions: Mapping[str, Mapping[str | int, "Space"]] = field(default_factory=dict)
    """Choice -> option -> the space that comes with this option."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "domains", MappingProxyType(dict(self.domains)))
        conditions = {name: MappingProxyType(dict(c)) for name, c in self.conditions.items()}
        object.__setattr__(self, "conditions", MappingProxyType(conditions))
        for name in self.domains:
            if "." in name:
                raise ValueError(f"a parameter's name must not contain a dot; received {name!r}")
        for name, nested in self.conditions.items():
            choice = self.domains.get(name)
            if not isinstance(choice, Choice):
                raise ValueError(f"a condition must name a Choice of its space; received {name!r}")
            for option in nested:
                if option not in choice.options:
                    listed = ", ".join(map(str, choice.options))
                    raise ValueError(f"{name} has the options {listed}; received {option!r}")

    def parameters(self, prefix: str = "") -> Iterator[tuple[str, Domain]]:
        """Every parameter under its full name, nested ones after the choice that brings them."""
        for name, domain in self.domains.items():
            yield prefix + name, domain
            for option, nested in self.conditions.get(name, {}).items():
                yield from nested.parameters(f"{option}.")

    def active(self, values: Mapping[str, Value], prefix: str = "") -> Iterator[tuple[str, Domain]]:
        """The parameters that exist given the choices in `values`, parents before children.

        `values` may be filled while this is iterated: a choice is looked up after it was yielded.

        Raises:
            KeyError: if a choice that others depend on is still missing when they are reached.
        """
        for name, domain in self.domains.items():
            yield prefix + name, domain
            if name in self.conditions:
                option = values[prefix + name]
                if not isinstance(option, float) and option in self.conditions[name]:
                    yield from self.conditions[name][option].active(values, f"{option}.")

    def defaults(self) -> dict[str, Value]:
        """The default of every parameter that is active under the default choices."""
        values: dict[str, Value] = {}
        for name, domain in self.active(values):
            values[name] = domain.default
        return values

    def check(self, values: Mapping[str, Value]) -> None:
        """Check that `values` is one point of this space.

        Raises:
            ValueError: naming the parameter that is missing, unknown here, or outside its domain.
        """
        known = set()
        for name, domain in self.active(values):
            if name not in values:
                raise ValueError(f"{name} must be {describe(domain)}; received nothing")
            if not domain.accepts(values[name]):
                raise ValueError(f"{name} must be {describe(domain)}; received {values[name]!r}")
            known.add(name)
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{name} does not exist under these choices; received {value!r}")


def describe(domain: Domain) -> str:
    """A domain in words: `0.001 to 1 (log scale)` or `one of nag, adamw`."""
    if isinstance(domain, Choice):
        return "one of " + ", ".join(map(str, domain.options))
    scale = " (log scale)" if domain.log else ""
    return f"{domain.low:g} to {domain.high:g}{scale}"

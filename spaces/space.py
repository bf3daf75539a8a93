"""A search space: named domains, and nested spaces for what exists only under some choices."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Self

from spaces.domain import Choice, Domain, Float, Int

Value = float | int | str
FORMAT = 1
_KINDS: dict[str, type[Float | Int | Choice]] = {"float": Float, "int": Int, "choice": Choice}


@dataclass(frozen=True, slots=True)
class Space:
    """What may vary.

    `Space({"optimizer": Choice(("nag", "adam"))}, {"optimizer": {"nag": Space({"momentum": m})}})`
    has a momentum under NAG and none under Adam. A parameter of a nested space is named after the
    option that brings it: `nag.momentum`.

    Raises:
        ValueError: if a condition names something that is not a choice of this space or not one of
            its options, if a name contains a dot, or if two parameters get the same full name.
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
        names = [name for name, _ in self.parameters()]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"parameters must have names of their own; received {name!r} twice"
                )

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

    def to_dict(self) -> dict[str, Any]:
        """Format version and all parameters, ready for JSON."""
        return {"format": FORMAT, "parameters": _written(self)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The space written by `to_dict`.

        Raises:
            ValueError: for another format version, or what `to_dict` cannot have written.
        """
        if fields.get("format") != FORMAT:
            raise ValueError(
                f"a space's format must be {FORMAT}; received {fields.get('format')!r}"
            )
        try:
            return cls._read(fields["parameters"])
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"a space must be as it was written; received {error!r}") from None

    @classmethod
    def _read(cls, parameters: Mapping[str, Any]) -> Self:
        domains: dict[str, Domain] = {}
        conditions: dict[str, dict[str | int, Space]] = {}
        for name, fields in parameters.items():
            given = dict(fields)
            if "under" in given:
                conditions[name] = {x: cls._read(nested) for x, nested in given.pop("under")}
            if "options" in given:
                given["options"] = tuple(given["options"])
            domains[name] = _KINDS[given.pop("kind")](**given)
        return cls(domains, conditions)


def _written(space: Space) -> dict[str, Any]:
    kinds = {kind: name for name, kind in _KINDS.items()}
    written: dict[str, Any] = {}
    for name, domain in space.domains.items():
        written[name] = {"kind": kinds[type(domain)], **asdict(domain)}
        if isinstance(domain, Choice):
            written[name]["options"] = list(domain.options)
        if name in space.conditions:  # in pairs: an option may be a number, a key of JSON may not
            nested = space.conditions[name].items()
            written[name]["under"] = [[option, _written(each)] for option, each in nested]
    return written


def describe(domain: Domain) -> str:
    """A domain in words: `0.001 to 1 (log scale)` or `one of nag, adamw`."""
    if isinstance(domain, Choice):
        return "one of " + ", ".join(map(str, domain.options))
    scale = " (log scale)" if domain.log else ""
    return f"{domain.low:g} to {domain.high:g}{scale}"

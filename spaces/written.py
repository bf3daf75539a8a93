"""A space written as tables over recipe fields, as TOML has them.

[activation]
options = ["swish", "relu"]

[width]
options = [100, 300, 600]

[learning_rate]      # wherever an optimizer brings it
low = 1e-3
high = 0.3

[nag.learning_rate]  # under this option alone
low = 1e-2
high = 1.0
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from spaces.domain import Choice, Domain, Float, Int
from spaces.guideline import FACTORS, Level
from spaces.joint import SHAPE
from spaces.recipe import Recipe, field_of
from spaces.space import Space
from spaces.validity import BRINGING, SEARCHED, check_name, check_values

_LOG = {
    number: domain.log
    for level in BRINGING.values()
    for number, domain in level.hyperparameters().items()
}
"""Number -> whether the guideline has it on a logarithmic scale."""


def written_space(tables: Mapping[str, Any], base: Recipe) -> Space:
    """The space that tables say.

    A field that is not named stays as the base recipe has it; a number that a named option brings
    has the guideline's range unless it is named, too. Defaults lie as near to the base recipe as
    they can.

    Args:
        tables: by recipe field, or by option and then by a number that it brings. A factor has
            `options`; a number has `low` and `high`, and `log` unless it is to have the guideline's
            scale; depth, width and batch size have either.
        base: gives every field that is not named.

    Raises:
        ValueError: naming the key, the rule and what was received.
    """
    written = {key: _domain(key, table) for key, table in _flat(tables)}
    kept = {name: level for name, level in base.levels.items() if name not in written}
    chosen = {name: _levels(name, written[name]) for name in FACTORS if name in written}
    options = [level.name for levels in chosen.values() for level in levels]
    for key in written:
        _check_brought(key, options, [level.name for level in kept.values()])
    domains = {
        name: _near(written[name], getattr(base, name))
        for name in (*FACTORS, *SHAPE)
        if name in written
    }
    for level in kept.values():
        numbers = _numbers(level, written, base)
        domains |= {name: domain for name, domain in numbers.items() if name in written}
    conditions: dict[str, dict[str | int, Space]] = {}
    for factor, levels in chosen.items():
        bringing = [level for level in levels if level.name in BRINGING]
        if bringing:
            conditions[factor] = {x.name: Space(_numbers(x, written, base)) for x in bringing}
    return Space(domains, conditions)


def _flat(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each table under its key: `width`, or `nag.learning_rate` for what an option brings."""
    for key, table in tables.items():
        check_name(key, (*SEARCHED, *BRINGING))
        if key not in BRINGING or not isinstance(table, dict):
            yield key, table
            continue
        numbers = BRINGING[key].hyperparameters()
        nested = {name: each for name, each in table.items() if isinstance(each, dict)}
        for name, each in nested.items():
            if name not in numbers:
                rule = f"must be one of {', '.join(numbers)}"
                raise ValueError(f"a number that {key} brings {rule}; received {name}")
            yield f"{key}.{name}", each
        if len(nested) < len(table) or not table:  # some are fields, too: l2, momentum
            yield key, {name: each for name, each in table.items() if name not in nested}


def _domain(key: str, table: Any) -> Domain:
    """What a table says, as a domain whose default is yet to be found."""
    field = field_of(key)
    if field not in SEARCHED:
        example = next(iter(BRINGING[key].hyperparameters()))
        raise ValueError(f"{key} must have tables such as {key}.{example}; received {table!r}")
    if not isinstance(table, dict):
        raise ValueError(f"{key} must be a table; received {table!r}")
    is_range = field in _LOG or (field in SHAPE and "options" not in table)
    needed, known = {"options"}, {"options"}
    if is_range:
        needed, known = {"low", "high"}, {"low", "high", "log"}
    if not needed <= table.keys() <= known:
        rule = "low and high, and may have log" if is_range else "options alone"
        raise ValueError(f"{key} must have {rule}; received {', '.join(table) or 'nothing'}")
    return _range(key, **table) if is_range else _choice(key, **table)


def _choice(key: str, *, options: Any) -> Choice:
    if not isinstance(options, list):
        raise ValueError(f"{key} must have a list of options; received {options!r}")
    check_values(key, options)
    try:
        return Choice(tuple(options))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _range(key: str, *, low: Any, high: Any, log: Any = None) -> Float | Int:
    field = field_of(key)
    check_values(key, (low, high))
    if log is None:
        log = _LOG.get(field, False)
    if not isinstance(log, bool):
        raise ValueError(f"{key}: log must be true or false; received {log!r}")
    try:
        if field in SHAPE:
            return Int(low, high, default=low, log=log)
        return Float(float(low), float(high), default=float(low), log=log)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _levels(factor: str, choice: Domain) -> list[Level]:
    assert isinstance(choice, Choice)
    return [FACTORS[factor].get(str(name)) for name in choice.options]


def _check_brought(key: str, chosen: Collection[str], kept: Collection[str]) -> None:
    """Check that some level brings the number that a key is about.

    Args:
        key: `width`, `l2` or `l1_l2.l2`.
        chosen: the options of the factors that are named.
        kept: the base recipe's levels of the others.
    """
    option, _, number = key.rpartition(".")
    if number not in _LOG:
        return
    bringing = (
        [option] if option else [x for x in BRINGING if number in BRINGING[x].hyperparameters()]
    )
    where = "the options" if option else "the options or in the base recipe"
    if not {*chosen, *(() if option else kept)}.intersection(bringing):
        rule = f"must come with {' or '.join(bringing)} among {where}"
        raise ValueError(f"{key} {rule}; received a space without")


def _numbers(level: Level, written: Mapping[str, Domain], base: Recipe) -> dict[str, Domain]:
    """What a level brings: by its own key, by the number's, or as in the guideline."""
    has_own = level in base.levels.values()
    numbers: dict[str, Domain] = {}
    for name, guideline in level.hyperparameters().items():
        domain = written.get(f"{level.name}.{name}") or written.get(name) or guideline
        numbers[name] = _near(domain, getattr(base, name) if has_own else guideline.default)
    return numbers


def _near(domain: Domain, value: Any) -> Domain:
    """The domain with the default that is nearest to `value`."""
    if isinstance(domain, Choice):
        return Choice(tuple(sorted(domain.options, key=lambda option: option != value)))
    return replace(domain, default=min(max(value, domain.low), domain.high))

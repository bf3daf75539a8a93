"""When a space may take the place of one that trials are stored of."""

from spaces.domain import Choice, Domain, Float
from spaces.space import Space, describe


def check_extends(stored: Space, new: Space) -> None:
    """Check that every point of `stored` is a point of `new`, so that its trials still count.

    Options may be added, with parameters of their own, and ranges widened.

    Raises:
        ValueError: naming the parameter that does not allow it, and why.
    """
    _check_nested(stored, new, "")


def _check_nested(stored: Space, new: Space, prefix: str) -> None:
    for name, before in stored.domains.items():
        full, now = prefix + name, new.domains.get(name)
        if now is None:
            raise ValueError(
                f"{full} must stay: there are trials with it; received a space without"
            )
        _check_domain(full, before, now)
        if isinstance(before, Choice):
            was, will_be = (space.conditions.get(name, {}) for space in (stored, new))
            for option in before.options:
                nothing = Space({})
                pair = was.get(option, nothing), will_be.get(option, nothing)
                _check_nested(*pair, f"{option}.")
    for name, domain in new.domains.items():
        if name not in stored.domains:
            rule = "must come with an option that is new: there are trials without it"
            raise ValueError(f"{prefix}{name} {rule}; received {describe(domain)}")


def _check_domain(name: str, before: Domain, now: Domain) -> None:
    if isinstance(before, Choice) and isinstance(now, Choice):
        for option in before.options:
            if option not in now.options:
                rule = f"must keep the option {option!r}: there may be trials with it"
                raise ValueError(f"{name} {rule}; received {describe(now)}")
    elif isinstance(before, Choice) or type(now) is not type(before) or now.log != before.log:
        rule = f"must stay of its kind, {_kind(before)}: there are trials of it"
        raise ValueError(f"{name} {rule}; received {_kind(now)}")
    elif not now.low <= before.low < before.high <= now.high:
        rule = f"must contain {describe(before)}: there may be trials all over it"
        raise ValueError(f"{name} {rule}; received {describe(now)}")


def _kind(domain: Domain) -> str:
    if isinstance(domain, Choice):
        return "a choice"
    numbers = "real numbers" if isinstance(domain, Float) else "whole numbers"
    return f"{numbers} on a {'logarithmic' if domain.log else 'linear'} scale"

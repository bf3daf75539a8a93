"""Every error this package raises on purpose.

SearchError                     one line for a person; exit code 1
├── InputError                  bad input: file, column, flag, space; exit code 2
│   └── SettingsChangedError    a sweep's name is taken by one with other settings
├── SweepHeldError              another process works on this sweep
├── SweepNotFoundError          no sweep has this name; exit code 2
├── ScheduleNotFoundError       no schedule has this name; exit code 2
├── StoreError                  a sweep's files are damaged or from another version
└── AllTrialsFailedError        the first trials all failed
"""

LONGEST_SHOWN = 300
"""Characters of what was received that an error repeats."""


class SearchError(Exception):
    """The root: its message is one line that says the thing, the rule and what was received."""

    exit_code = 1


class InputError(SearchError):
    """Bad input; nothing was written."""

    exit_code = 2

    def __init__(self, thing: str, rule: str, received: object) -> None:
        self.thing = thing
        self.rule = rule
        self.received = received
        super().__init__(one_line(f"{thing} {rule}; received {_shown(received)}"))


class SettingsChangedError(InputError):
    """A sweep's name is taken by one with other settings than raised limits."""


class SweepHeldError(SearchError):
    """Another process works on this sweep."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"sweep {name!r} is being run by another process; wait for it or stop it")


class SweepNotFoundError(SearchError):
    """No sweep has this name."""

    exit_code = 2

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"no sweep is called {name!r}; sweeps here: {', '.join(known) or 'none'}")


class ScheduleNotFoundError(SearchError):
    """No schedule has this name."""

    exit_code = 2

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        self.known = known
        listed = ", ".join(known) or "none"
        super().__init__(one_line(f"no schedule is called {name!r}; schedules here: {listed}"))


class StoreError(SearchError):
    """A sweep's files are damaged or were written by another version of the format."""


class AllTrialsFailedError(SearchError):
    """The first trials all failed, so the rest would too."""

    def __init__(self, count: int, reason: str) -> None:
        self.count = count
        self.reason = reason
        super().__init__(f"the first {count} trials all failed: {reason}")


def one_line(text: str) -> str:
    """Text without line breaks, and with control characters spelled out: a terminal obeys them."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _shown(received: object) -> str:
    try:
        text = received if isinstance(received, str) else repr(received)
    except (ValueError, RecursionError):  # thousands of digits; thousands of brackets
        return f"a very long {type(received).__name__}"
    if not text.strip():
        return repr(text) if text else "nothing"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."

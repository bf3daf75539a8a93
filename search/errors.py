"""Every error this package raises on purpose.

SearchError                     one line for a person; exit code 1
├── InputError                  bad input: file, column, flag, space; exit code 2
│   └── SettingsChangedError    a sweep's name is taken by one with other settings
├── SweepHeldError              another process works on this sweep
├── SweepNotFoundError          no sweep has this name; exit code 2
├── StoreError                  a sweep's files are damaged or from another version
└── AllTrialsFailedError        the first trials all failed
"""


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
        text = received if isinstance(received, str) else repr(received)
        super().__init__(f"{thing} {rule}; received {' '.join(text.split())}")


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


class StoreError(SearchError):
    """A sweep's files are damaged or were written by another version of the format."""


class AllTrialsFailedError(SearchError):
    """The first trials all failed, so the rest would too."""

    def __init__(self, count: int, reason: str) -> None:
        self.count = count
        self.reason = reason
        super().__init__(f"the first {count} trials all failed: {reason}")

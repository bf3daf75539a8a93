"""Whom to tell of what; `notify` does the telling."""

import shlex
from dataclasses import dataclass
from typing import Literal, final
from urllib.parse import urlsplit

from search.errors import InputError

Occasion = Literal["finish", "failure", "change"]
OCCASIONS: tuple[Occasion, ...] = ("finish", "failure", "change")
"""A sweep ended, whatever it found; it failed; or a decided outcome was contradicted."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a person wants to hear of, and how. Secrets are named here and kept elsewhere.

    Raises:
        InputError: naming what breaks a rule.
    """

    occasions: tuple[Occasion, ...] = ("failure", "change")
    """When to tell."""
    webhook: str | None = None
    """An http or https address that JSON is posted to; `$NAME` in it is taken from the
    environment."""
    command: str | None = None
    """A command that reads the same JSON; run without a shell."""
    secret_env: str | None = None
    """Environment variable whose value goes along as `Authorization: Bearer ...`."""

    def __post_init__(self) -> None:
        for occasion in self.occasions:
            if occasion not in OCCASIONS:
                rule = f"must be one of {', '.join(OCCASIONS)}"
                raise InputError("--notify", rule, occasion)
        if self.webhook is not None:
            _check_address(self.webhook)
        if self.command is not None:
            _check_command(self.command)
        if self.secret_env is not None and not self.secret_env.isidentifier():
            rule = "must name an environment variable; the secret itself stays there"
            raise InputError("--secret-env", rule, "something else")
        if self.secret_env is not None and self.webhook is None:
            raise InputError("--secret-env", "must go with --webhook", "no webhook")

    @property
    def is_wanted(self) -> bool:
        """Whether there is anyone to tell."""
        return self.webhook is not None or self.command is not None

    def wants(self, state: str, *, changed: bool) -> bool:
        """Whether someone is to be told of the end of a slot.

        Args:
            state: done, failed or unchanged; of unchanged data nobody is told.
            changed: whether an outcome was contradicted, or the champion beaten.
        """
        happened = {"finish": state != "unchanged", "failure": state == "failed", "change": changed}
        return self.is_wanted and any(happened[occasion] for occasion in self.occasions)


def shown(webhook: str) -> str:
    """The address without what may be secret in it: its path and whoever logs in."""
    if webhook.startswith("$"):
        return webhook
    parts = urlsplit(webhook)
    return f"{parts.scheme}://{parts.hostname or '***'}/***"


def _check_address(webhook: str) -> None:
    if webhook.startswith("$") and webhook[1:].strip("{}").isidentifier():
        return
    try:
        parts = urlsplit(webhook)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname or "$" in webhook)
        has_password = "@" in parts.netloc
    except ValueError:
        is_address = has_password = False
    if not is_address:
        raise InputError(
            "--webhook", "must be an address with http or https", shown_safely(webhook)
        )
    if has_password:
        rule = "must have no password in it; name its variable with --secret-env"
        raise InputError("--webhook", rule, shown(webhook))


def shown_safely(text: str) -> str:
    """What is no address, before anything that may be secret."""
    return text.partition(":")[0][:40] + ("..." if ":" in text else "")


def _check_command(command: str) -> None:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError("--command", "must be a command", str(error)) from None
    if not words:
        raise InputError("--command", "must be a command", command)

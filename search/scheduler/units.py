"""What starts the service by itself: systemd's units, or a line for cron."""

import shlex
import sys
from pathlib import Path

NAME = "guideline-search"
SYSTEMD_HINT = (
    "Save each under ~/.config/systemd/user by its name, and enable one:\n"
    f"systemctl --user enable --now {NAME}.service, or {NAME}-once.timer"
)
CRON_HINT = "Add it with `crontab -e`."
_MARK = "# --- {} ---\n"
_UNITS = {
    f"{NAME}.service": """\
[Unit]
Description=Scheduled sweeps of {folder}

[Service]
Type=simple
WorkingDirectory={folder}
ExecStart={command} start
Restart=on-failure
RestartSec=10
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=90
Nice=10

[Install]
WantedBy=default.target
""",
    f"{NAME}-once.service": """\
[Unit]
Description=Scheduled sweeps of {folder} that are due

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command} start --once
KillMode=mixed
TimeoutStartSec=infinity
TimeoutStopSec=90
Nice=10
""",
    f"{NAME}-once.timer": """\
[Unit]
Description=Look every minute whether a sweep is due

[Timer]
OnCalendar=*:0/1
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
""",
}


def units(folder: Path) -> dict[str, str]:
    """File name -> unit: a service that runs on, and one that a timer starts every minute.

    Either will do; the ledger sees to it that both together do no harm.

    Args:
        folder: the absolute working directory, in which `mlruns/` lies.
    """
    # Percent signs and dollars are systemd's own.
    where = str(folder).replace("%", "%%")
    words = [sys.executable, "-m", "search", "schedule"]
    command = (
        " ".join(f'"{w}"' if " " in w else w for w in words).replace("%", "%%").replace("$", "$$")
    )
    return {name: text.format(folder=where, command=command) for name, text in _UNITS.items()}


def printed(files: dict[str, str]) -> str:
    """All units in one text, each under its name."""
    return "\n".join(_MARK.format(name) + text for name, text in files.items())


def cron_line(folder: Path) -> str:
    """A line for `crontab -e` that looks every minute whether a sweep is due."""
    command = f"cd {shlex.quote(str(folder))} && {shlex.quote(sys.executable)} -m search schedule"
    return f"* * * * * {command} start --once".replace("%", "\\%") + "\n"

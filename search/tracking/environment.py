"""Where MLflow is, and how it behaves; importing this sets the process's environment."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from search.errors import InputError

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    # A server that is down is given up within seconds instead of minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    # Standard output carries the result of the command line and nothing else.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""What MLflow is told unless a person tells it otherwise."""

for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)

_SERVERS = ("http", "https")
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_USER_INFO = re.compile(r"(?<=://)[^\s\"'<>]*@")
_SECRETS = re.compile(r"(?i)(?<=[?&])([a-z_]*(?:password|passwd|pwd|token|secret))=[^&\s\"'<>]*")


def resolve_uri(tracking_uri: str | None, home: Path) -> str:
    """Where MLflow keeps its runs: as asked, else MLFLOW_TRACKING_URI, else the local database.

    Args:
        tracking_uri: of a server or a database; None if none was asked for.
        home: the absolute `mlruns/` folder.

    Raises:
        InputError: if it is neither a server's address nor that of a database.
    """
    thing, uri = "--tracking-uri", tracking_uri
    if uri is None:
        thing, uri = "MLFLOW_TRACKING_URI", os.environ.get("MLFLOW_TRACKING_URI") or local_uri(home)
    # A database's scheme may name its driver: postgresql+psycopg.
    if _scheme(uri).partition("+")[0] not in _SERVERS + _DATABASES:
        rule = f"must start with one of {', '.join(f'{x}://' for x in _SERVERS + _DATABASES)}"
        raise InputError(thing, rule, uri.rpartition("@")[2])  # before it, there may be a password
    return uri


def _scheme(uri: str) -> str:
    try:
        return urlsplit(uri).scheme
    except ValueError:  # brackets that belong to no address
        return ""


def local_uri(home: Path) -> str:
    """The address of the local database in the absolute folder `home`."""
    path = str(home / "mlflow.db")
    return "sqlite:///" + path.replace("%", "%25").replace("?", "%3F")


def artifact_root(home: Path) -> str:
    """Where artifacts go that no server keeps, as an absolute file URI."""
    return (home / "artifacts").as_uri()


def is_server(uri: str) -> bool:
    """Whether `uri` is an MLflow server, which keeps artifacts itself and has its own page."""
    return urlsplit(uri).scheme in _SERVERS


def without_user(uri: str) -> str:
    """An address without the user name and password in it."""
    return _USER_INFO.sub("", uri)


def redact(text: str) -> str:
    """`text` without the user names and passwords of the addresses in it."""
    return _SECRETS.sub(r"\1=***", _USER_INFO.sub("***@", text))

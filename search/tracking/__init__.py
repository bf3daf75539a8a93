"""The one door to MLflow: runs as a projection of the store.

Everything here can be rebuilt from the store at any time. A server that is down delays it; nothing
is lost.
"""

# First of all: it sets what MLflow reads while it is imported.
from search.tracking.environment import local_uri, redact, resolve_uri
from search.tracking.mirror import sync
from search.tracking.models import TrainedModel
from search.tracking.tags import tag_sweep
from search.tracking.tracker import Tracker
from search.tracking.ui import (
    EXPERIMENTS,
    page_of_server,
    page_of_sweep,
    ui_command,
    ui_environment,
)

__all__ = [
    "EXPERIMENTS",
    "Tracker",
    "TrainedModel",
    "local_uri",
    "page_of_server",
    "page_of_sweep",
    "redact",
    "resolve_uri",
    "sync",
    "tag_sweep",
    "ui_command",
    "ui_environment",
]

"""Settings of all tests: quiet libraries, and the same examples every time."""

import os

from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

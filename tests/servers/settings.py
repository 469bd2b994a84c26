"""The test project as a real server serves it: the tool switched on by DEBUG alone."""

from __future__ import annotations

import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES as _DATABASES
from tests.settings import MIDDLEWARE as _MIDDLEWARE

BASE_DIR = Path(os.environ["SERVERS_FOLDER"])
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.servers.urls"
MIDDLEWARE = [
    "cycle_inspector.middleware.FirstMiddleware",
    *_MIDDLEWARE,
    "cycle_inspector.middleware.LastMiddleware",
]
DATABASES = {"default": {**_DATABASES["default"], "NAME": BASE_DIR / "db.sqlite3"}}

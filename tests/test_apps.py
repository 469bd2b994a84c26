"""How Django loads the app."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.core.checks.registry import registry
from django.db import router

from cycle_inspector import checks
from cycle_inspector.conf import ALIAS
from cycle_inspector.models import Cycle

_LOAD = """
from django.conf import settings
import django
settings.configure(
    DEBUG=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "cycle_inspector"],
)
django.setup()
import sys
print([name for name in sys.modules if name.startswith("cycle_inspector.collectors")])
"""


def test_the_app_is_named_for_people() -> None:
    assert apps.get_app_config("cycle_inspector").verbose_name == "Cycle Inspector"


def test_the_models_lead_to_the_history() -> None:
    assert router.db_for_read(Cycle) == ALIAS


def test_the_checks_are_registered() -> None:
    registered = {check.__module__ for check in registry.registered_checks}
    assert checks.__name__ in registered


def test_loading_the_app_loads_no_collector() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOAD],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    assert told.stdout.strip() == "[]"

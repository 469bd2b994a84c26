"""How Django loads the app."""

from __future__ import annotations

from django.apps import AppConfig


class CycleInspectorConfig(AppConfig):
    """The app; importing it patches nothing."""

    name = "cycle_inspector"
    verbose_name = "Cycle Inspector"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lead the app's models to the history's own database, and register the checks."""
        from cycle_inspector import checks, finding_checks  # noqa: F401
        from cycle_inspector.history import database

        database.install_router()

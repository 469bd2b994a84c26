"""Tasks for the tests, at the level of a module as both libraries want them."""

from __future__ import annotations

import django


def restock(title: str, password: str = "") -> str:
    return title


def burn(title: str) -> None:
    raise ValueError("nothing burns")


if django.VERSION >= (6, 0):
    from django.tasks import task
    from django.tasks.backends.dummy import DummyBackend

    class Later(DummyBackend):
        """Keeps tasks, and takes their priority."""

        supports_priority = True

    @task(priority=5)
    def restock_later(title: str, password: str = "") -> str:
        return title

    @task()
    def burn_later(title: str) -> None:
        raise ValueError("nothing burns")

"""Stage 3, the settings: under which the request was served.

A snapshot is made once and again when a setting is overridden, never per request (it costs some
milliseconds), and in the thread that keeps cycles. A cycle names it by its digest; the history
keeps each distinct snapshot once.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

import django
from django.apps import apps
from django.conf import global_settings, settings
from django.core.signals import setting_changed
from django.utils.functional import LazyObject

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.records import Facts, Json

# The value would repeat what `databases` and `caches` say, with more to hide.
_TOLD_ELSEWHERE = frozenset({"DATABASES", "CACHES", "INSTALLED_APPS", "SETTINGS_MODULE"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The settings in force, redacted, and the digest that names them."""

    digest: str
    facts: Facts


_snapshot: Snapshot | None = None


def snapshot() -> Snapshot:
    """Return the snapshot of the settings in force."""
    global _snapshot
    if _snapshot is None:
        facts = _facts()
        text = json.dumps(facts, sort_keys=True)
        _snapshot = Snapshot(hashlib.sha256(text.encode()).hexdigest()[:32], facts)
    return _snapshot


@contextmanager
def collect() -> Iterator[None]:
    """Forget the snapshot whenever a setting changes."""
    setting_changed.connect(_forget, dispatch_uid="cycle_inspector.settings")
    try:
        yield
    finally:
        setting_changed.disconnect(dispatch_uid="cycle_inspector.settings")


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage: the digest, and what a list wants to show without the snapshot."""
    taken = snapshot()
    brief = {name: taken.facts[name] for name in ("module", "python", "django")}
    return Summed(count=len(taken.facts["differs"]), facts={"digest": taken.digest, **brief})


def _forget(**_: Any) -> None:
    global _snapshot
    _snapshot = None


def _facts() -> dict[str, Json]:
    # Not by way of LazySettings, which warns of deprecated settings, and which remembers the value
    # of STATIC_URL with the script prefix of the thread that asks first: that must not be ours.
    in_force = vars(settings)["_wrapped"]
    return {
        "module": _module(in_force),
        "python": platform.python_version(),
        "django": django.get_version(),
        "apps": [one.name for one in apps.get_app_configs()],
        "versions": _versions(),
        "databases": _engines("DATABASES", "ENGINE"),
        "caches": _engines("CACHES", "BACKEND"),
        "differs": [
            [name, _shown(name, getattr(in_force, name))]
            for name in sorted(set(dir(settings)))
            if name.isupper() and name not in _TOLD_ELSEWHERE and _differs(in_force, name)
        ],
    }


def _module(in_force: Any) -> str:
    # Overridden settings stand before those of the module.
    while in_force is not None:
        name = getattr(in_force, "SETTINGS_MODULE", None)
        if name:
            return str(name)
        in_force = vars(in_force).get("default_settings")
    return "(configured in code)"


def _shown(name: str, value: Any) -> Json:
    # Django's filter asks for the value's class, which wakes a lazy object: it stays asleep.
    if issubclass(type(value), LazyObject):
        value = to_json(value)
    try:
        return _redaction.redact_setting(name, value)
    except Exception as error:  # the filter, or a value, is the project's
        return f"<could not be read: {type(error).__name__}>"


def _differs(in_force: Any, name: str) -> bool:
    if not in_force.is_overridden(name) or not hasattr(in_force, name):
        return False
    if not hasattr(global_settings, name):
        return True
    return bool(to_json(getattr(in_force, name)) != to_json(getattr(global_settings, name)))


def _engines(name: str, key: str) -> list[list[Json]]:
    configured = getattr(settings, name, None) or {}
    return [
        [str(alias), cut(str(one.get(key, "")))]
        for alias, one in configured.items()
        if isinstance(one, dict)
    ]


@cache
def _packages() -> Mapping[str, list[str]]:
    """Return the distributions by module; reading them all takes a tenth of a second."""
    return metadata.packages_distributions()


def _versions() -> list[list[Json]]:
    by_module = _packages()
    modules = dict.fromkeys(one.name.partition(".")[0] for one in apps.get_app_configs())
    distributions = dict.fromkeys(
        distribution for module in modules for distribution in by_module.get(module, ())
    )
    return [[name, metadata.version(name)] for name in sorted(distributions, key=str.lower)]

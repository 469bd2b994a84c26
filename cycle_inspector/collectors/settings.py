"""Stage 3, the settings: under which the request was served.

A snapshot is made once and again when a setting is overridden, never per request (it costs some
milliseconds), and in the thread that keeps cycles. A cycle names it by its digest; the history
keeps each distinct snapshot once.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sqlite3
from collections.abc import Iterator
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

# What speaks to these engines, and Django's own foundations; of each the version is told.
_DRIVERS = (
    ("postgresql", ("psycopg", "psycopg2", "psycopg2-binary")),
    ("postgis", ("psycopg", "psycopg2", "psycopg2-binary")),
    ("mysql", ("mysqlclient", "PyMySQL", "mysql-connector-python")),
    ("oracle", ("oracledb",)),
    ("redis", ("redis", "django-redis", "hiredis")),
    ("memcached", ("pymemcache", "pylibmc")),
    ("jinja2", ("Jinja2",)),
)
_FOUNDATIONS = ("asgiref", "sqlparse")

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
        "databases": _engines("DATABASES", "ENGINE", _OF_DATABASE),
        "caches": _engines("CACHES", "BACKEND", _OF_CACHE),
        "templates": _template_engines(),
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


# What is told of a database and of a cache besides the engine; who connects is not.
_OF_DATABASE = ("NAME", "HOST", "PORT", "ATOMIC_REQUESTS", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS")
_OF_CACHE = ("LOCATION", "TIMEOUT", "KEY_PREFIX", "VERSION")


def _engines(name: str, key: str, told: tuple[str, ...]) -> list[dict[str, Json]]:
    configured = getattr(settings, name, None) or {}
    return [
        {
            "alias": str(alias),
            "engine": cut(str(one.get(key, ""))),
            "options": _options(one, told),
        }
        for alias, one in configured.items()
        if isinstance(one, dict)
    ]


def _options(given: dict[Any, Any], told: tuple[str, ...]) -> list[list[Json]]:
    shown = [[name, to_json(given[name])] for name in told if name in given]
    return [
        [name.lower(), _redaction.redact("", value)]  # by no name: a KEY_PREFIX is no secret
        for name, value in shown
        # What Django fills in says nothing; a cache without a TIMEOUT keeps for ever.
        if value not in (None, "", False, 0) or name == "TIMEOUT"
    ]


def _template_engines() -> list[str]:
    given = getattr(settings, "TEMPLATES", None) or ()
    return [cut(str(one.get("BACKEND", ""))) for one in given if isinstance(one, dict)]


@cache
def _distributions(modules: frozenset[str]) -> frozenset[str]:
    """Return the names of the distributions that have brought these modules.

    As metadata.packages_distributions() does, which also looks at the disk for each file of all of
    them: that takes a tenth of a second and more, at each start of the site.
    """
    found = (one for one in metadata.distributions() if not modules.isdisjoint(_modules(one)))
    return frozenset(one.name for one in found)


def _modules(distribution: metadata.Distribution) -> set[str]:
    listed = distribution.read_text("top_level.txt")
    if listed is not None:
        return set(listed.split())
    files = (distribution.read_text("RECORD") or "").splitlines()
    return {one.partition("/")[0].partition(".py,")[0] for one in files if ".py," in one}


def _versions() -> list[list[Json]]:
    modules = frozenset(one.name.partition(".")[0] for one in apps.get_app_configs())
    distributions = _distributions(modules)
    # By what is configured, not by what is imported: all processes of a site say the same.
    backends = [one["engine"] for one in _engines("DATABASES", "ENGINE", ())]
    backends += [one["engine"] for one in _engines("CACHES", "BACKEND", ())]
    backends += _template_engines()
    drivers = {one for sign, names in _DRIVERS if _is_in(sign, backends) for one in names}
    found = {name: _version(name) for name in {*distributions, *drivers, *_FOUNDATIONS}}
    versions = [[name, version] for name, version in found.items() if version]
    if _is_in("sqlite3", backends):
        versions.append(["SQLite", sqlite3.sqlite_version])
    return sorted(versions, key=lambda one: str(one[0]).lower())


def _is_in(sign: str, backends: list[str]) -> bool:
    return any(sign in one for one in backends)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None

"""The settings stage: a snapshot of what differs from Django's defaults, redacted."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from typing import Any

import django
from django.conf import global_settings
from django.conf import settings as live
from django.test import override_settings
from django.urls import set_script_prefix
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors import settings as collector
from cycle_inspector.history import writer
from cycle_inspector.records import Stage
from tests.site import Site


def differs(facts: Any) -> dict[str, Any]:
    return dict(facts["differs"])


def taken() -> dict[str, Any]:
    collector._forget()
    try:
        return differs(collector.snapshot().facts)
    finally:
        collector._forget()


def test_a_cycle_names_the_snapshot_that_the_history_keeps_once(site: Site) -> None:
    first, second = site.get("/hello/").cycle, site.get("/data/").cycle

    facts = first.stage(Stage.SETTINGS).facts
    assert first.settings == second.settings == facts["digest"]
    assert facts["module"] == "tests.settings"
    assert facts["django"] == django.get_version()
    assert "tests.shelf" in facts["apps"]
    assert ["Django", django.get_version()] in facts["versions"]
    assert "SQLite" in dict(facts["versions"])
    assert facts["templates"] == ["django.template.backends.django.DjangoTemplates"]
    (database,) = facts["databases"]
    assert (database["alias"], database["engine"]) == ("default", "django.db.backends.sqlite3")
    assert ".sqlite3" in dict(database["options"])["name"]
    assert first.stage(Stage.SETTINGS).count == len(facts["differs"])


def test_an_overridden_setting_makes_another_snapshot(site: Site, settings: Any) -> None:
    before = site.get("/hello/").cycle
    settings.SHELF_SIZE = 7
    after = site.get("/hello/").cycle

    assert before.settings != after.settings
    assert differs(after.stage(Stage.SETTINGS).facts)["SHELF_SIZE"] == 7
    assert "SHELF_SIZE" not in differs(before.stage(Stage.SETTINGS).facts)


def test_what_is_as_django_has_it_is_left_out(settings: Any) -> None:
    settings.APPEND_SLASH = global_settings.APPEND_SLASH
    settings.PREPEND_WWW = True

    assert "APPEND_SLASH" not in taken()
    assert taken()["PREPEND_WWW"] is True


def test_secrets_are_hidden(settings: Any) -> None:
    settings.PAYMENT = {"url": "https://a:b@example.org", "api_key": "k", "currency": "EUR"}

    found = taken()
    assert found["SECRET_KEY"] == _redaction.HIDDEN
    assert found["PAYMENT"] == {
        "url": "https://********************@example.org",
        "api_key": _redaction.HIDDEN,
        "currency": "EUR",
    }


def test_lazy_and_foreign_values_are_not_touched(settings: Any) -> None:
    class Untouchable:
        def __str__(self) -> str:
            raise AssertionError

        __repr__ = __eq__ = __hash__ = __str__  # type: ignore[assignment]

    settings.A_LAZY_THING = SimpleLazyObject(lambda: 1 / 0)
    settings.A_FOREIGN_THING = Untouchable()
    settings.A_TRANSLATION = gettext_lazy("Yes")

    found = taken()
    assert found["A_FOREIGN_THING"].endswith("Untouchable>")
    assert "SimpleLazyObject" in found["A_LAZY_THING"]
    assert "A_TRANSLATION" in found


def test_deprecated_settings_are_read_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Django 6.1, where a setting is set
        overridden = override_settings(EMAIL_HOST="mail.example.org")
        overridden.enable()
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            found = taken()
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            overridden.disable()

    assert found["EMAIL_HOST"] == "mail.example.org"
    assert seen == []


def test_the_script_prefix_of_this_thread_does_not_get_into_the_static_url(settings: Any) -> None:
    # LazySettings remembers STATIC_URL with the prefix of the thread that asks for it first.
    settings.STATIC_URL = "static/"
    taken()

    set_script_prefix("/shop/")
    try:
        assert live.STATIC_URL == "/shop/static/"
    finally:
        set_script_prefix("/")
        live.__dict__.pop("STATIC_URL", None)


def test_of_engines_only_what_tells_them_apart_is_told(settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": ["redis://user:hunter2@cache.internal:6379/0"],
            "TIMEOUT": None,
            "KEY_PREFIX": "shop",
            "OPTIONS": {"password": "hunter2"},
        },
        "broken": "no dict",
    }
    collector._forget()
    facts = collector.snapshot().facts
    collector._forget()

    assert facts["caches"] == [
        {
            "alias": "default",
            "engine": "django.core.cache.backends.redis.RedisCache",
            "options": [
                ["location", [f"redis://{_redaction.HIDDEN}@cache.internal:6379/0"]],
                ["timeout", None],
                ["key_prefix", "shop"],
            ],
        }
    ]
    assert "hunter2" not in str(facts)


def test_a_driver_that_is_not_installed_has_no_version(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    collector._forget()
    versions = dict(collector.snapshot().facts["versions"])
    collector._forget()

    assert {"asgiref", "sqlparse"} <= versions.keys()
    assert None not in versions.values()
    assert "psycopg" not in versions


def test_a_set_has_one_order_in_each_process() -> None:
    code = (
        "from cycle_inspector.collectors._values import to_json; "
        "print(to_json({'a', 'b', 'c', 'd', 'e', ('f', 1), 7, None}))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(told) == 1


def test_a_snapshot_is_taken_once_for_many_requests(site: Site, monkeypatch: Any) -> None:
    site.get("/hello/")
    assert writer.flush(10)
    monkeypatch.setattr(collector, "_facts", None)

    assert site.get("/hello/").cycle.dropped == {}

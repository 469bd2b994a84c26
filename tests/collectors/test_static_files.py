"""Static files: each path once, counted, whoever asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template import engines
from django.templatetags.static import StaticNode, static

from cycle_inspector import record
from cycle_inspector.collectors import static_files
from cycle_inspector.records import Cycle, Event

_MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


def files(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "static"]


def rendered(source: str) -> str:
    shown: str = engines["django"].from_string("{% load static %}" + source).render({})
    return shown


def test_a_file_of_a_template_is_kept_once_and_counted() -> None:
    with record() as recording:
        assert rendered("{% static 'a.css' %} {% static 'b.css' %} {% static 'a.css' %}")

    first, second = files(recording.cycle)
    assert (first.name, first.attributes["count"]) == ("a.css", 2)
    assert (second.name, second.attributes["count"]) == ("b.css", 1)
    assert first.attributes["url"] == static("a.css")
    assert first.attributes["duration_ns"] > 0
    assert first.attributes["template"]["line"] == 1


def test_a_file_that_code_asks_for_is_kept_with_its_caller() -> None:
    with record() as recording:
        assert static("a.css") == "/static/a.css"

    (event,) = files(recording.cycle)
    assert next(one for one in event.frames if one.is_project).path == __file__
    assert event.attributes["url"] == "/static/a.css"


def test_the_media_of_a_form_are_seen() -> None:
    with record() as recording:
        str(forms.Media(js=["a.js"]))

    assert [one.name for one in files(recording.cycle)] == ["a.js"]


def test_a_file_that_the_manifest_lacks_is_told_and_raised(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": _MANIFEST}}
    settings.STATIC_ROOT = "/nowhere"
    settings.DEBUG = False
    with record() as recording, pytest.raises(ValueError, match="Missing staticfiles manifest"):
        static("absent.css")

    (event,) = files(recording.cycle)
    assert "Missing staticfiles manifest entry" in event.attributes["error"]
    assert "url" not in event.attributes


def test_what_the_storage_does_for_it_is_a_part_of_it() -> None:
    with record() as recording:
        static("a.css")
        staticfiles_storage.url("b.css")

    assert [one.kind for one in recording.cycle.events] == ["static", "storage"]


def test_the_node_is_what_it_was() -> None:
    before = vars(StaticNode)["handle_simple"]
    with static_files.collect():
        assert vars(StaticNode)["handle_simple"] is not before

    assert vars(StaticNode)["handle_simple"] is before


def test_nothing_is_recorded_outside_of_a_cycle() -> None:
    with static_files.collect():
        assert static("a.css") == "/static/a.css"

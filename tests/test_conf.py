"""CYCLE_INSPECTOR: defaults, overrides, faulty values and when it all takes effect."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import utils as test_utils
from django.test.utils import override_settings

from cycle_inspector import conf


@pytest.fixture
def outside_of_tests(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the settings of a project that is being developed, with no test runner at work."""
    monkeypatch.delattr(test_utils._TestState, "saved_data")
    settings.DEBUG = True
    settings.CYCLE_INSPECTOR = {}
    return settings


# Defaults


def test_defaults_are_these(settings: Any) -> None:
    del settings.CYCLE_INSPECTOR
    config = conf.current()
    assert dataclasses.asdict(config) == {
        "enabled": False,
        "show_panel": "cycle_inspector.panel.access.is_local",
        "follow_threads": False,
        "history_path": Path(settings.BASE_DIR) / ".cycle_inspector" / "history.sqlite3",
        "history_max_count": 1_000,
        "history_max_age_hours": 168,
        "soft_max_queries": 2_000,
        "max_queries": 10_000,
        "max_renders": 5_000,
        "max_spans": 5_000,
        "max_events": 1_000,
        "collectors": (),
        "ignore_paths": (),
        "redact": (),
        "rules": (),
        "explain_slow_queries": False,
        "ignore": (),
        "thresholds": {},
        "editor": "",
        "editor_path_map": {},
    }


def test_configuration_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        conf.current().enabled = True  # type: ignore[misc]


def test_every_field_is_a_key() -> None:
    assert {key.lower() for key in conf.KEYS} == {
        one.name for one in dataclasses.fields(conf.Config)
    }


# Switching on


def test_on_where_debug_is_on(outside_of_tests: Any) -> None:
    assert conf.current().enabled


def test_off_where_debug_is_off(outside_of_tests: Any) -> None:
    outside_of_tests.DEBUG = False
    assert not conf.current().enabled


def test_off_under_a_test_runner(settings: Any) -> None:
    settings.DEBUG = True
    settings.CYCLE_INSPECTOR = {}
    assert not conf.current().enabled


def test_off_once_a_test_runner_has_set_up_its_environment(
    outside_of_tests: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert conf.current().enabled
    monkeypatch.setattr(test_utils._TestState, "saved_data", object(), raising=False)
    assert not conf.current().enabled


def test_off_once_debug_was_set_without_a_signal(outside_of_tests: Any) -> None:
    assert conf.current().enabled
    django_settings.DEBUG = False  # as setup_test_environment() does
    assert not conf.current().enabled


@pytest.mark.parametrize("enabled", [True, False])
def test_enabled_decides_whatever_debug_says(settings: Any, *, enabled: bool) -> None:
    settings.DEBUG = not enabled
    settings.CYCLE_INSPECTOR = {"ENABLED": enabled}
    assert conf.current().enabled is enabled


@pytest.mark.parametrize("debug", [True, False])
def test_threads_are_followed_where_debug_is_on(settings: Any, *, debug: bool) -> None:
    settings.DEBUG = debug
    settings.CYCLE_INSPECTOR = {}
    assert conf.current().follow_threads is debug


def test_threads_are_no_longer_followed_once_debug_was_set_without_a_signal(
    settings: Any,
) -> None:
    settings.DEBUG = True
    assert conf.current().follow_threads
    django_settings.DEBUG = False
    assert not conf.current().follow_threads


@pytest.mark.parametrize("follow", [True, False])
def test_follow_threads_decides_whatever_debug_says(settings: Any, *, follow: bool) -> None:
    settings.DEBUG = not follow
    settings.CYCLE_INSPECTOR = {"FOLLOW_THREADS": follow}
    assert conf.current().follow_threads is follow


# Overrides


def test_override_settings_takes_effect_and_ends() -> None:
    before = conf.current()
    with override_settings(CYCLE_INSPECTOR={"MAX_QUERIES": 7}):
        assert conf.current().max_queries == 7
    assert conf.current() == before


def test_override_of_another_setting_keeps_the_configuration() -> None:
    before = conf.current()
    with override_settings(LANGUAGE_CODE="de"):
        assert conf.current() is before


def test_history_path_starts_at_base_dir(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = str(tmp_path)
    settings.CYCLE_INSPECTOR = {"HISTORY_PATH": "kept/here.sqlite3"}
    assert conf.current().history_path == tmp_path / "kept" / "here.sqlite3"


def test_absolute_history_path_stays(settings: Any, tmp_path: Path) -> None:
    settings.CYCLE_INSPECTOR = {"HISTORY_PATH": tmp_path / "here.sqlite3"}
    assert conf.current().history_path == tmp_path / "here.sqlite3"


def test_history_path_starts_at_the_working_directory_without_base_dir(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    del settings.BASE_DIR
    settings.CYCLE_INSPECTOR = {}  # which is told by a signal, unlike the line above
    assert conf.current().history_path == tmp_path / conf.HISTORY_PATH


def test_lists_become_tuples(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"IGNORE_PATHS": ["/static/"], "REDACT": ["shelf"]}
    assert conf.current().ignore_paths == ("/static/",)
    assert conf.current().redact == ("shelf",)


# Faulty values


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ENABLED", "yes"),
        ("ENABLED", None),
        ("FOLLOW_THREADS", 1),
        ("FOLLOW_THREADS", None),
        ("EXPLAIN_SLOW_QUERIES", None),
        ("SHOW_PANEL", 1),
        ("HISTORY_PATH", 1),
        ("HISTORY_PATH", ""),
        ("HISTORY_MAX_COUNT", -1),
        ("HISTORY_MAX_COUNT", "10"),
        ("HISTORY_MAX_COUNT", True),
        ("HISTORY_MAX_AGE_HOURS", 1.5),
        ("SOFT_MAX_QUERIES", -1),
        ("MAX_QUERIES", None),
        ("MAX_RENDERS", []),
        ("MAX_SPANS", -5),
        ("MAX_EVENTS", "many"),
        ("IGNORE_PATHS", "/static/"),
        ("IGNORE_PATHS", [1]),
        ("IGNORE_PATHS", ["/static/", ""]),
        ("COLLECTORS", "shop.debug.collect"),
        ("COLLECTORS", [print]),
        ("REDACT", "token"),
        ("REDACT", [None]),
        ("THRESHOLDS", 3),
        ("THRESHOLDS", ["SLOW_QUERY_MS"]),
        ("RULES", "shop.rules.NO_STAR"),
        ("IGNORE", "CI101"),
    ],
)
def test_faulty_value_is_named_and_counts_as_absent(settings: Any, key: str, value: Any) -> None:
    default = getattr(conf.current(), key.lower())
    settings.CYCLE_INSPECTOR = {key: value}
    assert getattr(conf.current(), key.lower()) == default
    ((what, hint),) = conf.find_problems({key: value})
    assert f"[{key!r}]" in what
    assert repr(value) in what
    assert hint.startswith(("Make it", "Take the"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ENABLED", True),
        ("FOLLOW_THREADS", False),
        ("SHOW_PANEL", lambda request: True),
        ("SHOW_PANEL", "shop.debug.may_see"),
        ("HISTORY_PATH", "here.sqlite3"),
        ("HISTORY_PATH", Path("here.sqlite3")),
        ("HISTORY_MAX_COUNT", 0),
        ("SOFT_MAX_QUERIES", 0),
        ("MAX_QUERIES", 1),
        ("IGNORE_PATHS", []),
        ("IGNORE_PATHS", ("/static/",)),
        ("COLLECTORS", ["shop.debug.collect"]),
        ("REDACT", ["^shelf$"]),
        ("THRESHOLDS", {"SLOW_QUERY_MS": 5}),
        ("RULES", ["shop.rules.NO_STAR"]),
        ("IGNORE", ["CI101", {"path": "/admin/*"}]),
    ],
)
def test_right_value_is_no_problem(key: str, value: Any) -> None:
    assert conf.find_problems({key: value}) == []


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("MAX_QUERY", "MAX_QUERIES"),
        ("HISTORY_COUNT", "HISTORY_MAX_COUNT"),
        ("show_panel", "SHOW_PANEL"),
        ("IGNORE_PATH", "IGNORE_PATHS"),
        ("TRESHOLDS", "THRESHOLDS"),
    ],
)
def test_unknown_key_comes_with_the_one_meant(key: str, meant: str) -> None:
    ((what, hint),) = conf.find_problems({key: 1})
    assert what == f"CYCLE_INSPECTOR has an unknown key {key!r}."
    assert hint == f"Did you mean {meant!r}?"


@pytest.mark.parametrize("key", ["WARP", 7, 2.5])
def test_key_like_no_other_comes_with_all_keys(key: Any) -> None:
    ((_, hint),) = conf.find_problems({key: 1})
    assert all(known in hint for known in conf.KEYS)


def test_unknown_key_does_not_touch_the_others(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"WARP": 9, 7: 7, "MAX_QUERIES": 3}
    assert conf.current().max_queries == 3


@pytest.mark.parametrize("given", [None, [], "on", True])
def test_what_is_no_dict_counts_as_empty(settings: Any, given: Any) -> None:
    settings.CYCLE_INSPECTOR = given
    assert conf.current().max_queries == 10_000
    ((what, hint),) = conf.find_problems(given)
    assert type(given).__name__ in what
    assert hint == "Make it a dict."


def test_pattern_that_is_no_regular_expression_is_taken_literally(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"REDACT": ["*shelf", "^row$"]}
    assert conf.current().redact == (r"\*shelf", "^row$")
    assert conf.find_pattern_problem("*shelf") is not None
    assert conf.find_pattern_problem("^row$") is None


# The editor


@pytest.mark.parametrize(
    "given",
    ["", *conf.EDITORS, "my-ed://open?f={path}&l={line}", "http://localhost:6/{path}:{line}"],
)
def test_sound_editor_is_taken(settings: Any, given: str) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": given}

    assert conf.find_problems(settings.CYCLE_INSPECTOR) == []
    assert conf.current().editor == given


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("VSCode", "Did you mean 'vscode'?"),
        ("emacs", "Make it one of 'vscode', 'pycharm', 'sublime', 'vim', 'zed', or the address"),
        (None, "Make it one of"),
        ("{path}:{line}", "Make it one of"),
        ("my-ed://{path}", "Write {line} where"),
        ("my-ed://open", "Write {path} and {line} where"),
        ("javascript:alert('{path}{line}')", "An address that begins with javascript: opens no"),
        ("DATA:text/html,{path}{line}", "An address that begins with DATA: opens no editor."),
    ],
)
def test_faulty_editor_is_named_and_counts_as_absent(settings: Any, given: Any, hint: str) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": given}

    ((what, how),) = conf.find_problems(settings.CYCLE_INSPECTOR)
    assert what == f"CYCLE_INSPECTOR['EDITOR'] is {given!r}."
    assert how.startswith(hint)
    assert conf.current().editor == ""


@pytest.mark.parametrize("given", [["/app"], {"/app": 1}, {1: "/app"}, {"": "/app"}, {"/app": ""}])
def test_faulty_path_map_is_named_and_counts_as_absent(settings: Any, given: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR_PATH_MAP": given}

    ((_, how),) = conf.find_problems(settings.CYCLE_INSPECTOR)
    assert how.startswith("Make it a dict: the folder where Django runs")
    assert conf.current().editor_path_map == {}


def test_sound_path_map_is_taken(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR_PATH_MAP": {"/app": "C:\\shop"}}

    assert conf.find_problems(settings.CYCLE_INSPECTOR) == []
    assert conf.current().editor_path_map == {"/app": "C:\\shop"}

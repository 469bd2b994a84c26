"""What the settings say about findings is checked: each entry that names nothing is an error."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.checks import CheckMessage

from cycle_inspector import finding_checks
from cycle_inspector.analysis import Code, Rule
from cycle_inspector.records import Severity


def of_settings(settings: Any, given: Any) -> list[CheckMessage]:
    settings.CYCLE_INSPECTOR = given
    return finding_checks.check_findings()


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix("cycle_inspector.") for message in messages]


def find_nothing(cycle: Any, thresholds: Any) -> list[Any]:
    return []


OURS = Rule(find_nothing, (Code(code="SHOP1", severity=Severity.INFO, title="Something"),))
DOUBLED = Rule(find_nothing, (Code(code="CI101", severity=Severity.INFO, title="Something"),))
NO_RULE = 7


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"THRESHOLDS": {"SLOW_QUERY_MS": 5, "REPEATED_QUERIES": 0}},
        {"RULES": [f"{__name__}.OURS"], "IGNORE": ["SHOP1"]},
        {"IGNORE": ["CI101", {"code": "CI102", "path": "/admin/*"}]},
        {"IGNORE": [{"field": "shelf"}, {"field": "auth.User"}, {"field": "auth.User.groups"}]},
        {"IGNORE": [{"field": "auth.Group.user_set"}]},
        {"IGNORE": [{"caller": "tests/test_finding_checks.py:22"}, {"caller": "*/old/*.py"}]},
        {"IGNORE": [{"caller": "BookList.get_queryset"}, {"caller": "admin/base.html:3"}]},
    ],
)
def test_entries_that_name_something_are_right(settings: Any, given: Any) -> None:
    assert of_settings(settings, given) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SLOW_QUERIES_MS", "Did you mean 'SLOW_QUERY_MS'?"),
        ("slow_query_ms", "Did you mean 'SLOW_QUERY_MS'?"),
        ("REPEATED_QUERY", "Did you mean 'REPEATED_QUERIES'?"),
        ("WARP", "The names are: SLOW_QUERY_MS, "),
        (7, "The names are: SLOW_QUERY_MS, "),
    ],
)
def test_unknown_threshold_is_an_error(settings: Any, name: Any, hint: str) -> None:
    (message,) = of_settings(settings, {"THRESHOLDS": {name: 1}})
    assert ids([message]) == ["E008"]
    assert repr(name) in message.msg
    assert message.hint.startswith(hint)


@pytest.mark.parametrize("value", [-1, 1.5, True, None, "100"])
def test_threshold_that_is_no_whole_number_is_an_error(settings: Any, value: Any) -> None:
    (message,) = of_settings(settings, {"THRESHOLDS": {"SLOW_QUERY_MS": value}})
    assert ids([message]) == ["E008"]
    assert repr(value) in message.msg


# RULES


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nowhere", "cannot be imported"),
        ("NO_RULE", "is no rule"),
        ("find_nothing", "is no rule"),
        ("DOUBLED", "gives the code CI101 of another rule"),
    ],
)
def test_a_rule_that_leads_nowhere_is_an_error(settings: Any, name: str, what: str) -> None:
    (message,) = of_settings(settings, {"RULES": [f"{__name__}.OURS", f"{__name__}.{name}"]})
    assert ids([message]) == ["E011"]
    assert name in message.msg
    assert what in message.msg
    assert message.hint


# IGNORE


@pytest.mark.parametrize(
    ("entry", "what", "hint"),
    [
        ("ci102x", "there is no code 'ci102x'", "Did you mean 'CI102'?"),
        ("SHOP1", "there is no code", ""),
        ({}, "is no condition", "Write a code, or a dict of some of: code, "),
        (7, "is no condition", "Write a code"),
        ({"paht": "/"}, "unknown key 'paht'", "Did you mean 'path'?"),
        ({"path": 7}, "has a path that is no text", "Write it as text."),
        ({"path": "admin/"}, "names no path", "A path begins with a slash: write '/admin/'."),
        ({"field": "auht.User"}, "names no app 'auht'", "Did you mean 'auth'?"),
        ({"field": "auth.Usr.groups"}, "names no model of auth", "Did you mean 'User'?"),
        ({"field": "auth.User.grups"}, "names no field of auth.User", "Did you mean 'groups'?"),
        ({"caller": "tests/no_such.py:3"}, "names no file 'tests/no_such.py'", "Write it from"),
        ({"caller": "not a name"}, "names no function and no file", "Write it as in"),
    ],
)
def test_an_entry_that_names_nothing_is_an_error(
    settings: Any, entry: Any, what: str, hint: str
) -> None:
    (message,) = of_settings(settings, {"IGNORE": ["CI101", entry]})
    assert ids([message]) == ["E012"]
    assert repr(entry) in message.msg
    assert what in message.msg
    assert message.hint.startswith(hint)


def test_lists_that_are_none_are_left_to_the_other_check(settings: Any) -> None:
    assert of_settings(settings, {"IGNORE": "CI101", "RULES": "a.b", "THRESHOLDS": 1}) == []


def test_every_id_is_documented() -> None:
    source = finding_checks.__loader__.get_source(finding_checks.__name__)  # type: ignore[union-attr]
    used = set(re.findall(r'id="(cycle_inspector\.[EW]\d{3})"', source))
    documented = set(re.findall(r"`(cycle_inspector\.[EW]\d{3})`", finding_checks.__doc__ or ""))
    assert used == documented

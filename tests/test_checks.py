"""The system checks: each fault has an id, and a hint that says what to write where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks

from cycle_inspector import checks
from cycle_inspector.checks import FIRST, LAST

SECURITY = "django.middleware.security.SecurityMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"


def of_middleware(settings: Any, listed: Any) -> list[CheckMessage]:
    settings.MIDDLEWARE = listed
    return checks.check_middleware()


def of_settings(settings: Any, given: Any) -> list[CheckMessage]:
    settings.CYCLE_INSPECTOR = given
    return checks.check_settings()


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix("cycle_inspector.") for message in messages]


def may_see(request: Any) -> bool:
    return True


NO_FUNCTION = 7


# The pair


@pytest.mark.parametrize(
    "listed",
    [
        [FIRST, LAST],
        [FIRST, SECURITY, COMMON, LAST],
        (FIRST, SECURITY, LAST),
        [GZIP, FIRST, SECURITY, LAST],
        [FIRST, GZIP, SECURITY, LAST],
        [FIRST, SECURITY, LAST, GZIP],
        [GZIP, FIRST, LAST, GZIP],
    ],
)
def test_pair_around_all_others_is_right(settings: Any, listed: Any) -> None:
    assert of_middleware(settings, listed) == []


@pytest.mark.parametrize("listed", [[], (), None, [SECURITY, COMMON], [GZIP]])
def test_pair_that_is_missing_is_a_warning_with_the_lines_to_write(
    settings: Any, listed: Any
) -> None:
    (message,) = of_middleware(settings, listed)
    assert ids([message]) == ["W001"]
    assert not message.is_serious()
    assert f'"{FIRST}", as the first line of MIDDLEWARE' in message.hint
    assert f'"{LAST}", as the last' in message.hint


def test_first_alone_misses_the_last(settings: Any) -> None:
    (message,) = of_middleware(settings, [FIRST, SECURITY, COMMON])
    assert ids([message]) == ["E001"]
    assert message.hint == f'Write "{LAST}", as the last line of MIDDLEWARE, below "{COMMON}".'


def test_last_alone_misses_the_first(settings: Any) -> None:
    (message,) = of_middleware(settings, [SECURITY, COMMON, LAST])
    assert ids([message]) == ["E001"]
    assert message.hint == f'Write "{FIRST}", as the first line of MIDDLEWARE, above "{SECURITY}".'


@pytest.mark.parametrize(
    ("listed", "name", "kept"),
    [
        ([FIRST, SECURITY, FIRST, LAST], FIRST, "first"),
        ([FIRST, FIRST, LAST], FIRST, "first"),
        ([FIRST, LAST, SECURITY, LAST], LAST, "last"),
        ([FIRST, LAST, LAST], LAST, "last"),
    ],
)
def test_doubled_one_is_found(settings: Any, listed: Any, name: str, kept: str) -> None:
    (message,) = of_middleware(settings, listed)
    assert ids([message]) == ["E002"]
    assert "2 times" in message.msg
    assert message.hint == f'Take out every "{name}" but the {kept}.'


def test_first_that_is_not_first_names_what_stands_before_it(settings: Any) -> None:
    (message,) = of_middleware(settings, [SECURITY, COMMON, FIRST, LAST])
    assert ids([message]) == ["E003"]
    assert f'"{SECURITY}", "{COMMON}" stand before it' in message.msg
    assert message.hint == f'Move "{FIRST}" to the top of MIDDLEWARE, above "{SECURITY}".'


def test_last_that_is_not_last_names_what_stands_after_it(settings: Any) -> None:
    (message,) = of_middleware(settings, [FIRST, LAST, SECURITY, COMMON])
    assert ids([message]) == ["E004"]
    assert f'"{SECURITY}", "{COMMON}" stand after it' in message.msg
    assert message.hint == f'Move "{LAST}" to the bottom of MIDDLEWARE, below "{COMMON}".'


def test_pair_the_wrong_way_round_is_found(settings: Any) -> None:
    assert ids(of_middleware(settings, [LAST, FIRST])) == ["E003", "E004"]
    assert ids(of_middleware(settings, [LAST, SECURITY, FIRST])) == ["E003", "E004"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cycle_inspector.middleware.FirstMiddelware", FIRST),
        ("cycle_inspector.LastMiddleware", LAST),
        ("cycle_inspector.middleware.Last", LAST),
        ("cycle_inspector.middleware.CycleInspectorMiddleware", "Middleware"),
    ],
)
def test_misspelt_middleware_comes_with_the_one_meant(settings: Any, name: str, meant: str) -> None:
    (message,) = of_middleware(settings, [name, SECURITY])
    assert ids([message]) == ["E005"]
    assert meant in message.hint.partition("?")[0]


def test_misspelt_middleware_is_not_missing_too(settings: Any) -> None:
    misspelt = "cycle_inspector.middleware.FirstMiddelware"
    assert ids(of_middleware(settings, [misspelt, SECURITY, LAST])) == ["E005"]


def test_entry_that_is_no_text_does_not_break_the_check(settings: Any) -> None:
    assert ids(of_middleware(settings, [None, FIRST, LAST])) == ["E003"]


# CYCLE_INSPECTOR


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ENABLED": True, "MAX_QUERIES": 5},
        {"SHOW_PANEL": may_see},
        {"SHOW_PANEL": "tests.test_checks.may_see"},
        {"SHOW_PANEL": "cycle_inspector.panel.access.is_local"},
        {"REDACT": ["^shelf$", "row|board"]},
    ],
)
def test_right_settings_are_right(settings: Any, given: Any) -> None:
    assert of_settings(settings, given) == []


def test_absent_settings_are_right(settings: Any) -> None:
    del settings.CYCLE_INSPECTOR
    assert checks.check_settings() == []


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (None, "Make it a dict."),
        ([], "Make it a dict."),
        ({"MAX_QUERY": 1}, "Did you mean 'MAX_QUERIES'?"),
        ({"MAX_QUERIES": -1}, "Make it a whole number, 0 or more."),
        ({"SHOW_PANEL": 1}, "Make it a function of the request, or the dotted path of one."),
        ({"THRESHOLDS": 1}, "Make it a dict of whole numbers."),
        ({"REDACT": "token"}, "Make it a list of strings."),
        ({"REDACT": [1]}, "Make it a list of strings."),
    ],
)
def test_unknown_key_or_faulty_value_is_an_error(settings: Any, given: Any, hint: str) -> None:
    (message,) = of_settings(settings, given)
    assert ids([message]) == ["E006"]
    assert message.is_serious()
    assert message.hint == hint


def test_each_problem_is_told(settings: Any) -> None:
    given = {"MAX_QUERY": 1, "ENABLED": "yes", "REDACT": ["("]}
    assert ids(of_settings(settings, given)) == ["E006", "E006", "E009"]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("shop.no_such_module.may_see", "No module named 'shop'"),
        ("tests.test_checks.no_such_function", "no_such_function"),
        ("may_see", "doesn't look like a module path"),
        ("", "doesn't look like a module path"),
        ("tests.test_checks.NO_FUNCTION", "is no function"),
    ],
)
def test_show_panel_that_cannot_be_used_is_an_error(settings: Any, path: str, what: str) -> None:
    (message,) = of_settings(settings, {"SHOW_PANEL": path})
    assert ids([message]) == ["E007"]
    assert what in message.msg
    assert 'CYCLE_INSPECTOR["SHOW_PANEL"]' in message.hint


@pytest.mark.parametrize("pattern", ["*token", "(", "[a", "(?P<a"])
def test_pattern_that_is_no_regular_expression_is_an_error(settings: Any, pattern: str) -> None:
    (message,) = of_settings(settings, {"REDACT": ["shelf", pattern]})
    assert ids([message]) == ["E009"]
    assert repr(pattern) in message.msg
    assert repr(re.escape(pattern)) in message.hint


# All of them


def test_checks_run_with_djangos_own(settings: Any) -> None:
    settings.DEBUG = False
    settings.MIDDLEWARE = [SECURITY]
    settings.CYCLE_INSPECTOR = {"WARP": 1}
    found = {str(message.id) for message in run_checks()}
    assert {"cycle_inspector.W001", "cycle_inspector.E006"} <= found


def test_checks_ask_no_database(settings: Any) -> None:
    # Without the mark, pytest-django lets no test touch one.
    settings.MIDDLEWARE = [FIRST, LAST]
    settings.CYCLE_INSPECTOR = {"ENABLED": True}
    assert run_checks(tags=["cycle_inspector"]) == []


def test_every_id_is_documented() -> None:
    source = checks.__loader__.get_source(checks.__name__)  # type: ignore[union-attr]
    used = set(re.findall(r'id="(cycle_inspector\.[EW]\d{3})"', source))
    documented = set(re.findall(r"`(cycle_inspector\.[EW]\d{3})`", checks.__doc__ or ""))
    assert used == documented


# The project's collectors


@contextmanager
def collector() -> Iterator[None]:
    yield


def no_context_manager() -> Iterator[None]:
    yield


class ClassOfCollectors:
    def __enter__(self) -> None:
        raise AssertionError("a check enters nothing")


@pytest.mark.parametrize("name", ["collector", "ClassOfCollectors"])
def test_a_collector_that_can_be_imported_is_right(settings: Any, name: str) -> None:
    assert of_settings(settings, {"COLLECTORS": [f"{__name__}.{name}"]}) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (f"{__name__}.nowhere", "cannot be imported"),
        ("no.such.module", "cannot be imported"),
        ("", "cannot be imported"),
        (f"{__name__}.NO_FUNCTION", "is no function"),
        (f"{__name__}.no_context_manager", "is no context manager"),
    ],
)
def test_a_collector_that_leads_nowhere_is_named_and_the_others_are_not(
    settings: Any, name: str, what: str
) -> None:
    (message,) = of_settings(settings, {"COLLECTORS": [f"{__name__}.collector", name]})

    assert ids([message]) == ["E010"]
    assert repr(name) in message.msg
    assert what in message.msg
    assert message.hint


def test_collectors_that_are_no_list_of_texts_are_named_once(settings: Any) -> None:
    for given in ("shop.collect", [3], None):
        assert ids(of_settings(settings, {"COLLECTORS": given})) == ["E006"]

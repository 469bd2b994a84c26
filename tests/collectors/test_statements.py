"""Statements and their parameters as text, whatever they are given as."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import pytest
from django.utils.safestring import mark_safe

from cycle_inspector.collectors._statements import error_text, params_of, text_of
from cycle_inspector.records import HIDDEN


def shown(params: Any) -> Any:
    return params_of(params, frozenset())


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("x" * 5_000, "x" * 2_000 + "… (3000 more characters)"),
        ("\udc80", "?"),
        (2**60, hex(2**60)),
    ],
)
def test_values_are_kept_as_readable_text(value: Any, kept: str) -> None:
    assert shown((value,)) == (kept,)


def test_no_code_of_a_parameter_is_run() -> None:
    class Untouchable(list[Any]):
        def __iter__(self) -> Any:
            raise AssertionError

        __str__ = __repr__ = __len__ = __bool__ = __iter__  # type: ignore[assignment]

    class Text(str):
        def __str__(self) -> str:
            raise AssertionError

        __repr__ = __str__  # type: ignore[assignment]

    assert shown(Untouchable([Text("a")])) == ("a",)
    assert shown(iter([])) == ("<builtins.list_iterator>",)


class Composed:
    """As psycopg.sql.Composed."""

    __module__ = "psycopg.sql"

    def __init__(self, text: str | None) -> None:
        self.text = text

    def as_string(self, context: Any) -> str:
        if self.text is None:
            raise ValueError("needs a connection")
        return self.text


class Jsonb:
    """As psycopg.types.json.Jsonb."""

    __module__ = "psycopg.types.json"

    def __init__(self, obj: Any) -> None:
        self.obj = obj


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        (b"SELECT '\xff'", "SELECT '\ufffd'"),
        (mark_safe("SELECT 1"), "SELECT 1"),
        (Composed("SELECT 1"), "SELECT 1"),
        (Composed(None), "<Composed>"),
        (object(), "<object>"),
    ],
)
def test_a_statement_that_is_no_text_is_shown_as_one(sql: Any, text: str) -> None:
    assert text_of(sql) == text


def test_the_value_inside_a_wrapper_of_psycopg_is_shown() -> None:
    assert shown((Jsonb({"a": 1}),)) == ({"a": 1},)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ('{"password": "hunter2", "name": "é"}', f'{{"password": "{HIDDEN}", "name": "é"}}'),
        ('[{"user": {"api_key": "hunter2"}}]', f'[{{"user": {{"api_key": "{HIDDEN}"}}}}]'),
        ('{"password": "hunter2", cut off', HIDDEN),
        ('{"password": "hunter2", "text": "' + "x" * 200_000 + '"}', HIDDEN),
        ("[" * 100_000 + '"password": 1', "[" * 2_000 + "… (98013 more characters)"),
        ('{"password": ' + "[" * 90_000 + "]" * 9_000 + "}", HIDDEN),
        ('{"name":  "hunter"}', '{"name":  "hunter"}'),
        ("{no JSON}", "{no JSON}"),
        ("[", "["),
    ],
)
def test_secrets_in_a_text_of_json_are_hidden(value: str, kept: str) -> None:
    assert shown((value,)) == (kept,)


def test_secrets_in_a_json_value_are_hidden() -> None:
    assert shown((Jsonb({"password": "hunter2"}), [{"token": "x"}])) == (
        {"password": HIDDEN},
        [{"token": HIDDEN}],
    )


def test_the_error_of_a_driver_that_gives_a_number_first_is_told() -> None:
    error = ValueError(1062, "Duplicate entry 'abc' for key 'token'")  # as mysqlclient and PyMySQL

    assert error_text(error) == (f"ValueError: 1062, Duplicate entry '{HIDDEN}' for key 'token'")


@pytest.mark.parametrize(
    ("params", "hidden", "kept"),
    [
        (("a", "b"), {1}, ("a", HIDDEN)),
        ({"a": "a", "b": "b"}, {"b"}, {"a": "a", "b": HIDDEN}),
        (("a", "b"), set(), ("a", "b")),
        (None, {0}, None),
    ],
)
def test_the_parameters_of_secret_columns_are_hidden(params: Any, hidden: Any, kept: Any) -> None:
    assert params_of(params, frozenset(hidden)) == kept

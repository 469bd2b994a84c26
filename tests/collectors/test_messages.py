"""What an exception says: its arguments as text, the values that databases quote hidden."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cycle_inspector.collectors._messages import clean, message_of
from cycle_inspector.records import HIDDEN

DUPLICATE = 'duplicate key value violates unique constraint "u"\nDETAIL:  '


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        # PostgreSQL
        (
            f"{DUPLICATE}Key (token)=(abc) already exists.",
            f"{DUPLICATE}Key (token)=({HIDDEN}) already exists.",
        ),
        (
            f"{DUPLICATE}Key (shop_id, lower(api_key::text))=(1, a)b(c) already exists.",
            f"{DUPLICATE}Key (shop_id, lower(api_key::text))=({HIDDEN}) already exists.",
        ),
        (
            "not-null\nDETAIL:  Failing row contains (1, ann, abc\n(, null).",
            f"not-null\nDETAIL:  Failing row contains ({HIDDEN}).",
        ),
        (
            "no such column\nLINE 1: UPDATE t SET a = 'abc', b = 1\n          ^",
            "no such column",
        ),
        ("no such column\nLINE 1: ...n = 123, token = 456, b =\n     ^", "no such column"),
        # MySQL
        (
            "Duplicate entry 'a'b' for key 't.token'",
            f"Duplicate entry '{HIDDEN}' for key 't.token'",
        ),
        (
            "Incorrect integer value: 'abc' for column `d`.`t`.`pin` at row 1",
            f"Incorrect integer value: '{HIDDEN}' for column `d`.`t`.`pin` at row 1",
        ),
        (
            "error in your SQL near 'a = 'abc'' at line 1",
            f"error in your SQL near '{HIDDEN}' at line 1",
        ),
    ],
)
def test_a_value_that_a_database_quotes_is_hidden(given: str, shown: str) -> None:
    assert message_of(ValueError(given)) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"{DUPLICATE}Key (name)=(ann) already exists.",
        'column "nonsense" does not exist\nLINE 1: SELECT nonsense FROM nothing\n               ^',
        "Duplicate entry 'ann' for key 'shop_author.name'",
        "error in your SQL near 'FORM nothing' at line 1",
        "UNIQUE constraint failed: shop_user.api_token",
        "what is the key (or token)=(whatever)",
    ],
)
def test_the_rest_is_shown_as_it_is(text: str) -> None:
    assert message_of(ValueError(text)) == text


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ((), ""),
        ((5,), "5"),
        ((1062, "Duplicate entry"), "1062, Duplicate entry"),
        (({"tried": []},), ""),
        (("x" * 5_000,), "x" * 2_000 + "… (3000 more characters)"),
    ],
)
def test_arguments_are_joined_and_cut_once(arguments: tuple[Any, ...], shown: str) -> None:
    assert message_of(Exception(*arguments)) == shown


def test_a_secret_of_an_address_in_a_message_is_hidden() -> None:
    error = OSError("Max retries exceeded with url: /books?token=abc&page=2 (Caused by nothing)")

    shown = message_of(error)

    assert (
        shown == f"Max retries exceeded with url: /books?token={HIDDEN}&page=2 (Caused by nothing)"
    )
    assert clean(shown) == shown
    assert message_of(OSError("at /books?page=2")) == "at /books?page=2"


@pytest.mark.parametrize("quoted", ["?", "?a", "?=", "a?&", "Key (", ")=(", "' for key "])
def test_no_text_that_a_visitor_can_have_quoted_takes_long(quoted: str) -> None:
    start = time.monotonic()
    clean(f"Not Found: /{quoted * 2_000}"[:2_000])

    assert time.monotonic() - start < 5  # each step of a pattern over all of it would take 20 s

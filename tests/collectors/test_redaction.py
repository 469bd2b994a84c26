"""What is hidden, and what is not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils.functional import SimpleLazyObject
from django.views.debug import SafeExceptionReporterFilter, get_default_exception_reporter_filter

from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._redaction import (
    HIDDEN,
    is_secret,
    redact,
    redact_query,
    redact_setting,
    redact_url,
)


class ShelfFilter(SafeExceptionReporterFilter):
    hidden_settings = re.compile("SHELF", re.I)


class BareFilter:
    def cleanse_setting(self, key: str, value: Any) -> Any:
        return value


class OddFilter(SafeExceptionReporterFilter):
    def cleanse_setting(self, key: str, value: Any) -> Any:
        return {"shelf": object()}


@pytest.fixture
def use_filter(settings: Any) -> Any:
    def use(path: str) -> None:
        settings.DEFAULT_EXCEPTION_REPORTER_FILTER = path
        get_default_exception_reporter_filter.cache_clear()
        _redaction.is_secret.cache_clear()

    yield use
    get_default_exception_reporter_filter.cache_clear()
    _redaction.is_secret.cache_clear()


# Names


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Passwd",
        "user_pwd",
        "new_password1",
        "passphrase",
        "token",
        "csrfmiddlewaretoken",
        "X-CSRFToken",
        "access_token",
        "secret",
        "client_secret",
        "SECRET_KEY",
        "api_key",
        "apikey",
        "X-Api-Key",
        "GoogleApi",
        "key",
        "session_key",
        "cache_key",
        "private_key",
        "sessionid",
        "session-id",
        "session_data",
        "PHPSESSID",
        "Authorization",
        "Proxy-Authorization",
        "HTTP_AUTHORIZATION",
        "X-Auth-Token",
        "Cookie",
        "Set-Cookie",
        "HTTP_COOKIE",
        "signature",
        "X-Amz-Signature",
        "sig",
        "jwt",
        "bearer",
        "credentials",
        "otp",
        "otp_code",
        "totp",
        "pin",
        "card-pin",
        "cvc",
        "card_number",
        "cardNumber",
        "card_no",
        "creditcard",
        "cc_number",
        "iban",
        "ssn",
        "SENTRY_DSN",
        "author_password",
        "keyword_token",
    ],
)
def test_secret_name_is_one(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "id",
        "name",
        "author",
        "author_id",
        "authors",
        "coauthor",
        "is_authenticated",
        "keyword",
        "keywords",
        "keyboard",
        "monkey",
        "primary_key",
        "foreign_key",
        "natural_key",
        "sort_key",
        "public_key",
        "passenger",
        "passed",
        "passing",
        "bypass",
        "compass",
        "rapid",
        "therapist",
        "capital",
        "secretary",
        "pinned",
        "shopping",
        "spin",
        "design",
        "significant",
        "is_private",
        "card_note",
        "cookie_consent",
        "content_type",
        "optional",
        "Host",
        "Accept",
    ],
)
def test_harmless_name_is_none(name: str) -> None:
    assert not is_secret(name)


def test_session_cookie_is_secret_whatever_its_name(settings: Any) -> None:
    assert not is_secret("shelf")
    settings.SESSION_COOKIE_NAME = "shelf"
    assert is_secret("shelf")


def test_names_given_in_the_settings_are_secret(settings: Any) -> None:
    assert not is_secret("Shelf_Mark")
    settings.CYCLE_INSPECTOR = {"REDACT": ["^shelf", "row$"]}
    assert is_secret("Shelf_Mark")
    assert is_secret("a_row")
    assert not is_secret("bookshelf")


def test_faulty_pattern_hides_its_text_and_spares_the_others(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"REDACT": ["*shelf", "row"]}
    assert is_secret("a*shelf")
    assert is_secret("row")
    assert not is_secret("board")


def test_filter_of_the_project_is_asked(use_filter: Any) -> None:
    use_filter(f"{__name__}.ShelfFilter")
    assert is_secret("shelf")
    assert not is_secret("token")
    assert is_secret("csrf")  # of ours


def test_filter_without_a_pattern_leaves_that_of_django(use_filter: Any) -> None:
    use_filter(f"{__name__}.BareFilter")
    assert is_secret("token")


# Values


def test_secret_is_hidden_whatever_it_is_made_of() -> None:
    for value in ("x", "", 7, None, ["x"], {"a": "x"}):
        assert redact("password", value) == HIDDEN


def test_secrets_are_hidden_however_deep_they_stand() -> None:
    given = {"user": {"name": "ann", "password": "x", "keys": [1]}, "list": [{"token": "x"}, 1]}
    assert redact("", given) == {
        "user": {"name": "ann", "password": HIDDEN, "keys": HIDDEN},
        "list": [{"token": HIDDEN}, 1],
    }


def test_value_given_is_not_changed() -> None:
    given = {"token": "x", "list": [{"token": "x"}]}
    redact("", given)
    assert given == {"token": "x", "list": [{"token": "x"}]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://ann:secret@db/shop", f"postgres://{HIDDEN}@db/shop"),
        ("redis://:secret@cache:6379/0", f"redis://{HIDDEN}@cache:6379/0"),
        ("postgres://ann:se@cret@db/shop", f"postgres://{HIDDEN}@db/shop"),
        ("smtp://ann@shop.example:secret@mail", f"smtp://{HIDDEN}@mail"),
        ("git+https://ghp_0123456789abcdefghij@host/x", f"git+https://{HIDDEN}@host/x"),
        ("a://b:c@d and e://f:g@h", f"a://{HIDDEN}@d and e://{HIDDEN}@h"),
        ("http://host:8000/mail@home", "http://host:8000/mail@home"),
        ("http://host:8000/?a=b:c@d", "http://host:8000/?a=b:c@d"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("ann:secret@db", "ann:secret@db"),
        ("12:30 @ home", "12:30 @ home"),
    ],
)
def test_password_in_a_url_is_hidden(text: str, shown: str) -> None:
    assert redact("DATABASE", text) == shown
    assert redact("", {"name": [text]}) == {"name": [shown]}


# Settings


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "DATABASE_PASSWORD", "AWS_ACCESS_KEY_ID", "API_URL"]
)
def test_secret_setting_is_hidden(name: str) -> None:
    assert redact_setting(name, "x") == HIDDEN


def test_setting_is_shown_with_its_secrets_hidden() -> None:
    given = {"default": {"HOST": "db", "PASSWORD": "x", "URL": "redis://:x@cache"}}
    assert redact_setting("STORES", given) == {
        "default": {"HOST": "db", "PASSWORD": HIDDEN, "URL": f"redis://{HIDDEN}@cache"}
    }


def test_setting_that_can_be_called_is_named_not_called() -> None:
    def may_see(request: Any) -> bool:
        raise AssertionError

    assert redact_setting("SHOW", may_see).startswith("<function tests.collectors.test_redaction.")


def test_lazy_setting_is_not_evaluated() -> None:
    evaluated = []
    lazy = SimpleLazyObject(lambda: evaluated.append(1))
    assert redact_setting("NAMES", {"a": [lazy, 1]})["a"][1] == 1
    assert not evaluated


def test_setting_that_the_filter_turns_into_something_else_is_json(use_filter: Any) -> None:
    use_filter(f"{__name__}.OddFilter")
    assert redact_setting("SHELF", ["a"]) == {"shelf": "<builtins.object>"}


def test_long_setting_is_cut_once() -> None:
    assert redact_setting("SHELF", "x" * 2_005) == "x" * 2_000 + "… (5 more characters)"


# URLs


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/books/?page=2", "/books/?page=2"),
        ("/books/?token=abc&page=2", f"/books/?token={HIDDEN}&page=2"),
        ("/books/?user[password]=abc", f"/books/?user[password]={HIDDEN}"),
        ("/books/?tok%65n=abc", f"/books/?tok%65n={HIDDEN}"),
        ("/books/?token", "/books/?token"),
        ("/books/?", "/books/?"),
        ("/done#access_token=abc&state=1", f"/done#access_token={HIDDEN}&state=1"),
        ("https://ann:secret@host/x?a=1#b", f"https://{HIDDEN}@host/x?a=1#b"),
        ("http://[::1", "http://[::1"),
        ("http://[bad]/?token=abc", f"http://[bad]/?token={HIDDEN}"),
        ("/login/?next=/x%3Ftoken%3Dabc%26a%3D1", f"/login/?next=/x%3Ftoken%3D{HIDDEN}%26a%3D1"),
        ("/login/?next=/x?token=abc", f"/login/?next=/x%3Ftoken%3D{HIDDEN}"),
        ("/?next=/%3Ftoken%3Dabc%26b%3D\udc80", f"/?next=/%3Ftoken%3D{HIDDEN}%26b%3D%3F"),
        ("/login/?next=/x%3Fpage%3d2", "/login/?next=/x%3Fpage%3d2"),
        ("/?to=http%3A//ann:secret@host/", f"/?to=http://{HIDDEN}%40host/"),
        ("", ""),
    ],
)
def test_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_addresses_inside_of_addresses_come_to_an_end() -> None:
    assert redact_url("?a=" * 5_000) == "?a=" * 5_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/confirm/?token=abc", f"/confirm/?token={HIDDEN}"),
        ("postgres://db/shop?password=abc", f"postgres://db/shop?password={HIDDEN}"),
        ("is this a key? a=1 token=abc", "is this a key? a=1 token=abc"),
    ],
)
def test_a_value_that_is_an_address_is_shown_without_its_secrets(text: str, shown: str) -> None:
    assert redact("next", text) == shown


@pytest.mark.parametrize("query", ["", "a", "a=1&a=2", "a=%20+b&&c=", "q=a%26b", "a=\udc80", "=x"])
def test_query_without_secrets_stays_as_it_is_spelled(query: str) -> None:
    assert redact_query(query) == query


def test_query_with_secrets_keeps_the_spelling_of_the_rest() -> None:
    assert redact_query("a=%20+b&key=1&key=2&c=\udc80") == (
        f"a=%20+b&key={HIDDEN}&key={HIDDEN}&c=\udc80"
    )

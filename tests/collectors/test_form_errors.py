"""What is wrong with a form, without what it was sent."""

from __future__ import annotations

from collections import UserList
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.forms.utils import ErrorDict, ErrorList
from django.http import QueryDict
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from cycle_inspector.collectors import _form_errors
from cycle_inspector.records import HIDDEN


def message(error: Any, *sent: str) -> str:
    """Return what is told of one error of a form that was sent these values."""
    values = _form_errors.values_of({str(at): value for at, value in enumerate(sent)})
    ((told),) = _form_errors.of_list(ErrorList(ValidationError(error).error_list), values)
    return str(told["message"])


def errors_of(form: forms.Form) -> list[dict[str, Any]]:
    form.full_clean()
    sent = _form_errors.values_of(form.data)
    return list(_form_errors.of_form(form._errors, sent))  # type: ignore[attr-defined]


def test_an_error_has_its_field_its_code_and_its_message() -> None:
    class Book(forms.Form):
        title = forms.CharField()

        def clean(self) -> None:
            raise ValidationError("The shelf is full.", code="full")

    assert errors_of(Book({})) == [
        {"field": "title", "code": "required", "message": "This field is required."},
        {"field": None, "code": "full", "message": "The shelf is full."},
    ]


def test_django_s_messages_are_told_without_the_input() -> None:
    class Book(forms.Form):
        genre = forms.ChoiceField(choices=[("crime", "Crime")])
        title = forms.CharField(max_length=5)
        price = forms.DecimalField(max_value=10)

    told = errors_of(Book({"genre": "s3cret", "title": "s3cret", "price": "12.75"}))

    assert [one["message"] for one in told] == [
        "Select a valid choice. … is not one of the available choices.",
        "Ensure this value has at most 5 characters (it has …).",
        "Ensure this value is less than or equal to 10.",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (gettext_lazy("Sold out."), "Sold out."),
        (pgettext_lazy("of a book", "Sold out."), "Sold out."),
        (ngettext_lazy("%(num)d copy", "%(num)d copies", 1), "%(num)d copy"),
        (ngettext_lazy("%(num)d copy", "%(num)d copies", "num"), "%(num)d copies"),
        (lazystr("Sold out."), "<lazy text>"),
    ],
)
def test_a_lazy_text_is_told_as_it_was_written(text: Any, wanted: str) -> None:
    assert message(text) == wanted


def test_what_a_project_s_own_text_quotes_of_the_input_is_hidden() -> None:
    assert message("There is no book Ulysses.", "ulysses") == "There is no book …."
    assert message("Nobody at ada@example.com", "ada@example.com") == "Nobody at …"
    assert message("Not ada@example.com, ada", "ada", "ada@example.com") == "Not …, …"


def test_a_short_value_is_hidden_as_a_word_only() -> None:
    assert message("7 is no answer to 17.", "7") == "… is no answer to 17."


def test_a_text_that_quotes_nothing_is_told_whole() -> None:
    assert message("The shelf is full.", "Ulysses", "", " ") == "The shelf is full."


def test_only_what_is_of_the_form_is_filled_in() -> None:
    error = ValidationError(
        "100%% of %(title)s: %(limit_value).2f, %(absent)s",
        params={"title": "Ulysses", "limit_value": 3},
    )

    assert message(error) == "100% of …: 3, …"


def test_the_input_is_hidden_in_a_text_that_is_filled_in_as_well() -> None:
    error = ValidationError("Ulysses has %(max)s copies", params={"max": 3})

    assert message(error, "Ulysses", "max") == "… has 3 copies"


def test_a_limit_that_is_lazy_is_told_as_it_was_written() -> None:
    error = ValidationError(
        "No %(model_name)s.", params={"model_name": gettext_lazy("book")}, code="absent"
    )

    assert message(error) == "No book."


def test_validators_tell_their_limits() -> None:
    class Book(forms.Form):
        code = forms.CharField(validators=[MaxLengthValidator(3)])
        price = forms.DecimalField(validators=[MaxValueValidator(Decimal("2.5"))])

    told = [one["message"] for one in errors_of(Book({"code": "abcd", "price": "7"}))]

    assert "at most 3 character" in told[0]
    assert told[1] == "Ensure this value is less than or equal to 2.5."


def test_a_secret_in_a_message_is_hidden() -> None:
    assert message("token=t0ps3cret is spent") == f"token={HIDDEN} is spent"


def test_a_long_message_is_cut() -> None:
    assert message("x" * 1_000).endswith("… (700 more characters)")


def test_no_code_of_a_message_is_run() -> None:
    class Odd:
        def __str__(self) -> str:
            raise AssertionError

    told = list(_form_errors.of_list(ErrorList([ValidationError(Odd())]), ()))  # type: ignore[arg-type]

    assert told[0]["message"].startswith("<tests.collectors.test_form_errors")
    assert message(ValidationError("No %(max)s.", params={"max": Odd()})).startswith("No <tests")


def test_texts_in_a_list_of_errors_are_told() -> None:
    assert list(_form_errors.of_list(ErrorList(["No."]), ())) == [{"code": None, "message": "No."}]
    assert list(_form_errors.of_list(["No.", None], ())) == [
        {"code": None, "message": "No."},
        {"code": None, "message": ""},
    ]


def test_what_is_no_list_of_errors_has_none() -> None:
    odd: UserList[Any] = UserList()
    del odd.data

    assert list(_form_errors.of_list(odd, ())) == []
    assert list(_form_errors.of_form(None, ())) == []


def test_errors_are_counted() -> None:
    errors = ErrorDict(title=ErrorList(["a", "b"]), price=ErrorList(["c"]))

    assert _form_errors.count(errors) == 3
    assert _form_errors.count(None) == 0


def test_all_values_that_were_sent_are_known() -> None:
    sent = QueryDict("genre=crime&genre=poetry&title=&price=7")

    assert _form_errors.values_of(sent) == ("poetry", "crime", "7")
    assert _form_errors.values_of({"copies": 12, "tags": ["a"]}) == ("12", "a")
    assert _form_errors.values_of([("title", "x")]) == ()

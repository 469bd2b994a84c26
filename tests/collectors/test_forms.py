"""Forms: each that the page has validated, once, with why it failed, and none that it has not."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import engines

from cycle_inspector import record
from cycle_inspector.collectors import forms as collector
from cycle_inspector.records import Cycle, Event, Stage
from tests.shelf.models import Author, Book


class OrderForm(forms.Form):
    title = forms.CharField()
    copies = forms.IntegerField()


class BookForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ("title", "author")


OrderSet: Any = forms.formset_factory(OrderForm, extra=0, can_delete=True)
BookSet: Any = forms.modelformset_factory(Book, BookForm)

VALID = {"title": "Ulysses", "copies": "2"}


def validated(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "form"]


def facts_of(form: Any) -> dict[str, Any]:
    """Return what is kept of the one validation that `form.is_valid()` makes."""
    with record() as recording:
        form.is_valid()
    (event,) = validated(recording.cycle)
    return dict(event.attributes)


def sent(*rows: dict[str, str], **more: str) -> dict[str, str]:
    """Return what a browser sends for a formset of these rows."""
    data = {"form-TOTAL_FORMS": str(len(rows)), "form-INITIAL_FORMS": "0", **more}
    for number, row in enumerate(rows):
        data |= {f"form-{number}-{name}": value for name, value in row.items()}
    return data


def test_a_form_that_fails_says_why_with_its_caller(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        form = OrderForm({"title": "Ulysses"}, prefix="order")
        return HttpResponse(str(form.is_valid()))

    (event,) = validated(serve(view).get("/").cycle)

    assert (event.name, event.stage) == ("OrderForm", Stage.VIEW)
    assert event.attributes["class"] == f"{__name__}.OrderForm"
    assert event.attributes["fields"] == ["title", "copies"]
    assert event.attributes["prefix"] == "order"
    assert event.attributes["valid"] is False
    assert event.attributes["error_count"] == 2
    assert [one["field"] for one in event.attributes["errors"]] == ["title", "copies"]
    assert event.attributes["duration_ns"] > 0
    assert event.frames[0].path == __file__
    assert event.frames[0].function.endswith("view")


def test_a_form_of_an_async_view_has_its_caller(serve: Any) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(OrderForm(VALID).is_valid()))

    (event,) = validated(serve(view).get("/").cycle)

    assert event.attributes["valid"] is True
    assert event.frames[0].function.endswith("view")


def test_a_valid_form_has_no_errors() -> None:
    facts = facts_of(OrderForm(VALID))

    assert facts.pop("duration_ns") > 0
    assert facts == {
        "class": f"{__name__}.OrderForm",
        "fields": ["title", "copies"],
        "valid": True,
    }


def test_a_form_is_kept_once_however_often_it_is_asked() -> None:
    form = OrderForm({})
    with record() as recording:
        form.is_valid()
        form.is_valid()
        assert form.errors

    assert len(validated(recording.cycle)) == 1


def test_an_unbound_form_is_none() -> None:
    with record() as recording:
        form = OrderForm()
        assert not form.is_valid()
        assert form.errors == {}
        OrderSet().is_valid()

    assert validated(recording.cycle) == []


def test_a_bound_form_that_the_page_does_not_validate_stays_so() -> None:
    with record() as recording:
        form = OrderForm({})

    assert form._errors is None  # type: ignore[attr-defined]
    assert validated(recording.cycle) == []


def test_a_form_that_a_template_validates_has_its_line() -> None:
    template = engines["django"].from_string("\n{{ form.errors }}")
    with record() as recording:
        template.render({"form": OrderForm({})})

    (event,) = validated(recording.cycle)
    assert event.attributes["template"]["line"] == 2


def test_an_error_that_the_view_adds_is_among_them() -> None:
    form = OrderForm(VALID)
    with record() as recording:
        assert form.is_valid()
        form.add_error("copies", ValidationError("Sold out.", code="sold_out"))

    (event,) = validated(recording.cycle)
    assert event.attributes["valid"] is False
    assert event.attributes["errors"] == [
        {"field": "copies", "code": "sold_out", "message": "Sold out."}
    ]
    assert event.attributes["added_later"] == 1


def test_no_value_of_a_field_is_kept() -> None:
    class Quoting(OrderForm):
        def clean_title(self) -> str:
            raise ValidationError(f"{self.cleaned_data['title']} is sold out.")

    facts = facts_of(Quoting(QueryDict("title=Ulysses&copies=dozens")))

    assert "Ulysses" not in str(facts)
    assert "dozens" not in str(facts)
    assert facts["errors"][0]["message"] == "… is sold out."


def test_a_validation_that_raises_is_told_and_raised() -> None:
    class Broken(OrderForm):
        def clean(self) -> None:
            raise ZeroDivisionError("no copies")

    with record() as recording, pytest.raises(ZeroDivisionError, match="no copies"):
        Broken(VALID).is_valid()

    (event,) = validated(recording.cycle)
    assert event.attributes["error"] == "ZeroDivisionError: no copies"
    assert "valid" not in event.attributes


@pytest.mark.django_db
def test_a_form_of_a_model_names_it_and_counts_its_queries() -> None:
    author = Author.objects.create(name="a")
    facts = facts_of(BookForm({"title": "Ulysses", "author": author.pk}))

    assert (facts["model"], facts["valid"], facts["queries"]) == ("shelf.Book", True, 2)


def test_the_forms_of_a_formset_are_a_part_of_it() -> None:
    data = sent(VALID, {"title": "", "copies": "2"}, VALID)
    facts = facts_of(OrderSet(data))

    assert (facts["forms"], facts["valid"], facts["error_count"]) == (3, False, 1)
    assert facts["fields"] == ["title", "copies", "DELETE"]
    (error,) = facts["errors"]
    assert (error["form"], error["field"], error["code"]) == (1, "title", "required")


def test_a_form_that_is_to_be_deleted_does_not_count() -> None:
    facts = facts_of(OrderSet(sent({"title": "", "DELETE": "on"}, {"title": "", "copies": "1"})))

    assert [one["form"] for one in facts["errors"]] == [1]


def test_an_error_of_the_formset_itself_is_told() -> None:
    facts = facts_of(OrderSet({}))

    (error,) = facts["errors"]
    assert (error["form"], error["field"]) == (None, None)
    assert error["code"] == "missing_management_form"
    assert facts["forms"] == 0


@pytest.mark.django_db
def test_a_formset_of_a_model_names_it() -> None:
    facts = facts_of(BookSet(sent({"title": "Ulysses"})))

    assert (facts["model"], facts["forms"]) == ("shelf.Book", 1)
    assert [(one["form"], one["field"]) for one in facts["errors"]] == [(0, "author")]


def test_another_form_inside_of_a_formset_is_one_of_its_own() -> None:
    class Outer(forms.Form):
        note = forms.CharField()

        def clean(self) -> None:
            OrderForm(VALID).is_valid()

    outer: Any = forms.formset_factory(Outer)
    with record() as recording:
        assert outer(sent({"note": "x"})).is_valid()

    assert [one.name for one in validated(recording.cycle)] == ["OuterFormSet", "OrderForm"]


def test_more_errors_and_fields_than_can_be_shown_are_counted() -> None:
    fields = {f"field_{number}": forms.CharField() for number in range(120)}
    facts = facts_of(type("Many", (forms.Form,), fields)({}))

    assert (len(facts["errors"]), facts["error_count"]) == (50, 120)
    assert (len(facts["fields"]), facts["field_count"]) == (100, 120)


def test_a_form_is_collected_as_garbage_with_its_cycle() -> None:
    form = OrderForm({})
    with record() as recording:
        form.is_valid()
    assert validated(recording.cycle)
    gone = weakref.ref(form)
    del form
    gc.collect()

    assert gone() is None


def test_the_classes_are_what_they_were() -> None:
    before = forms.BaseForm.full_clean, BaseFormSet.full_clean
    with collector.collect():
        assert forms.BaseForm.full_clean is not before[0]

    assert (forms.BaseForm.full_clean, BaseFormSet.full_clean) == before


def test_nothing_is_recorded_outside_of_a_cycle() -> None:
    with collector.collect():
        assert OrderForm(VALID).is_valid()
        assert not OrderSet({}).is_valid()

"""Forms that failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.failed_form import find
from cycle_inspector.records import Finding, Severity


class OrderForm(forms.Form):
    title = forms.CharField()
    copies = forms.IntegerField()
    at = forms.SplitDateTimeField(required=False)


class SearchForm(forms.Form):
    q = forms.CharField(required=False)


OrderSet: Any = forms.formset_factory(OrderForm, extra=1)

View = Callable[[HttpRequest], HttpResponse]


def found(serve: Any, view: View, method: str = "POST", **form: str) -> list[Finding]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    return list(find(serve(view).ask(method, "/", body=body, headers=headers).cycle, Thresholds()))


def shown_again(request: HttpRequest) -> HttpResponse:
    form = OrderForm(request.POST, prefix=request.GET.get("prefix"))
    return HttpResponse("Thank you." if form.is_valid() else str(form))


def sent_on(request: HttpRequest) -> HttpResponse:
    OrderForm(request.POST).is_valid()
    return HttpResponseRedirect("/orders/")


def test_finds_a_form_whose_errors_are_lost_by_a_redirect(serve: Any) -> None:
    (finding,) = found(serve, sent_on, title="", copies="two")
    assert (finding.code, finding.severity) == ("CI605", Severity.WARNING)
    assert finding.title == (
        "The form OrderForm failed, and the page that follows does not say why"
    )
    assert finding.caller is not None
    assert (finding.caller.path, finding.caller.function) == (__file__, "sent_on")


def test_finds_a_form_of_a_page_that_has_not_all_of_its_fields(serve: Any) -> None:
    (finding,) = found(serve, shown_again, title="Ulysses")
    assert (finding.code, finding.severity) == ("CI605", Severity.INFO)
    assert finding.title == "The form OrderForm failed for copies, which the page did not send"
    assert "{{ form.copies }}" in finding.fix


def test_does_not_find_a_form_that_is_shown_again_with_its_errors(serve: Any) -> None:
    assert found(serve, shown_again, title="", copies="") == []
    assert found(serve, shown_again, title="Ulysses", copies="two") == []


def test_does_not_find_a_form_that_is_valid(serve: Any) -> None:
    assert found(serve, sent_on, title="Ulysses", copies="2") == []


def with_message(request: HttpRequest) -> HttpResponse:
    messages.error(request, "Say how many.")
    return sent_on(request)


def with_session(request: HttpRequest) -> HttpResponse:
    request.session["failed"] = True
    return sent_on(request)


def with_another(request: HttpRequest) -> HttpResponse:
    SearchForm(request.POST).is_valid()
    return sent_on(request)


@pytest.mark.parametrize("view", [with_message, with_session, with_another])
def test_does_not_find_a_redirect_that_tells_why_or_is_of_another_form(
    serve: Any, view: View
) -> None:
    assert found(serve, view, title="") == []


def test_does_not_find_a_form_that_nothing_was_sent_of(serve: Any) -> None:
    assert found(serve, shown_again, other="1") == []


def test_does_not_find_fields_that_a_script_has_left_out(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        form = OrderForm(request.POST)
        return JsonResponse({"valid": form.is_valid()})

    assert found(serve, view, title="Ulysses") == []


def test_does_not_find_a_field_whose_parts_were_sent(serve: Any) -> None:
    class Meeting(forms.Form):
        title = forms.CharField()
        at = forms.SplitDateTimeField()

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(Meeting(request.POST).is_valid()))

    assert found(serve, view, title="Ulysses", at_0="", at_1="") == []


def test_does_not_find_the_forms_of_a_formset(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(OrderSet(request.POST).is_valid()))

    form = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-title": "Ulysses"}
    assert found(serve, view, **form) == []


def test_does_not_find_what_is_asked_for_by_get(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        OrderForm({"title": ""}).is_valid()
        return HttpResponseRedirect("/orders/")

    assert found(serve, view, "GET") == []

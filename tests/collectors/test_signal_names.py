"""Names of signals: where they are defined, whoever else has imported them."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.core.signals import request_started
from django.db.models.signals import post_save
from django.dispatch import Signal

from cycle_inspector.collectors._signal_names import name_of, sender_of
from tests.collectors.test_signals import book_sold


def test_one_of_django_goes_by_its_own_name() -> None:
    assert name_of(post_save) == "post_save"
    assert name_of(request_started) == "request_started"


def test_one_of_the_project_is_named_by_the_module_that_defines_it() -> None:
    assert name_of(book_sold) == "tests.collectors.test_signals.book_sold"
    assert name_of(book_sold) == "tests.collectors.test_signals.book_sold"  # remembered


def test_one_that_no_module_holds_goes_by_its_type() -> None:
    assert name_of(Signal()) == "django.dispatch.dispatcher.Signal"


def test_a_sender_is_told_by_its_label_or_name() -> None:
    assert sender_of(Group) == "auth.Group"
    assert sender_of(Signal) == "django.dispatch.dispatcher.Signal"
    assert sender_of(None) == ""
    assert sender_of(Group()) == "<django.contrib.auth.models.Group>"

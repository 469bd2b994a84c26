"""What a code says about itself."""

from __future__ import annotations

from cycle_inspector.analysis import RULES, Code, codes_of
from cycle_inspector.records import Severity


def test_a_code_leads_to_the_page_of_django() -> None:
    code = Code(code="CI101", severity=Severity.INFO, title="Something", django="ref/models/")
    assert code.django_url == "https://docs.djangoproject.com/en/stable/ref/models/"


def test_a_code_without_a_page_of_django_leads_to_none() -> None:
    assert Code(code="SHOP1", severity=Severity.INFO, title="Something").django_url is None


def test_a_rule_is_named_by_its_function() -> None:
    assert RULES[0].name == "cycle_inspector.analysis.exception.find"


def test_codes_are_found_by_their_text() -> None:
    codes = codes_of()
    assert codes["CI101"].severity is Severity.WARNING
    assert all(name == code.code for name, code in codes.items())

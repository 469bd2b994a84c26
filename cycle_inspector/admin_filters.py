"""What the list of cycles in the admin can be filtered by, besides its columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cycle_inspector import conf
from cycle_inspector.analysis import RULES, codes_of, duplicates
from cycle_inspector.history import added_rules
from cycle_inspector.models import Cycle


class StatusFilter(admin.SimpleListFilter):
    """By the first digit of the status."""

    title = _("status")
    parameter_name = "status_class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return (
            ("2", _("2xx: success")),
            ("3", _("3xx: redirect")),
            ("4", _("4xx: client error")),
            ("5", _("5xx: server error")),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cycle]) -> QuerySet[Cycle]:
        value = self.value()
        if value not in ("2", "3", "4", "5"):
            return queryset
        first = int(value) * 100
        return queryset.filter(status__gte=first, status__lt=first + 100)


class SlowFilter(admin.SimpleListFilter):
    """By a least duration."""

    title = _("slow")
    parameter_name = "slow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return (
            ("100", _("100 ms or more")),
            ("500", _("500 ms or more")),
            ("2000", _("2 s or more")),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cycle]) -> QuerySet[Cycle]:
        value = self.value()
        if value not in ("100", "500", "2000"):
            return queryset
        return queryset.filter(duration_ns__gte=int(value) * 1_000_000)


class _YesNoFilter(admin.SimpleListFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return (("yes", _("Yes")), ("no", _("No")))


class DuplicatesFilter(_YesNoFilter):
    """By whether the same statement ran more than once."""

    title = _("SQL duplicates")
    parameter_name = "duplicates"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cycle]) -> QuerySet[Cycle]:
        found = {"finding_codes__contains": f",{duplicates.CODE},"}
        if self.value() == "yes":
            return queryset.filter(**found)
        return queryset.exclude(**found) if self.value() == "no" else queryset


class FindingFilter(admin.SimpleListFilter):
    """By a code that was found; those of a project's own rules among them."""

    title = _("finding")
    parameter_name = "finding"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        rules = (*RULES, *added_rules(conf.current().rules))
        return [(name, f"{name}: {code.title}") for name, code in sorted(codes_of(rules).items())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cycle]) -> QuerySet[Cycle]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(finding_codes__contains=f",{value},")


class ExceptionFilter(_YesNoFilter):
    """By whether an exception was raised."""

    title = _("exception")
    parameter_name = "raised"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cycle]) -> QuerySet[Cycle]:
        if self.value() == "yes":
            return queryset.exclude(exception="")
        return queryset.filter(exception="") if self.value() == "no" else queryset

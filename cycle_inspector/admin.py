"""The history in the admin: a list to search and filter, and the report of each cycle.

Who may view and delete is Django's own permissions; nobody adds or edits a cycle. While the tool is
switched off the history is not in the admin, as if it were not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from cycle_inspector import conf
from cycle_inspector.admin_filters import (
    DuplicatesFilter,
    ExceptionFilter,
    FindingFilter,
    SlowFilter,
    StatusFilter,
)
from cycle_inspector.admin_search import SearchedAdmin
from cycle_inspector.codec import UnreadableCycle
from cycle_inspector.history import reader, snapshots, trouble, writer
from cycle_inspector.history.links import Cause
from cycle_inspector.models import Cycle
from cycle_inspector.panel import pages, views
from cycle_inspector.panel.addresses import Urls

# A list is not to wait longer for what this process has not written yet.
_FLUSH_SECONDS = 0.5

_MAY_BREAK = mark_safe("<wbr>")

_CAUSES = {"inside": _("inside another"), "redirect": _("redirect"), "fetch": _("fetch")}
_CAUSE = "cause_of_row"  # where a row of the list has what caused it


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _explained(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a view whose history cannot be read say so, rather than fail."""

    @wraps(view)
    def explained(self: CycleAdmin, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            with trouble.explained():
                response = view(self, request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()  # here, as it is the rendering that queries
            return response
        except (trouble.HistoryUnavailable, UnreadableCycle) as error:
            return self.say(request, str(error))

    return explained


@admin.register(Cycle)
class CycleAdmin(SearchedAdmin):
    """The list of cycles, and the report of one."""

    list_display = (
        *("started", "request", "status", "cause", "duration"),
        *("queries", "findings", "code"),
    )
    list_display_links = ("started", "request")
    list_filter = (
        StatusFilter,
        "method",
        SlowFilter,
        FindingFilter,
        DuplicatesFilter,
        ExceptionFilter,
        "pinned",
        ("view", admin.AllValuesFieldListFilter),
    )
    date_hierarchy = "started_at"
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description=_("started"), ordering="started_at")
    def started(self, row: Cycle) -> str:
        # With seconds, which the usual formats leave out: requests come in quick succession.
        aware = timezone.is_aware(row.started_at)
        moment = timezone.localtime(row.started_at) if aware else row.started_at
        return _unbroken(f"{date_format(moment, 'j M')}, {moment:%H:%M:%S}")

    @admin.display(description=_("request"), ordering="path")
    def request(self, row: Cycle) -> str:
        return f"{row.method} {row.path}" if row.method else gettext("A recorded block")

    @admin.display(description=_("cause"), empty_value="")
    def cause(self, row: Cycle) -> str | None:
        found: Cause | None = getattr(row, _CAUSE, None)
        if found is None:
            return None
        address = self._address_of(found.parent)
        return format_html('<a href="{}">{}</a>', address, _CAUSES[found.kind])

    @admin.display(description=_("duration"), ordering="duration_ns")
    def duration(self, row: Cycle) -> str:
        return _unbroken(f"{row.duration_ns / 1_000_000:,.1f} ms")

    @admin.display(description=_("queries"), ordering="query_count")
    def queries(self, row: Cycle) -> str:
        taken = f"{row.query_ns / 1_000_000:,.1f} ms"
        return format_html('<span title="{}">{}</span>', taken, row.query_count)

    @admin.display(description=_("view"), ordering="view")
    def code(self, row: Cycle) -> str:
        path, _dot, name = row.view.rpartition(".")
        if not name:
            return ""
        # Broken after the module's name, where it has to be.
        module = path.rpartition(".")[2]
        return format_html('<span title="{}">{}.<wbr>{}</span>', row.view, module, name)

    @admin.display(description=_("findings"), ordering="severity")
    def findings(self, row: Cycle) -> str:
        codes = row.finding_codes.strip(",").replace(",", ", ")
        name = row.exception.rpartition(".")[2]
        if not name:
            return codes
        # A long name may be broken before its capitals.
        parts = ((part,) for part in re.split(r"(?<=[a-z])(?=[A-Z])", name))
        return format_html(
            '<strong title="{}">{}</strong>', codes, format_html_join(_MAY_BREAK, "{}", parts)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cycle]:
        return super().get_queryset(request).defer("document")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Cycle | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Cycle | None = None) -> bool:
        return conf.current().enabled and super().has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Cycle | None = None) -> bool:
        return conf.current().enabled and super().has_delete_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return conf.current().enabled and super().has_module_permission(request)

    def get_urls(self) -> list[URLPattern]:
        assets = path(
            "assets/<path:name>",
            self.admin_site.admin_view(self.asset_view),
            name="cycle_inspector_cycle_asset",
        )
        plan = path(
            "<uuid:cycle_id>/queries/<int:number>/explain",
            # The view asks itself whether it is the page's own script that sends this.
            self.admin_site.admin_view(csrf_exempt(self.explain_view)),
            name="cycle_inspector_cycle_explain",
        )
        export = path(
            "<uuid:cycle_id>/exports/<str:name>",
            self.admin_site.admin_view(self.export_view),
            name="cycle_inspector_cycle_export",
        )
        return [assets, plan, export, *super().get_urls()]

    def asset_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Send one of the package's static files: the admin needs no collectstatic for them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return views.asset(request, name=name)

    def explain_view(self, request: HttpRequest, cycle_id: UUID, number: int) -> HttpResponseBase:
        """Send the plan of a query as a fragment."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return views.explain(request, cycle_id=cycle_id, number=number)

    @_explained
    def export_view(self, request: HttpRequest, cycle_id: UUID, name: str) -> HttpResponseBase:
        """Send a cycle as a file or a text for elsewhere."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return views.export(request, cycle_id=cycle_id, name=name)

    @_explained
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if writer.is_waiting() and writer.problem() is None:
            writer.flush(_FLUSH_SECONDS)
        problem = writer.problem()
        if problem is not None:
            self.message_user(request, problem, "WARNING")
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if "cl" in shown:
            rows = shown["cl"].result_list
            causes = reader.causes_of(rows)
            for row in rows:
                setattr(row, _CAUSE, causes.get(row.pk))
        return response

    @_explained
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Show the report of a cycle, where other models have their form."""
        row = self.get_object(request, object_id)
        if row is None:
            self.message_user(request, gettext("There is no such cycle any more."), "WARNING")
            return redirect(f"{self.admin_site.name}:cycle_inspector_cycle_changelist")
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        cycle = reader.get(row.pk)
        if cycle is None:
            raise Http404
        asset = reverse(f"{self.admin_site.name}:cycle_inspector_cycle_asset", args=["-"])
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "original": row,
            "has_delete_permission": self.has_delete_permission(request, row),
            "report": pages.embed(
                snapshots.with_changes(cycle),
                Urls(
                    assets=asset.removesuffix("-"),
                    cycle=self._address_of,
                    queries=self._queries_of if settings.DEBUG else None,
                    exports=self._exports_of,
                ),
                links=reader.links_of(cycle),
            ),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/cycle_inspector/cycle/report.html", context)

    @_explained
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, object_id, extra_context)

    def _address_of(self, cycle_id: str) -> str:
        return reverse(f"{self.admin_site.name}:cycle_inspector_cycle_change", args=[cycle_id])

    def _queries_of(self, cycle_id: str) -> str:
        name = f"{self.admin_site.name}:cycle_inspector_cycle_explain"
        return reverse(name, args=[cycle_id, 0]).removesuffix("0/explain")

    def _exports_of(self, cycle_id: str) -> str:
        name = f"{self.admin_site.name}:cycle_inspector_cycle_export"
        return reverse(name, args=[cycle_id, "json"]).removesuffix("json")

    def say(self, request: HttpRequest, sentence: str) -> HttpResponseBase:
        """Return a page of the admin that says why there is nothing to show."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("The history cannot be read"),
            "opts": self.opts,
            "sentence": sentence,
        }
        return TemplateResponse(
            request, "admin/cycle_inspector/cycle/unavailable.html", context, status=503
        ).render()

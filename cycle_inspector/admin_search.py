"""The search of the admin's list of cycles, in the grammar of `analysis.search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cycle_inspector.analysis.search import BadSearch
from cycle_inspector.history import lookup
from cycle_inspector.models import Cycle

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Cycle]
else:
    _Base = admin.ModelAdmin  # generic to django-stubs only


class SearchedAdmin(_Base):
    """A list of cycles that is searched by more than the words of its columns."""

    search_fields = ("path",)  # that there are any makes the admin show its field
    search_help_text = _(
        "Words of path, view, route, exception, user, finding or id; path:, view:, user:, code:, "
        "method:, status:5xx, time:>100; and of what is inside sql:, table:, file:, stage:."
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Cycle], search_term: str
    ) -> tuple[QuerySet[Cycle], bool]:
        """Search in the grammar of `analysis.search`."""
        try:
            found = lookup.look_up(queryset, search_term)
        except BadSearch as error:
            self.message_user(request, str(error), messages.ERROR)
            return queryset.none(), False
        if found.is_cut:
            said = gettext("Only the newest %(count)d cycles were looked into.")
            self.message_user(request, said % {"count": lookup.MOST_READ}, messages.WARNING)
        return found.rows, False

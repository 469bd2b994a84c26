"""What the history keeps: a row per cycle, settings snapshots, and what ties cycles together.

A row is a compressed document (see `codec`) and, beside it, the few plain columns that lists and
filters need. No table refers to another by a foreign key: what a browser sends may arrive before
its cycle, and rows are written in batches and removed by retention, in any order.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from cycle_inspector import codec, records
from cycle_inspector.records import Stage

_ID_LENGTH = 36  # a UUID as text


class Cycle(models.Model):
    """One request-response cycle. Nobody adds or edits one, so neither has a permission."""

    id = models.CharField(primary_key=True, max_length=_ID_LENGTH)
    started_at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=16)
    method = models.CharField(max_length=16, blank=True)
    host = models.CharField(max_length=255, blank=True)
    path = models.CharField(max_length=500, blank=True)
    route = models.CharField(max_length=500, blank=True)
    view = models.CharField(max_length=500, blank=True)
    status = models.IntegerField(null=True, blank=True)
    duration_ns = models.BigIntegerField("duration in ns")
    query_count = models.IntegerField()
    query_ns = models.BigIntegerField("time in queries in ns")
    render_count = models.IntegerField()
    response_bytes = models.BigIntegerField(null=True, blank=True)
    user = models.CharField(max_length=255, blank=True)
    finding_codes = models.CharField(max_length=255, blank=True)  # ",CI101,CI102," or ""
    severity = models.CharField(max_length=16, blank=True)  # of the worst finding
    exception = models.CharField(max_length=255, blank=True)
    pinned = models.BooleanField(default=False)
    # The cycle inside which it ran; other causes are told by `Redirect` and `Fetch`.
    parent = models.CharField(max_length=_ID_LENGTH, blank=True, db_index=True)
    settings_digest = models.CharField(max_length=64, blank=True, db_index=True)
    document = models.BinaryField()  # last: SQLite reads a row up to the last column it needs

    class Meta:
        verbose_name = "cycle"
        verbose_name_plural = "cycles"
        ordering: ClassVar = ["-id"]  # ids sort by time
        default_permissions = ("view", "delete")
        indexes: ClassVar = [
            models.Index(fields=["path", "id"], name="cycle_inspector_path"),
            models.Index(fields=["pinned", "id"], name="cycle_inspector_pinned"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.path or self.id, str(self.status or ""))))


class SettingsSnapshot(models.Model):
    """The settings some cycles ran under; one row per distinct content."""

    digest = models.CharField(primary_key=True, max_length=64)
    document = models.TextField()  # JSON

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.digest


class BrowserTiming(models.Model):
    """What the panel sent back about a cycle, merged into it when it is read."""

    cycle_id = models.CharField(primary_key=True, max_length=_ID_LENGTH)
    received_at = models.DateTimeField()  # how retention tells early from orphaned
    document = models.TextField()  # JSON

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.cycle_id


class Redirect(models.Model):
    """A response that sent its client elsewhere; the request that came of it is found by reading.

    A table of its own, so that the many cycles that redirect nobody have nothing to write.
    """

    cycle_id = models.CharField(primary_key=True, max_length=_ID_LENGTH)
    target = models.CharField(max_length=16, db_index=True)  # digest of the client and the address
    path = models.CharField(max_length=500)  # of the address, as a request for it would have it
    method = models.CharField(max_length=16)
    status = models.IntegerField()
    ended_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.cycle_id


class Fetch(models.Model):
    """That a script of a page made a request, as the panel in that page has told."""

    cycle_id = models.CharField(primary_key=True, max_length=_ID_LENGTH)
    page_id = models.CharField(max_length=_ID_LENGTH, db_index=True)
    received_at = models.DateTimeField()  # how retention tells early from orphaned

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.cycle_id


def cycle_row(cycle: records.Cycle) -> dict[str, Any]:
    """Return the values of `cycle`'s row, by name; its findings are those it carries."""
    request, response = cycle.request, cycle.response
    statements = cycle.statements
    worst = max((one.severity for one in cycle.findings), key=lambda one: one.rank, default="")
    texts = {
        "id": cycle.id,
        "kind": cycle.kind,
        "method": request.get("method"),
        "host": request.get("host"),
        "path": request.get("path"),
        "route": cycle.stage(Stage.ROUTING).facts.get("route"),
        "view": cycle.stage(Stage.VIEW).facts.get("name"),
        "user": request.get("user"),
        "severity": str(worst),
        "exception": next((one.name for one in cycle.events if one.kind == "exception"), ""),
        "parent": cycle.parent,
        "settings_digest": cycle.settings,
    }
    return {
        **{name: fit(name, value) for name, value in texts.items()},
        "started_at": stored_time(cycle.started_at),
        "status": response.get("status"),
        "duration_ns": cycle.duration_ns,
        "query_count": len(statements),
        "query_ns": sum(one.duration_ns for one in statements),
        "render_count": sum(one.count for one in cycle.renders),
        "response_bytes": response.get("size_bytes"),
        "finding_codes": _join_codes([one.code for one in cycle.findings]),
        "pinned": False,
        "document": codec.encode(cycle),
    }


def stored_time(moment: datetime) -> datetime:
    """Return the aware `moment` as this project keeps times: naive without USE_TZ."""
    if settings.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())


def fit(name: str, value: object) -> str:
    """Return `value` as text for the column `name`: cut to its length, and storable anywhere."""
    if value is None:
        return ""
    # No database takes a lone surrogate, and PostgreSQL takes no NUL.
    text = str(value).encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return text[: _max_length(name)]


def _join_codes(codes: list[str]) -> str:
    """Return distinct `codes` between commas, so that a filter finds `,code,`; none is cut."""
    joined = ""
    for code in dict.fromkeys(codes):
        longer = f"{joined or ','}{code},"
        if len(longer) <= _max_length("finding_codes"):
            joined = longer
    return joined


def _max_length(name: str) -> int:
    length: int = getattr(Cycle._meta.get_field(name), "max_length")  # noqa: B009
    return length

"""What a cycle can be taken elsewhere as: the exporters by their names in addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from cycle_inspector.exporters import chrome_trace, curl, har, json_document, markdown, test_client
from cycle_inspector.records import Cycle

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One way out: to be saved as a file, or to be copied."""

    name: str  # in the address
    title: str
    about: str
    export: Callable[[Cycle], str | dict[str, Any]]
    ending: str = ""  # of the file; without it the text is to be copied
    is_of_blocks: bool = False  # whether it says something of a block of code, too


ALL = (
    Export(
        name="json",
        title="JSON",
        about="The whole record",
        export=json_document.export,
        ending=".json",
        is_of_blocks=True,
    ),
    Export(
        name="har",
        title="HAR",
        about="The request for the network tools of a browser",
        export=har.export,
        ending=".har",
    ),
    Export(
        name="chrome-trace",
        title="Chrome trace",
        about="The spans for Perfetto, chrome://tracing or speedscope",
        export=chrome_trace.export,
        ending=".trace.json",
        is_of_blocks=True,
    ),
    Export(
        name="curl",
        title="curl",
        about="A command that sends the request again",
        export=curl.export,
    ),
    Export(
        name="django-test",
        title="Django test",
        about="A test that sends the request again with self.client",
        export=test_client.export,
    ),
    Export(
        name="markdown",
        title="Markdown",
        about="What happened in words, for an issue or an assistant",
        export=markdown.export,
        is_of_blocks=True,
    ),
)

BY_NAME = {one.name: one for one in ALL}
FILES = tuple(one for one in ALL if one.ending)
TEXTS = tuple(one for one in ALL if not one.ending)


def answer(cycle: Cycle, one: Export) -> HttpResponse:
    """Return `cycle` as `one` has it: a file to be saved, or a text."""
    made = one.export(cycle)
    if isinstance(made, str):
        return HttpResponse(made, content_type=_TEXT)
    content = json.dumps(made, ensure_ascii=False, default=str)
    response = HttpResponse(content, content_type="application/json")
    name = f"{_short_name(cycle)}{one.ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _short_name(cycle: Cycle) -> str:
    words = re.findall(r"[A-Za-z0-9]+", str(cycle.request.get("path") or ""))
    return "-".join(["cycle", *words])[:60] + f"-{cycle.id[-6:]}"

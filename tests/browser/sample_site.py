"""A page with the panel in it, served over HTTP from sample cycles: no history, no middleware."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from socketserver import ThreadingMixIn
from typing import Any
from unittest.mock import patch
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, HttpResponseBase
from django.test import override_settings

from cycle_inspector import models
from cycle_inspector.history import pins, reader, writer
from cycle_inspector.history.links import Links
from cycle_inspector.panel import views
from cycle_inspector.records import Cycle
from tests.panel.sample import failed_cycle, hostile_cycle, make_row, rich_cycle

RICH = rich_cycle()
FAILED = failed_cycle()
HOSTILE = replace(hostile_cycle(), id="019aaa00-0000-7000-8000-00000000bad0")
FETCHED = replace(
    rich_cycle(),
    id="019aaa00-0000-7000-8000-0000000000f1",
    request={"method": "GET", "path": "/api/", "full_path": "/api/?q=1"},
    findings=(),
)

STRICT = "default-src 'none'; script-src 'nonce-abc'; connect-src 'self'"
ROUGH = "* {all: revert !important; font: 40px serif !important} cycle-panel {display: none}"

# What pages do to themselves, and so to whatever stands in them.
STYLES = {
    "rough": ROUGH,
    "bootstrap": """
        *, ::before, ::after {box-sizing: border-box}
        :root {font-size: 62.5%; --text: red; --surface: yellow; --size: 1; --gap: 300px}
        body {margin: 0; font: 400 2.4rem/1.5 cursive; letter-spacing: 3px; text-align: center}
        button, input {margin: 0; font-family: fantasy; text-transform: uppercase}
        h1, h2 {margin-top: 0; font-size: 4rem} a {color: red} svg {vertical-align: middle}
        .line, .drawer, .bar, .menu, .more, .status, .rail {display: none !important}
        [hidden] {display: none !important} cycle-report {position: fixed; top: -9999px}""",
    "tailwind": """
        *, ::before, ::after, ::backdrop {border: 0 solid red; --text: red; --stage: red}
        * {margin: 0; padding: 0} html {line-height: 3; tab-size: 4; cursor: wait}
        button, ::file-selector-button {background: red; border-radius: 0; opacity: .5}
        ol, ul, menu {list-style: square} img, svg {display: block; max-width: 100%}
        cycle-panel, cycle-panel * {all: unset !important; opacity: 0 !important;
            visibility: hidden !important; transform: scale(3) !important}""",
    "inherited": """
        html {direction: rtl; text-align: right; word-spacing: 9px; text-indent: 3em;
            white-space: pre; text-transform: uppercase; visibility: hidden; cursor: none;
            user-select: none; pointer-events: none; writing-mode: vertical-rl;
            font: italic small-caps 900 31px cursive; color: red; letter-spacing: 9px;
            list-style: square inside; quotes: "x" "y"; hyphens: auto; text-shadow: 3px 3px red}""",
}

_PAGE = """<!doctype html><html lang="{lang}" dir="{dir}"><head><title>Books</title>
<style>{style}</style></head><body><h1>Books</h1><input aria-label="Search">{more}
<script nonce="abc" type="module" src="/__cycle__/panel.js"></script></body></html>"""


class Site:
    """What the server knows, and what it was sent."""

    def __init__(self) -> None:
        self.cycles = {one.id: one for one in (RICH, FAILED, HOSTILE, FETCHED)}
        self.beacons: list[tuple[str, dict[str, Any], tuple[str, ...]]] = []
        self.address = ""
        self.pinned: set[str] = set()

    def pin(self, cycle_id: str, *, pinned: bool) -> bool:
        (self.pinned.add if pinned else self.pinned.discard)(cycle_id)
        return True

    def find(self, words: str, limit: int) -> list[models.Cycle]:
        """Return the rows whose path holds `words`, the newest first."""
        return [one for one in self._rows() if words in one.path][:limit]

    def rows_of(self, ids: list[str]) -> list[models.Cycle]:
        return [one for one in self._rows() if one.id in ids]

    def _rows(self) -> list[models.Cycle]:
        newest_first = sorted(self.cycles.values(), key=lambda one: one.id, reverse=True)
        return [models.Cycle(**models.cycle_row(one)) for one in newest_first]

    def answer(self, request: WSGIRequest) -> HttpResponseBase:
        if request.path_info.startswith(views.PREFIX):
            return views.respond(request)
        shown, more, headers = RICH, "", {}
        match request.path_info:
            case "/fetch/":
                more = "<script nonce='abc'>fetch('/api/?q=1')</script>"
            case "/frame/":
                more = "<iframe src='/books/'></iframe>"
            case "/failed/":
                shown = FAILED
            case "/hostile/":
                shown = HOSTILE
            case "/strict/":
                headers["Content-Security-Policy"] = STRICT
            case "/api/":
                shown = FETCHED
        style = STYLES.get(request.path_info.strip("/"), "")
        lang, way = ("ar", "rtl") if request.path_info == "/rtl/" else ("en", "ltr")
        page = _PAGE.format(style=style, more=more, lang=lang, dir=way)
        response = HttpResponse(page, headers=headers)
        response["Server-Timing"] = f'cycle;desc="{shown.id}"'
        return response

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        response = self.answer(WSGIRequest(environ))
        headers = [*response.items(), ("Content-Length", str(len(response.content)))]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]


def links_of(cycle: Cycle) -> Links:
    """Say that the one which was fetched had one before it."""
    return Links(earlier=make_row(id=RICH.id)) if cycle.id == FETCHED.id else Links()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serve() -> Iterator[Site]:
    """Serve a `Site` while the block runs."""
    site = Site()
    stand_ins = (
        patch.object(reader, "get", site.cycles.get),
        patch.object(reader, "latest", lambda path=None: RICH.id),
        patch.object(reader, "find", site.find),
        patch.object(reader, "rows_of", site.rows_of),
        patch.object(reader, "links_of", links_of),
        patch.object(pins, "pin", site.pin),
        patch.object(writer, "problem", lambda: None),
        patch.object(writer, "put_beacon", lambda *given: site.beacons.append(given)),
    )
    with make_server("127.0.0.1", 0, site, _Server, _Silent) as server:
        site.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        with override_settings(DEBUG=True, ALLOWED_HOSTS=["127.0.0.1"]):
            for one in stand_ins:
                one.start()
            thread.start()
            try:
                yield site
            finally:
                server.shutdown()
                thread.join()
                for one in stand_ins:
                    one.stop()

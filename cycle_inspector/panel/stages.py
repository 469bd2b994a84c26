"""What each stage is, in a sentence, and what its template needs beside the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cycle_inspector.panel import (
    delivery,
    filters,
    grouped,
    marks,
    models,
    onion,
    queries,
    renders,
    routing,
    side_events,
    surroundings,
    template_sources,
    threads,
    timeline,
)
from cycle_inspector.records import Cycle, Stage

_DOCS = "https://docs.djangoproject.com/en/stable/"


@dataclass(frozen=True, slots=True)
class About:
    """What a stage is, for those who learn how Django works, and where to read on."""

    sentence: str
    page: str


ABOUT = {
    Stage.CLIENT: About(
        "The browser, or any other program, sends a request: a method, a URL, headers and perhaps "
        "a body. Django hands it to your code as an HttpRequest.",
        _DOCS + "ref/request-response/#httprequest-objects",
    ),
    Stage.GATEWAY: About(
        "A server process takes the connection and calls Django through WSGI or ASGI, the two "
        "standard interfaces between Python servers and applications.",
        _DOCS + "howto/deployment/",
    ),
    Stage.SETTINGS: About(
        "One settings module says how the whole site behaves. Here is what differs from Django's "
        "own defaults; secrets are hidden.",
        _DOCS + "topics/settings/",
    ),
    Stage.MIDDLEWARE: About(
        "Every request passes through the layers of MIDDLEWARE on its way in, first to last, and "
        "the response passes through the same layers on its way out, last to first.",
        _DOCS + "topics/http/middleware/",
    ),
    Stage.ROUTING: About(
        "Django compares the path with the patterns of the URLconf, from the top, and takes the "
        "first that matches.",
        _DOCS + "topics/http/urls/",
    ),
    Stage.VIEW: About(
        "The view is your code: a function, or the method of a class, that takes the request and "
        "returns a response.",
        _DOCS + "topics/http/views/",
    ),
    Stage.MODELS: About(
        "Rows of the database become objects of your models. An object that is loaded lazily, "
        "one at a time, usually costs one query each.",
        _DOCS + "topics/db/models/",
    ),
    Stage.DATABASE: About(
        "Every statement that was sent to a database, in order, with the line of your code that "
        "caused it.",
        _DOCS + "topics/db/optimization/",
    ),
    Stage.TEMPLATES: About(
        "Templates turn values into HTML. One template may extend or include others: the tree "
        "shows what was rendered inside what.",
        _DOCS + "topics/templates/",
    ),
    Stage.RESPONSE: About(
        "What left the server: a status, headers, and a body, whole or as a stream.",
        _DOCS + "ref/request-response/#httpresponse-objects",
    ),
    Stage.BROWSER: About(
        "What the person saw and when, as their browser measured it. Times count from the moment "
        "the navigation began.",
        "https://developer.mozilla.org/en-US/docs/Web/API/Performance_API/Navigation_timing",
    ),
}


def context(cycle: Cycle, stage: Stage, urls: object = None) -> dict[str, Any]:
    """Return what the template of `stage` is filled with; `urls` are those of `pages`."""
    summary = cycle.stage(stage)
    more = _MORE.get(stage)
    return {
        "cycle": cycle,
        "urls": urls,
        "stage": stage.value,
        "number": list(Stage).index(stage) + 1,
        "about": ABOUT[stage],
        "summary": summary,
        "facts": summary.facts,
        "events": [one for one in side_events.others(cycle) if one.stage is stage],
        "marks": marks.listed(cycle, stage),
        "beside_words": side_events.words(cycle, stage),
        "dropped": dropped(cycle, stage),
        **(more(cycle) if more is not None else {}),
    }


def _database(cycle: Cycle) -> dict[str, Any]:
    listed = queries.lines(cycle)
    first, next_number = grouped.beginning(listed)
    return {
        "lines": listed,
        "first_lines": first,
        "next_number": next_number,
        "shapes": queries.shapes(cycle),
        "choices": grouped.choices(),
        "statement_count": len(cycle.statements),
        "total_ns": sum(one.duration_ns for one in cycle.queries),
        "by_alias": cycle.stage(Stage.DATABASE).facts.get("by_alias") or [],
        "many_aliases": len({one.alias for one in cycle.queries}) > 1,
        "usual_thread": threads.usual_thread(cycle),
    }


def _templates(cycle: Cycle) -> dict[str, Any]:
    contexts = cycle.stage(Stage.TEMPLATES).facts.get("contexts") or []
    given = {one.get("render"): one for one in contexts}
    tree = renders.branches(cycle)
    return {
        "tree": [
            (one, given.get(one.first.id), template_sources.is_file(one.first)) for one in tree
        ]
    }


def _view(cycle: Cycle) -> dict[str, Any]:
    """Take the exceptions out of the events: here they are shown first, with their frames."""
    events = [one for one in side_events.others(cycle) if one.stage is Stage.VIEW]
    own = (one for one in cycle.spans if one.stage is Stage.VIEW and not threads.is_followed(one))
    span = next(own, None)
    usual = cycle.stage(Stage.GATEWAY).facts.get("thread")
    return {
        "raised": [one for one in events if one.kind == "exception"],
        "events": [one for one in events if one.kind not in ("exception", "mark")],
        "thread": span.thread if span is not None and usual and span.thread != usual else None,
        "beside": threads.followed(cycle),
    }


def _browser(cycle: Cycle) -> dict[str, Any]:
    content_type = str(cycle.response.get("content_type") or "")
    return {
        "browser": timeline.lay_out_browser(cycle),
        "is_page": content_type.startswith(("text/html", "application/xhtml")),
    }


_MORE: dict[Stage, Callable[[Cycle], dict[str, Any]]] = {
    Stage.CLIENT: surroundings.client,
    Stage.GATEWAY: surroundings.gateway,
    Stage.SETTINGS: surroundings.settings,
    Stage.RESPONSE: delivery.context,
    Stage.ROUTING: routing.context,
    Stage.MIDDLEWARE: onion.context,
    Stage.VIEW: _view,
    Stage.MODELS: models.context,
    Stage.DATABASE: _database,
    Stage.TEMPLATES: _templates,
    Stage.BROWSER: _browser,
}

# Where the kinds in `Cycle.dropped` are told, what they are called, and what became of them.
_COUNTED = "only counted"
_DROPPED = {
    "queries": (Stage.DATABASE, "more query,more queries", _COUNTED),
    "details": (Stage.DATABASE, "query,queries", "kept without parameters and call stack"),
    "renders": (Stage.TEMPLATES, "more template,more templates", _COUNTED),
    "spans": (Stage.MIDDLEWARE, "more span,more spans", _COUNTED),
    "events": (Stage.VIEW, "more event,more events", _COUNTED),
    "changes": (Stage.MODELS, "more change,more changes", _COUNTED),
}


def dropped(cycle: Cycle, stage: Stage | None = None) -> list[str]:
    """Return what the limits left out, under `stage` or at all, in a sentence for each kind."""
    told = [
        (count, *_DROPPED.get(kind, (None, f"more of {kind},more of {kind}", _COUNTED)))
        for kind, count in cycle.dropped.items()
        if count
    ]
    return [
        f"{filters.counted(count, nouns)} {'was' if count == 1 else 'were'} {fate}, "
        "to stay within the limits."
        for count, where, nouns, fate in told
        if stage is None or where is stage
    ]

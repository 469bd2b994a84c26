"""CI401 to CI403: slow middlewares, their order, and what forces a chain into threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

SLOW = Code(
    code="CI401",
    severity=Severity.WARNING,
    title="A middleware took long",
    django="topics/http/middleware/",
)
ORDER = Code(
    code="CI402",
    severity=Severity.WARNING,
    title="Middlewares stand in an order that does not work",
    django="ref/middleware/#middleware-ordering",
)
THREADS = Code(
    code="CI403",
    severity=Severity.INFO,
    title="A sync middleware forces an async chain into threads",
    django="topics/async/#async-views",
)

_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
_LOCALE = "django.middleware.locale.LocaleMiddleware"
_UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
_GZIP = "django.middleware.gzip.GZipMiddleware"

# The first has to stand above the second, and why.
_BEFORE = (
    (
        _SESSION,
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "who is logged in is kept in the session",
    ),
    (
        _SESSION,
        "django.contrib.messages.middleware.MessageMiddleware",
        "messages may be kept in the session",
    ),
    (
        _LOCALE,
        "django.middleware.common.CommonMiddleware",
        "which URLs there are depends on the language",
    ),
    (_UPDATE, _SESSION, "it keeps what the others add to Vary"),
    (_UPDATE, _LOCALE, "it keeps what the others add to Vary"),
    (_UPDATE, _GZIP, "it keeps what the others add to Vary"),
    (
        _UPDATE,
        "django.middleware.cache.FetchFromCacheMiddleware",
        "what one stores under the headers of the other is never found else",
    ),
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield what is wrong with the chain of middlewares."""
    facts = cycle.stage(Stage.MIDDLEWARE).facts
    onion = [one for one in facts.get("onion") or () if isinstance(one, Mapping)]
    yield from _slow(onion, thresholds)
    yield from _order([str(one.get("name")) for one in onion])
    if cycle.stage(Stage.VIEW).facts.get("is_async") is True:
        yield from _threads(facts.get("modes") or (), facts.get("hops") or ())


def _slow(onion: Iterable[Mapping[str, Any]], thresholds: Thresholds) -> Iterator[Finding]:
    limit_ns = thresholds.slow_middleware_ms * 1_000_000
    for one in onion:
        own_ns = one.get("own_ns") or 0
        # One that hands the request on in a thread has all that is inside as its own.
        if own_ns >= limit_ns and not one.get("carried"):
            yield SLOW.about(
                f"{_short(one.get('name'))} took {own_ns / 1_000_000:.0f} ms of its own",
                "It runs at every request. What it asks for can be kept in the cache, be made "
                "where it is first used (SimpleLazyObject), or be left to the views that need it.",
                cost_ns=own_ns,
            )


def _order(names: Sequence[str]) -> Iterator[Finding]:
    at = {name: place for place, name in enumerate(names)}
    for first, second, why in _BEFORE:
        if first in at and second in at and at[first] > at[second]:
            yield ORDER.about(
                f"{_short(first)} stands below {_short(second)}",
                f'Move "{first}" above "{second}" in MIDDLEWARE: {why}.',
            )


def _threads(
    modes: Iterable[Mapping[str, Any]], hops: Iterable[Mapping[str, Any]]
) -> Iterator[Finding]:
    modes = list(modes)
    sync = [str(one.get("name")) for one in modes if one.get("knows") == "sync"]
    made = [one for one in hops if one.get("at") in ("chain", "middleware", "handler")]
    if not sync or not made or len(sync) == len(modes):
        return
    count = len(made)
    yield THREADS.about(
        f"{count} change{'s' * (count != 1)} between threads on the way to an async view: "
        f"{', '.join(map(_short, sync))} {'is' if len(sync) == 1 else 'are'} sync only",
        "Make it async as well (sync_and_async_middleware, or an async __call__), or move the "
        "sync ones next to each other.",
        count=count,
        cost_ns=sum(int(one.get("hop_ns") or 0) for one in made),
    )


def _short(name: Any) -> str:
    return str(name).rpartition(".")[2]


RULE = Rule(find, (SLOW, ORDER, THREADS))

"""Walk a URLconf as Django does: which patterns are tried in which order, and which one matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import Resolver404
from django.urls.resolvers import URLPattern, URLResolver

from cycle_inspector.routes.patterns import Chain, is_expression, is_route, lead_of, remaining


@dataclass(frozen=True, slots=True)
class Search:
    """The chains that were tried for a path, in order; the last of them if it `matched`."""

    tried: tuple[Chain, ...]
    matched: bool


def search(resolver: Any, path: str) -> Search:
    """Resolve `path` as Django would, with the project's own converters.

    This is `URLResolver.resolve`, but that a pattern whose first letters are others is passed over
    without compiling its regular expression: in a fresh process a URLconf of 2,000 patterns takes
    Django a second. Where a project has resolvers of its own make, they are asked.
    """
    left = resolver.pattern.match(path)
    if left is None:
        return Search((), matched=False)
    tried: list[Chain] = []
    try:
        matched = _walk(resolver, left[0], (), tried)
    except _OfAnotherMake:
        return _ask(resolver, path)
    return Search(tuple(tried), matched)


def matching(resolver: Any, text: str) -> Iterator[Chain]:
    """Yield the chains inside `resolver` that match `text`, in order; no value is converted."""
    for one in resolver.url_patterns:
        left = remaining(one.pattern, text)
        if left is None:
            continue
        if isinstance(one, URLResolver):
            yield from ((one, *chain) for chain in matching(one, left))
        else:
            yield (one,)


class _OfAnotherMake(Exception):
    """A pattern or resolver with a `resolve` of its own."""


def _walk(resolver: Any, text: str, before: Chain, tried: list[Chain]) -> bool:
    for one in resolver.url_patterns:
        if getattr(type(one), "resolve", None) not in (URLPattern.resolve, URLResolver.resolve):
            raise _OfAnotherMake
        pattern = one.pattern
        is_known = is_route(pattern) or is_expression(pattern)
        matched = (
            None if is_known and not text.startswith(lead_of(pattern)) else pattern.match(text)
        )
        if matched is not None and isinstance(one, URLResolver):
            if _walk(one, matched[0], (*before, one), tried):
                return True
            continue
        tried.append((*before, one))
        if matched is not None:
            return True
    return False


def _ask(resolver: Any, path: str) -> Search:
    try:
        return Search(tuple(resolver.resolve(path).tried or ()), matched=True)
    except Resolver404 as error:
        return Search(tuple(error.args[0].get("tried") or ()), matched=False)

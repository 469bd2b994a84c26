"""The middleware pair: FirstMiddleware first in MIDDLEWARE, LastMiddleware last.

The first opens and closes the cycle, puts the panel into buffered HTML and answers below
`/__cycle__/`; the last lets the chain be seen and puts the panel into streamed HTML. Both are thin:
what they do is in `cycle_inspector.lifecycle` and `cycle_inspector.panel`. Disabled, both take
themselves out of the chain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from cycle_inspector import lifecycle
from cycle_inspector.collectors import hooks
from cycle_inspector.collectors._frames import stop_at
from cycle_inspector.lifecycle import OpenCycle, guard
from cycle_inspector.panel import access, inject, policy, views
from cycle_inspector.recorder import leave

GetResponse = Callable[[HttpRequest], Any]


class _Middleware:
    """One of the pair, in the mode of the chain around it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        if not lifecycle.is_enabled():
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)


class FirstMiddleware(_Middleware):
    """Records every request that passes, and serves `/__cycle__/`."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        hooks.hold()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        if request.path_info.startswith(views.PREFIX):
            return views.respond(request)
        cycle = lifecycle.open_cycle(request)
        if cycle is None:
            response: HttpResponseBase = self.get_response(request)
            return response
        try:
            response = self.get_response(request)
        except BaseException:
            cycle.abandon(request)
            raise
        cycle.close(request, response)
        if not cycle.recorder.discarded and cycle.shown is None:
            cycle.shown = access.may_show(request)
        return _finish(cycle, request, response)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(views.PREFIX):
            return await sync_to_async(views.respond)(request)
        cycle = lifecycle.open_cycle(request)
        if cycle is None:
            response: HttpResponseBase = await self.get_response(request)
            return response
        try:
            response = await self.get_response(request)
        except BaseException:
            cycle.abandon(request)
            raise
        cycle.close(request, response)
        if not cycle.recorder.discarded and cycle.shown is None:
            cycle.shown = await access.amay_show(request)
        return _finish(cycle, request, response)


class LastMiddleware(_Middleware):
    """Stands next to the view: sees the chain being built, and streams before anyone wraps them."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.watch = lifecycle.watch(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        cycle = lifecycle.cycle_of(request)
        tokens = lifecycle.rejoin(cycle)
        try:
            response: HttpResponseBase = self.get_response(request)
            if cycle is not None:
                cycle.saw_chain(self.watch)
                if inject.wants_stream(request, response):
                    cycle.shown = access.may_show(request)
                _prepare(cycle, request, response)
        finally:
            if tokens is not None:
                leave(tokens)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        cycle = lifecycle.cycle_of(request)
        tokens = lifecycle.rejoin(cycle)
        try:
            response: HttpResponseBase = await self.get_response(request)
            if cycle is not None:
                cycle.saw_chain(self.watch)
                if inject.wants_stream(request, response):
                    cycle.shown = await access.amay_show(request)
                _prepare(cycle, request, response)
        finally:
            if tokens is not None:
                leave(tokens)
        return response


def _prepare(cycle: OpenCycle, request: HttpRequest, response: HttpResponseBase) -> None:
    """Do what has to be done next to the view: read the page's nonce, append to a stream."""
    with guard("read the page's nonce", cycle.recorder):
        cycle.nonce = policy.nonce_of(request, response)
    if cycle.shown:  # asked so early for a stream of HTML only
        with guard("put the panel into the stream", cycle.recorder):
            inject.append_to_stream(response, request, cycle.nonce)
            cycle.panel = "shown"


def _finish(
    cycle: OpenCycle, request: HttpRequest, response: HttpResponseBase
) -> HttpResponseBase:
    """Add the panel and the headers to what leaves, and hand the cycle over."""
    if cycle.recorder.discarded:
        return response
    if cycle.shown:
        with guard("put the panel into the page", cycle.recorder):
            cycle.panel = cycle.panel or inject.put_into_page(response, request, cycle.nonce)
            inject.add_headers(response, request, cycle.recorder.id)
    else:
        cycle.panel = "SHOW_PANEL says that this client may not see it."
    cycle.hand_over(response)
    return response


# What stands below the pair on the stack is the server's, not the project's.
for _method in (
    FirstMiddleware.__call__,
    FirstMiddleware.__acall__,
    LastMiddleware.__call__,
    LastMiddleware.__acall__,
):
    stop_at(_method.__code__)

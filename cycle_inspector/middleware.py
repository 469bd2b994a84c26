"""The middleware pair: FirstMiddleware first in MIDDLEWARE, LastMiddleware last.

The first opens and closes the cycle, puts the panel into buffered HTML and answers below
`/__cycle__/`; the last lets the chain be seen and puts the panel into streamed HTML. Both are thin:
what they do is in `cycle_inspector.lifecycle` and `cycle_inspector.panel`. Disabled, both take
themselves out of the chain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from cycle_inspector import lifecycle
from cycle_inspector.collectors import hooks
from cycle_inspector.collectors._frames import stop_at
from cycle_inspector.lifecycle import OpenCycle, guard
from cycle_inspector.panel import access, inject, policy, views
from cycle_inspector.recorder import leave, paused

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
            markcoroutinefunction(cast("Any", self))


class FirstMiddleware(_Middleware):
    """Records every request that passes, and serves `/__cycle__/`."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        with guard("hook Django"):
            hooks.hold()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        if request.path_info.startswith(views.PREFIX) and lifecycle.is_enabled():
            with paused():  # a view may ask for it, by Django's test client
                return views.respond(request)
        cycle = lifecycle.open_cycle(request)
        if cycle is None:
            response: HttpResponseBase = self.get_response(request)
            return response
        try:
            response = self.get_response(request)
        except BaseException as error:
            cycle.abandon(request, type(error).__name__)
            raise
        if not cycle.close(request, response):
            return response
        if cycle.shown is None:
            cycle.shown = access.may_show(request)
        return _finish(cycle, request, response)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(views.PREFIX) and lifecycle.is_enabled():
            with paused():
                return await sync_to_async(views.respond)(request)
        cycle = lifecycle.open_cycle(request)
        if cycle is None:
            response: HttpResponseBase = await self.get_response(request)
            return response
        try:
            response = await self.get_response(request)
        except BaseException as error:
            cycle.abandon(request, type(error).__name__)
            raise
        if not cycle.close(request, response):
            return response
        if cycle.shown is None:
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
                if _is_early(cycle, request, response):
                    with paused():
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
                if _is_early(cycle, request, response):
                    with paused():
                        cycle.shown = await access.amay_show(request)
                    _prepare(cycle, request, response)
        finally:
            if tokens is not None:
                leave(tokens)
        return response


def _is_early(cycle: OpenCycle, request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether the panel has to be prepared next to the view: in a stream, or for its nonce."""
    with guard("look at the response", cycle.recorder):
        return inject.fits(request, response) and (
            response.streaming or policy.needs_nonce(request, response)
        )
    return False


def _prepare(cycle: OpenCycle, request: HttpRequest, response: HttpResponseBase) -> None:
    if not cycle.shown:
        return
    with guard("prepare the panel", cycle.recorder):
        nonce = policy.nonce_in_use(request)
        if policy.needs_nonce(request, response):
            nonce = policy.use_nonce(request)
        if response.streaming:
            cycle.added = inject.put_into_stream(response, request, nonce)


def _finish(cycle: OpenCycle, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Add the panel and the headers to what leaves, and hand the cycle over."""
    if cycle.shown:
        with guard("put the panel into the page", cycle.recorder):
            nonce = policy.nonce_in_use(request)
            if cycle.added is not None and response.streaming:
                cycle.panel = policy.why_blocked(request, response, nonce) or "shown"
            else:
                cycle.panel = inject.put_into_page(response, request, nonce)
        with guard("name the cycle in the headers", cycle.recorder):
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

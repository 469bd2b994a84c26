"""Who may look at cycles outside the admin: asked for the panel's tag and for `/__cycle__/`.

The answer is `CYCLE_INSPECTOR["SHOW_PANEL"]`, a function of the request, sync or async. One that
raises counts as "no": a debug tool that fails must not show itself to strangers.
"""

from __future__ import annotations

import inspect
import ipaddress
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from cycle_inspector import conf

_log = logging.getLogger("cycle_inspector")

_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_ROUTES = Path("/proc/net/route")

_said: set[type[Exception]] = set()  # what was logged already, so that it is logged once


def may_show(request: HttpRequest) -> bool:
    """Say whether the sender of `request` may see cycles."""
    try:
        answer = _chosen()(request)
        if inspect.isawaitable(answer):
            answer = async_to_sync(_wait_for)(answer)
    except Exception as error:
        return _refuse(error)
    return bool(answer)


async def amay_show(request: HttpRequest) -> bool:
    """Say the same from async code, without blocking the event loop on the project's function."""
    try:
        chosen = _chosen()
        if chosen is is_local or inspect.iscoroutinefunction(chosen):
            answer = chosen(request)
        else:
            answer = await sync_to_async(chosen)(request)
        if inspect.isawaitable(answer):
            answer = await answer
    except Exception as error:
        return _refuse(error)
    return bool(answer)


def is_local(request: HttpRequest) -> bool:
    """Say whether DEBUG is on and `request` comes from this machine, or from INTERNAL_IPS."""
    if not settings.DEBUG:
        return False
    given = request.META.get("REMOTE_ADDR") or ""
    address = _plain(given)
    if address is not None and address.is_loopback:
        return True
    # INTERNAL_IPS may be an object that only knows `in`.
    if given in settings.INTERNAL_IPS:
        return True
    return address is not None and str(address) == _container_gateway()


async def _wait_for(answer: Awaitable[Any]) -> Any:
    return await answer


def _chosen() -> Callable[[HttpRequest], Any]:
    chosen = conf.current().show_panel
    return _imported(chosen) if isinstance(chosen, str) else chosen


@cache
def _imported(path: str) -> Callable[[HttpRequest], Any]:
    found: Callable[[HttpRequest], Any] = import_string(path)
    return found


def _refuse(error: Exception) -> bool:
    # By its kind: its text may fail as well, or be another each time.
    if type(error) not in _said:
        _said.add(type(error))
        _log.error("SHOW_PANEL failed, so the panel is not shown.", exc_info=error)
    return False


@lru_cache(maxsize=100)
def _plain(given: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(given.partition("%")[0])
    except ValueError:
        return None
    # Before Python 3.13 `::ffff:127.0.0.1` is not a loopback address.
    return getattr(address, "ipv4_mapped", None) or address


@cache
def _container_gateway() -> str | None:
    """Return the address from which the host reaches this container; None outside of one."""
    if not any(mark.exists() for mark in _CONTAINER_MARKS):
        return None
    try:
        lines = _ROUTES.read_text(encoding="ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        columns = line.split()
        if len(columns) > 2 and columns[1] == "00000000" and len(columns[2]) == 8:
            return socket.inet_ntoa(struct.pack("<L", int(columns[2], 16)))
    return None

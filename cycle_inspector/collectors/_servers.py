"""Which server runs this process, and in what place of its own: found out once per process.

A WSGI server names itself in the environ; one of ASGI does not. Which it is can be told by the
modules that only a running one has imported. Where they do not tell, nothing is said.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any

# The modules that a server imports once it runs; `import uvicorn` alone imports none of these.
_SIGNS = (
    ("uvicorn", ("uvicorn.protocols.http.h11_impl", "uvicorn.protocols.http.httptools_impl")),
    ("hypercorn", ("hypercorn.asyncio.run", "hypercorn.trio.run")),
    ("granian", ("granian.asgi",)),
    ("gunicorn", ("gunicorn.asgi.protocol",)),
)
_UVICORN = "uvicorn.protocols.http."  # and others, as its version has them
_MASTER = "gunicorn.arbiter"


@cache
def asgi_server(process_id: int) -> str:
    """Return the name and version of the ASGI server of this process; empty if it is unknown."""
    return find_asgi_server(sys.modules)


@cache
def place(process_id: int) -> dict[str, Any]:
    """Return the parent of this process, and whose worker it is, if that is known."""
    found: dict[str, Any] = {"parent_id": os.getppid()}
    worker_of = find_master(sys.modules, os.environ)
    return {**found, "worker_of": worker_of} if worker_of else found


def find_asgi_server(modules: Mapping[str, Any]) -> str:
    """Return what the imported `modules` tell of the ASGI server that runs them."""
    found = [name for name, signs in _SIGNS if any(sign in modules for sign in signs)]
    if "uvicorn" not in found and _has_uvicorn(modules):
        found.insert(0, "uvicorn")
    # An app of daphne imports its server everywhere; only a reactor that runs says that it serves.
    reactor = modules.get("twisted.internet.reactor")
    if "daphne.server" in modules and getattr(reactor, "running", False) is True:
        found.append("daphne")
    return " or ".join(f"{name} {_version(name)}".strip() for name in found)


def find_master(modules: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Return what has started this process to serve requests; empty if nothing says so."""
    if _MASTER in modules and "gunicorn" in environ.get("SERVER_SOFTWARE", ""):
        return f"gunicorn {_version('gunicorn')}".strip()
    if environ.get("RUN_MAIN") == "true":  # django.utils.autoreload
        return "runserver's autoreloader"
    multiprocessing = modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return find_asgi_server(modules) or "a process of multiprocessing"
    return ""


def _has_uvicorn(modules: Mapping[str, Any]) -> bool:
    return any(name.startswith(_UVICORN) and name.endswith("_impl") for name in tuple(modules))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""

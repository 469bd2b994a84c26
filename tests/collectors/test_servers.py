"""The server of this process: found out by what only a running one has imported."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest

from cycle_inspector.collectors import _servers

UVICORN = f"uvicorn {metadata.version('uvicorn')}"
GUNICORN = f"gunicorn {metadata.version('gunicorn')}"


def modules(*names: str, **given: Any) -> dict[str, Any]:
    return {**dict.fromkeys(names), **given}


@pytest.mark.parametrize(
    ("found", "server"),
    [
        (modules(), ""),
        (modules("uvicorn", "uvicorn.main", "uvicorn.protocols.http.auto"), ""),
        (modules("uvicorn.protocols.http.h11_impl"), UVICORN),
        (modules("uvicorn.protocols.http.httptools_impl", "gunicorn.arbiter"), UVICORN),
        (modules("uvicorn.protocols.http.some_new_impl"), UVICORN),
        (modules("gunicorn.asgi.protocol"), GUNICORN),
        (modules("hypercorn.asyncio.run"), "hypercorn"),  # whose version cannot be told here
        (modules("granian", "granian.asgi"), "granian"),
        (modules("granian.asgi", "hypercorn.trio.run"), "hypercorn or granian"),
    ],
)
def test_an_asgi_server_is_known_by_its_modules(found: dict[str, Any], server: str) -> None:
    assert _servers.find_asgi_server(found) == server


@pytest.mark.parametrize(("running", "server"), [(True, "daphne"), (False, "")])
def test_daphne_serves_only_where_its_reactor_runs(running: bool, server: str) -> None:
    found = modules("daphne.server")
    found["twisted.internet.reactor"] = SimpleNamespace(running=running)

    assert _servers.find_asgi_server(found) == server
    assert _servers.find_asgi_server(modules("daphne.server")) == ""


def test_importing_a_server_is_not_running_it() -> None:
    # What the signs rest on: `import uvicorn` must import none of them.
    code = (
        "import sys, uvicorn, gunicorn; from cycle_inspector.collectors import _servers; "
        "print(repr(_servers.find_asgi_server(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert told.stdout.strip() == "''"


@pytest.mark.parametrize(
    ("found", "environ", "master"),
    [
        (modules(), {}, ""),
        (modules("gunicorn.arbiter"), {"SERVER_SOFTWARE": "gunicorn/27.0.1"}, GUNICORN),
        (modules("gunicorn.arbiter"), {}, ""),
        (modules(), {"SERVER_SOFTWARE": "gunicorn/27.0.1"}, ""),
        (modules(), {"RUN_MAIN": "true"}, "runserver's autoreloader"),
    ],
)
def test_the_master_of_a_worker_is_known(
    found: dict[str, Any], environ: dict[str, str], master: str
) -> None:
    assert _servers.find_master(found, environ) == master


@pytest.mark.parametrize(
    ("is_child", "names", "master"),
    [
        (True, ["uvicorn.protocols.http.h11_impl"], UVICORN),
        (True, [], "a process of multiprocessing"),
        (False, ["uvicorn.protocols.http.h11_impl"], ""),
    ],
)
def test_a_spawned_process_is_a_worker(is_child: bool, names: list[str], master: str) -> None:
    parent = SimpleNamespace(parent_process=lambda: object() if is_child else None)
    found = {**modules(*names), "multiprocessing.process": parent}

    assert _servers.find_master(found, {}) == master


def test_what_is_found_out_is_found_out_once_for_each_process(monkeypatch: Any) -> None:
    first = _servers.place(1), _servers.asgi_server(1)
    monkeypatch.setattr(_servers, "find_master", None)
    monkeypatch.setattr(_servers, "find_asgi_server", None)

    assert (_servers.place(1), _servers.asgi_server(1)) == first
    assert first[0]["parent_id"] == os.getppid()

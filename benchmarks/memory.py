"""Whether memory stays flat: thousands of mixed requests in one process, with and without the tool.

    python benchmarks/memory.py [requests]

For WSGI, 4 threads visit one handler; for ASGI, 8 tasks do in one event loop. They take turns with
a tiny page, a page of 101 queries, a form, a stream, a stream that raises half-way, a view that
raises, a view with threads of its own. Each server has a process of its own. What is printed is
the resident memory after each fifth of the visits; the first fifth fills what is meant to be kept,
such as caches, templates and the queue of the history's writer. Beside it stands how many blocks of
Python's own allocator came to be in use after that first fifth: a leak would show there first.

glibc gives each thread an arena of its own, and keeps it. With one arena for all of them, as here,
the memory is that which is held, not that which lies scattered over the arenas.
"""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import multiprocessing
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pages

PATHS = ("/tiny/", "/many/", "/stream/", "/tiny/", "/raises/", "/breaks/", "/threads/", "/form/")
PARTS = 5
THREADS, TASKS = 4, 8


def raises(request: Any) -> Any:
    noise = "x" * 10_000  # a local that a traceback would keep alive
    raise ValueError(f"no such shelf, {len(noise)}")


def stream(request: Any) -> Any:
    from django.http import StreamingHttpResponse

    return StreamingHttpResponse(_lines(request, until=20))


def breaks(request: Any) -> Any:
    from django.http import StreamingHttpResponse

    return StreamingHttpResponse(_lines(request, until=10))


def _lines(request: Any, until: int) -> Any:
    async def later() -> Any:
        for line in _made(until):
            yield line

    return later() if hasattr(request, "scope") else _made(until)


def _made(until: int) -> Iterator[str]:
    yield "<!doctype html><html><body>"
    for number in range(20):
        if number == until:
            raise ValueError("half-way")
        yield f"<p>{number}</p>"
    yield "</body></html>"


def threads(request: Any) -> Any:
    from django.contrib.auth.models import Permission
    from django.db import connection
    from django.http import HttpResponse

    def work() -> None:
        try:
            Permission.objects.count()
        finally:
            connection.close()

    started = [threading.Thread(target=work) for _ in range(2)]
    for one in started:
        one.start()
    for one in started:
        one.join()
    return HttpResponse("<!doctype html><html><body>Done</body></html>")


def visit_wsgi(handler: Any, path: str) -> None:
    from django.db import connections

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    response = handler(environ, lambda status, headers: None)
    with suppress(ValueError):
        b"".join(response)
    response.close()
    connections.close_all()


async def visit_asgi(handler: Any, path: str) -> None:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 4321),
        "server": ("testserver", 80),
    }
    asked = False

    async def receive() -> Any:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()  # the client stays
        asked = True
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        pass

    with suppress(ValueError):
        await handler(scope, receive, send)


async def visit_all(handler: Any, paths: list[str]) -> None:
    waiting = iter(paths)

    async def visit_on() -> None:
        for path in waiting:
            await visit_asgi(handler, path)

    await asyncio.gather(*(visit_on() for _ in range(TASKS)))


def resident_mb() -> float:
    """Return the resident memory of this process."""
    gc.collect()
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:  # not Linux: the most it ever was
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    (line,) = [one for one in status.splitlines() if one.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def serve(pipe: Any, folder: Path, server: str, count: int, with_tool: bool) -> None:  # noqa: FBT001 - called by position, in a process of its own
    """Serve `count` requests, and send how much memory is resident after each part of them."""
    pages.configure(folder, "cycle_inspector" if with_tool else "bare")
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import path

    logging.disable()  # of what the views raise
    pages.urlpatterns += [
        path(f"{view.__name__}/", view) for view in (raises, stream, breaks, threads)
    ]
    pages.seed()
    handler: Any = ASGIHandler() if server == "ASGI" else WSGIHandler()
    if with_tool:
        from cycle_inspector.history import writer
    part = [PATHS[number % len(PATHS)] for number in range(count // PARTS)]
    measured = []
    for _ in range(PARTS):
        if server == "ASGI":
            asyncio.run(visit_all(handler, part))
        else:
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(lambda one: visit_wsgi(handler, one), part))
        if with_tool:
            writer.flush(30)
        measured.append((resident_mb(), sys.getallocatedblocks()))
    pipe.send(measured)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    os.environ["MALLOC_ARENA_MAX"] = "1"
    context = multiprocessing.get_context("spawn")
    for server in ("WSGI", "ASGI"):
        for with_tool in (False, True):
            ours, theirs = context.Pipe()
            with tempfile.TemporaryDirectory() as name:
                process = context.Process(
                    target=serve, args=(theirs, Path(name), server, count, with_tool)
                )
                process.start()
                measured = ours.recv()
                process.join()
            shown = "  ".join(f"{resident:6.1f}" for resident, _ in measured)
            which = "with" if with_tool else "without"
            resident, blocks = (
                last - first for first, last in zip(measured[0], measured[-1], strict=True)
            )
            print(f"{server} {which:7}  {shown} MB   {resident:+.1f} MB, {blocks:+,} blocks")


if __name__ == "__main__":
    main()

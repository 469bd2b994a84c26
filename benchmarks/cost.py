"""What recording costs: the same pages bare and with a tool, in turns.

    python benchmarks/cost.py [--rounds N] [--page NAME ...] [--asgi] [TOOL ...]

A tool is `cycle_inspector`, which is the one that is measured if none is named, or one of those it
is compared with, where that is installed: `debug_toolbar`, `silk`, `kolo`. Each has a process of
its own and a database of its own, and serves the pages of `pages.py` through Django's handler. They
take turns, so that a machine that is busy is as busy for all. Each round is served at another call
depth: CPython 3.11 to 3.13 map and unmap memory where a hot loop's calls straddle a chunk of the
stack, which can cost more than what is measured.

Three clocks: the time on the wall, while the visitor waits; the CPU time of the thread that serves;
and that of the whole process until everything is written. Two figures each: the best over the
depths is the pure cost, the mean is what users see.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import io
import logging
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pages

# Visits in a round, about a tenth of a second's worth.
VISITS = {
    "tiny": (pages.TINY, 150),
    "typical": (pages.TYPICAL, 12),
    "many": (pages.MANY, 6),
    "thousand": (pages.THOUSAND, 1),
    "form": (pages.FORM, 20),
    "rows": (pages.ROWS, 2),
}
DEPTHS = 160  # frames: about what a chunk holds
CLOCKS = ("wall", "thread", "cpu")

Taken = tuple[float, float, float]
"""Milliseconds for a visit, by each of `CLOCKS`."""


def serve(pipe: Any, folder: Path, tool: str, is_async: bool) -> None:  # noqa: FBT001 - called by position, in a process of its own
    """Serve rounds as they are asked for; answer each with what a visit took."""
    pages.configure(folder, tool)
    session = pages.seed()
    logging.disable(logging.CRITICAL)
    visit = _asgi_visit() if is_async else _wsgi_visit()
    if tool == "cycle_inspector":
        from cycle_inspector.history import writer

        flush = functools.partial(writer.flush, 30)
    else:
        flush = functools.partial(int)  # nothing waits
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        path, count, depth = order
        pipe.send(at_depth(depth, lambda: run(visit, flush, path, session, count)))  # noqa: B023 - called at once


def at_depth(depth: int, call: Callable[[], Taken]) -> Taken:
    return call() if depth == 0 else at_depth(depth - 1, call)


def run(
    visit: Callable[[str, str], tuple[float, float]],
    flush: Callable[[], object],
    path: str,
    session: str,
    count: int,
) -> Taken:
    wall = thread = 0.0
    cpu = time.process_time()
    for _ in range(count):
        one_wall, one_thread = visit(path, session)
        wall += one_wall
        thread += one_thread
    flush()
    cpu = time.process_time() - cpu
    return wall / count * 1e3, thread / count * 1e3, cpu / count * 1e3


def _wsgi_visit() -> Callable[[str, str], tuple[float, float]]:
    from django.core.handlers.wsgi import WSGIHandler

    handler = WSGIHandler()

    def visit(path: str, session: str) -> tuple[float, float]:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_COOKIE": f"sessionid={session}",
            "HTTP_ACCEPT": "text/html",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
        }
        start, thread = time.perf_counter(), time.thread_time()
        response = handler(environ, lambda status, headers: None)
        b"".join(response)
        response.close()
        return time.perf_counter() - start, time.thread_time() - thread

    return visit


def _asgi_visit() -> Callable[[str, str], tuple[float, float]]:
    from django.core.handlers.asgi import ASGIHandler

    handler = ASGIHandler()
    loop = asyncio.new_event_loop()

    async def call(path: str, session: str) -> None:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [
                (b"host", b"testserver"),
                (b"cookie", f"sessionid={session}".encode()),
                (b"accept", b"text/html"),
            ],
            "client": ("127.0.0.1", 50000),
            "server": ("testserver", 80),
        }
        asked = [{"type": "http.request", "body": b"", "more_body": False}]
        gone = asyncio.Event()

        async def receive() -> Any:
            if asked:
                return asked.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return None

        await handler(scope, receive, send)

    def visit(path: str, session: str) -> tuple[float, float]:
        # Sync middlewares run in threads: what the thread of the loop takes says little.
        start, thread = time.perf_counter(), time.thread_time()
        loop.run_until_complete(call(path, session))
        return time.perf_counter() - start, time.thread_time() - thread

    return visit


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tools", nargs="*", metavar="TOOL", default=["cycle_inspector"])
    parser.add_argument("--rounds", type=int, default=32)
    parser.add_argument("--page", action="append", choices=VISITS)
    parser.add_argument("--asgi", action="store_true")
    given = parser.parse_args()
    tools = ["bare", *given.tools]
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        workers = []
        for tool in tools:
            folder = Path(name) / tool
            folder.mkdir()
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, folder, tool, given.asgi))
            process.start()
            assert ours.recv() == "ready"
            workers.append((ours, process))
        for page in given.page or VISITS:
            path, count = VISITS[page]
            measured: list[list[Taken]] = [[] for _ in tools]
            for turn in range(given.rounds + 2):
                for at in range(len(tools)):
                    which = (at + turn) % len(tools)
                    workers[which][0].send((path, count, turn * 37 % DEPTHS))
                    taken = workers[which][0].recv()
                    if turn >= 2:  # the first ones fill caches
                        measured[which].append(taken)
            for tool, of_tool in zip(tools[1:], measured[1:], strict=True):
                report(page, tool, measured[0], of_tool)
        for pipe, process in workers:
            pipe.send(None)
            process.join()


def report(page: str, tool: str, bare: list[Taken], with_tool: list[Taken]) -> None:
    for kind, clock in enumerate(CLOCKS):
        without, taken = ([one[kind] for one in of_one] for of_one in (bare, with_tool))
        best, mean = ((how(without), how(taken) - how(without)) for how in (min, statistics.mean))
        print(
            f"{page:9} {tool:15} {clock:6} "
            f"best {best[0]:8.3f} ms {best[1]:+8.3f} x{1 + best[1] / best[0]:.3f}   "
            f"mean {mean[0]:8.3f} ms {mean[1]:+8.3f} x{1 + mean[1] / mean[0]:.3f}"
        )


if __name__ == "__main__":
    main()

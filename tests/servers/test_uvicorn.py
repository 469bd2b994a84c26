"""Behind uvicorn: concurrent async requests, streams, and clients that go away."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from cycle_inspector.records import Cycle, Stage
from tests.servers.project import Project, Served, id_of, process_of
from tests.servers.urls import FILE_BYTES
from tests.shelf.views import PAGE


def uvicorn(project: Project) -> AbstractContextManager[Served]:
    return project.served_by(
        "uvicorn", "--host={host}", "--port={port}", "tests.servers.asgi:application"
    )


@pytest.fixture(scope="module")
def served(project: Project) -> Iterator[Served]:
    with uvicorn(project) as running:
        yield running


def response_facts(cycle: Cycle) -> dict[str, Any]:
    return dict(cycle.stage(Stage.RESPONSE).facts)


def leave_half_way(served: Served, path: str, expected: bytes) -> None:
    """Ask for `path`, and hang up as soon as `expected` has come."""
    host, _, port = served.server.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        received = b""
        while expected not in received:
            received += client.recv(4096)


def test_50_requests_at_once_do_not_mix_their_queries(served: Served) -> None:
    counts = [number % 6 for number in range(50)]

    answers = served.get_all([f"/mixed/{count}/" for count in counts], threads=50)

    assert all(PAGE.partition("</body>")[0] in answer.text for answer in answers)
    assert len({id_of(answer) for answer in answers}) == 50
    cycles = served.cycles(answers)
    assert [len(cycle.statements) for cycle in cycles] == [2 * count for count in counts]
    assert {process_of(cycle) for cycle in cycles} == {served.server.pid}
    assert {cycle.stage(Stage.GATEWAY).facts["interface"] for cycle in cycles} == {"ASGI"}


@pytest.mark.parametrize(("path", "chunks", "queries"), [("/astream/", 2, 1), ("/events/", 3, 3)])
def test_a_stream_is_followed_to_its_last_byte(
    served: Served, path: str, chunks: int, queries: int
) -> None:
    answer = served.get(path)

    cycle = served.cycle(answer)
    facts = response_facts(cycle)
    assert (facts["chunks"], facts["ended"]) == (chunks, "complete")
    assert len(cycle.statements) == queries


def test_a_client_that_leaves_a_stream_half_way_leaves_a_cycle_that_says_so(
    served: Served,
) -> None:
    leave_half_way(served, "/endless-events/", b"data: 2 of")

    cycle = served.newest("/endless-events/")
    facts = response_facts(cycle)
    assert facts["ended"] in ("cancelled", "closed")
    assert facts["chunks"] >= 3
    assert len(cycle.statements) >= 3
    assert cycle.events == ()


def test_a_client_that_leaves_before_the_response_leaves_a_cycle(served: Served) -> None:
    host, _, port = served.server.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(f"GET /hangs/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(1)

    cycle = served.newest("/hangs/")
    assert "cancelled" in response_facts(cycle)["missing"]
    assert len(cycle.statements) == 1
    assert cycle.response == {}


def test_a_file_arrives_whole(served: Served) -> None:
    answer = served.get("/file/")

    assert answer.body == b"f" * FILE_BYTES
    cycle = served.cycle(answer)
    assert cycle.response["size_bytes"] == FILE_BYTES
    assert cycle.response["streaming"] is True


def test_what_is_no_request_does_not_disturb(served: Served) -> None:
    host, _, port = served.server.address.partition(":")
    before = served.ids()
    handshake = (
        f"GET /hello/ HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(handshake.encode())
        client.recv(4096)

    answer = served.get("/hello/")
    assert answer.status == 200
    assert response_facts(served.cycle(answer))["panel"] == "shown"
    assert before < served.ids()


def test_a_server_that_is_interrupted_has_lost_nothing(project: Project) -> None:
    with uvicorn(project) as served:
        answers = served.get_all(["/aqueries/2/"] * 40, threads=8)
        served.server.interrupt()

    assert served.ids() >= {id_of(answer) for answer in answers}


def test_a_server_that_is_terminated_has_kept_what_was_finished_before(project: Project) -> None:
    with uvicorn(project) as served:
        answers = served.get_all(["/aqueries/2/"] * 40, threads=8)
        served.cycles(answers)
        code = served.server.stop()

    # Once it has shut down in order it raises the signal anew, and is gone at once.
    assert code == -signal.SIGTERM
    assert served.ids() >= {id_of(answer) for answer in answers}


def test_a_lifespan_is_the_projects_own(project: Project) -> None:
    log = project.folder / "lifespan.log"
    log.unlink(missing_ok=True)
    with uvicorn(project) as served:
        served.get("/hello/")
        served.server.stop()

    assert log.read_text().split() == ["lifespan.startup", "lifespan.shutdown"]

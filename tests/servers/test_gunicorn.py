"""Behind gunicorn: two processes with threads share one history, and stop without a loss."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest

from cycle_inspector.records import Stage
from tests.servers.project import Project, Served, id_of, process_of

_APPLICATION = "django.core.wsgi:get_wsgi_application()"
_TWO_BY_FOUR = ("--worker-class=gthread", "--workers=2", "--threads=4")


def gunicorn(project: Project, *options: str) -> AbstractContextManager[Served]:
    return project.served_by("gunicorn", "--bind={}", *options, _APPLICATION)


@pytest.fixture(scope="module", params=[(), ("--preload",)], ids=["", "preload"])
def served(project: Project, request: pytest.FixtureRequest) -> Iterator[Served]:
    with gunicorn(project, *_TWO_BY_FOUR, *request.param) as running:
        yield running


def test_each_of_200_requests_has_its_own_cycle_with_its_own_queries(served: Served) -> None:
    counts = [number % 8 for number in range(200)]

    answers = served.get_all([f"/queries/{count}/" for count in counts], threads=8)

    assert len({id_of(answer) for answer in answers}) == 200
    cycles = served.cycles(answers)
    assert [len(cycle.statements) for cycle in cycles] == counts
    assert all(
        [query.params for query in cycle.statements] == [(1, number) for number in range(count)]
        for cycle, count in zip(cycles, counts, strict=True)
    )
    assert len({process_of(cycle) for cycle in cycles}) == 2
    assert served.server.pid not in {process_of(cycle) for cycle in cycles}
    gateway = cycles[0].stage(Stage.GATEWAY).facts
    assert gateway["server"].startswith("gunicorn")
    assert (gateway["multiprocess"], gateway["multithread"]) == (True, True)


def test_any_worker_shows_any_cycle(served: Served) -> None:
    answer = served.get("/queries/3/")
    maker = process_of(served.cycle(answer))
    paths = [f"/__cycle__/{id_of(answer)}/", f"/__cycle__/{id_of(answer)}.json"]

    shown = served.get_all(paths * 16, threads=8)

    assert {one.status for one in shown} == {200}
    assert all(id_of(answer) in one.text for one in shown)
    assert all(str(maker) in one.text for one in shown[1::2])


@pytest.mark.parametrize(
    ("option", "how"),
    [
        ("--preload", signal.SIGTERM),
        ("--graceful-timeout=5", signal.SIGTERM),
        ("--preload", signal.SIGINT),
    ],
)
def test_a_server_that_is_stopped_has_lost_nothing(
    project: Project, option: str, how: signal.Signals
) -> None:
    with gunicorn(project, *_TWO_BY_FOUR, option) as served:
        answers = served.get_all(["/queries/2/"] * 40, threads=8)
        code = served.server.stop(how)

    assert code == 0
    assert served.ids() >= {id_of(answer) for answer in answers}


def test_a_request_that_is_finished_while_the_server_stops_is_kept(project: Project) -> None:
    with (
        gunicorn(project, *_TWO_BY_FOUR) as served,
        ThreadPoolExecutor(4) as pool,
    ):
        visits = [pool.submit(served.get, "/slow/") for _ in range(4)]
        time.sleep(0.1)
        code = served.server.stop()
        answers = [visit.result() for visit in visits]

    assert code == 0
    assert served.ids() >= {id_of(answer) for answer in answers}


def test_workers_that_are_replaced_lose_nothing(project: Project) -> None:
    with gunicorn(project, *_TWO_BY_FOUR, "--max-requests=12") as served:
        answers = served.get_all(["/queries/1/"] * 40, threads=4)

        assert len({process_of(cycle) for cycle in served.cycles(answers)}) > 2
        assert served.server.stop() == 0
    assert served.ids() >= {id_of(answer) for answer in answers}

"""Behind Django's own server: it starts anew when a file changes, and the history goes on."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from tests.servers.project import Project, Served, id_of, process_of


def runserver(project: Project, *options: str) -> AbstractContextManager[Served]:
    return project.served_by("django", "runserver", *options, "{}")


@pytest.fixture(scope="module")
def reloading(project: Project) -> Iterator[Served]:
    with runserver(project) as running:
        yield running


def change(served: Served) -> None:
    """Change a file of the project until that is seen, and wait for the server to start anew."""
    later = itertools.count(int(time.time()) + 2)

    def is_seen() -> bool:
        now = next(later)
        os.utime(served.project.source, (now, now))
        return "changed, reloading." in served.server.printed

    served.wait_for(is_seen)
    # The old process answers until it has ended.
    served.wait_for(lambda: served.server.printed.count("Watching for file changes") > 1)
    served.server.wait_until_served("/__cycle__/panel.js")


def test_after_a_change_of_a_file_both_processes_are_in_the_history(reloading: Served) -> None:
    before = reloading.get("/queries/2/")
    change(reloading)
    after = reloading.get("/queries/3/")

    cycles = reloading.cycles([before, after])
    assert [len(cycle.statements) for cycle in cycles] == [2, 3]
    assert len({process_of(cycle) for cycle in cycles}) == 2
    assert reloading.server.pid not in {process_of(cycle) for cycle in cycles}
    assert reloading.get(f"/__cycle__/{id_of(before)}/").status == 200


def test_static_files_are_served_before_any_middleware_and_not_recorded(reloading: Served) -> None:
    before = reloading.ids()

    answer = reloading.get("/static/cycle_inspector/panel.js")

    assert answer.status == 200
    assert "Server-Timing" not in answer.headers
    newest = reloading.cycle(reloading.get("/hello/"))
    assert reloading.ids() - before == {newest.id}


def test_threads_serve_at_once_what_they_were_asked(reloading: Served) -> None:
    counts = [number % 5 for number in range(40)]

    answers = reloading.get_all([f"/queries/{count}/" for count in counts], threads=8)

    cycles = reloading.cycles(answers)
    assert [len(cycle.statements) for cycle in cycles] == counts


@pytest.mark.parametrize("options", [("--noreload",), ("--noreload", "--nothreading")])
def test_ctrl_c_loses_nothing(project: Project, options: tuple[str, ...]) -> None:
    with runserver(project, *options) as served:
        answers = [served.get("/queries/1/") for _ in range(8)]
        code = served.server.interrupt()

    assert code == 0
    assert served.ids() >= {id_of(answer) for answer in answers}
    assert {process_of(cycle) for cycle in served.cycles(answers)} == {served.server.pid}


def test_ctrl_c_with_the_autoreloader_loses_nothing(project: Project) -> None:
    with runserver(project) as served:
        answers = [served.get("/queries/1/") for _ in range(4)]
        served.cycles(answers)  # its parent gives it a quarter of a second: let it be warm
        answers += [served.get("/queries/1/") for _ in range(4)]
        code = served.server.interrupt()

    assert code == 0
    assert served.ids() >= {id_of(answer) for answer in answers}


@pytest.mark.parametrize("options", [(), ("--noreload",)])
def test_a_server_that_is_killed_has_kept_what_was_finished_a_moment_before(
    project: Project, options: tuple[str, ...]
) -> None:
    with runserver(project, *options) as served:
        answers = [served.get("/queries/1/") for _ in range(8)]
        served.cycles(answers)
        served.server.stop(signal.SIGTERM)

    assert served.ids() >= {id_of(answer) for answer in answers}

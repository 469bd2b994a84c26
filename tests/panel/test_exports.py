from __future__ import annotations

import json
from typing import Any

import pytest

from cycle_inspector.panel import exports
from tests.factories import make_cycle
from tests.site import Site


@pytest.mark.parametrize("one", exports.FILES, ids=lambda one: one.name)
def test_file_is_json_to_be_saved(one: exports.Export, ask: Any, cycle: Any) -> None:
    answer = ask(f"{cycle.id}/exports/{one.name}")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    name = f"cycle-books-{cycle.id[-6:]}{one.ending}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert json.loads(answer.content)


@pytest.mark.parametrize("one", exports.TEXTS, ids=lambda one: one.name)
def test_text_is_plain_whatever_is_in_it(one: exports.Export, ask: Any, cycle: Any) -> None:
    answer = ask(f"{cycle.id}/exports/{one.name}")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content


def test_other_names_are_absent(ask: Any, cycle: Any) -> None:
    assert ask(f"{cycle.id}/exports/pdf").status_code == 404


def test_exports_are_read_only(ask: Any, cycle: Any) -> None:
    assert ask(f"{cycle.id}/exports/har", "POST").status_code == 405


def test_path_cannot_name_the_file() -> None:
    path = '/../a"\r\nX: y/é/' + "long/" * 50
    answer = exports.answer(make_cycle(request={"path": path}), exports.BY_NAME["har"])

    name = answer["Content-Disposition"]
    assert name.startswith('attachment; filename="cycle-a-X-y-long-')
    assert len(name) < 110


@pytest.mark.parametrize("host", ["[1:2]", "[::1", "a]b"])
@pytest.mark.parametrize("one", exports.ALL, ids=lambda one: one.name)
def test_a_request_that_names_no_host_can_be_exported(
    one: exports.Export, host: str, wsgi_site: Site
) -> None:
    answer = wsgi_site.get("/hello/?token=hunter2", {"Host": host})
    assert answer.cycle is not None

    exported = wsgi_site.get(f"/__cycle__/{answer.cycle_id}/exports/{one.name}")
    assert exported.status == 200
    assert "hunter2" not in exported.text


@pytest.mark.parametrize("path", ["/hello/", "/raises/", "/stream/", "/side-events/", "/nested/"])
@pytest.mark.parametrize("one", exports.ALL, ids=lambda one: one.name)
def test_each_kind_of_cycle_can_be_exported(
    one: exports.Export, path: str, wsgi_site: Site
) -> None:
    answer = wsgi_site.get(path)
    assert answer.cycle is not None

    assert wsgi_site.get(f"/__cycle__/{answer.cycle_id}/exports/{one.name}").status == 200

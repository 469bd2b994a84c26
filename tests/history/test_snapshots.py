"""Two cycles under different settings are told apart by what changed between them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connections

from cycle_inspector.conf import ALIAS
from cycle_inspector.history import snapshots, writer
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.models import Cycle, SettingsSnapshot
from cycle_inspector.records import Stage
from tests.site import Site


def changed(cycle: Any) -> Any:
    return snapshots.with_changes(cycle).stage(Stage.SETTINGS).facts.get("changed")


def test_a_changed_setting_is_named_with_how_it_was(wsgi_site: Site, settings: Any) -> None:
    settings.SHELF_SIZE = 6
    first = wsgi_site.get("/hello/").cycle
    settings.SHELF_SIZE = 7
    second = wsgi_site.get("/hello/").cycle

    found = changed(second)
    assert found["since"] == first.id
    assert found["request"] == "GET /hello/"
    assert found["started_at"] == first.started_at.isoformat()
    assert found["changes"] == [{"what": "setting", "name": "SHELF_SIZE", "before": 6, "after": 7}]


def test_the_newest_earlier_cycle_under_others_is_the_one_compared(
    wsgi_site: Site, settings: Any
) -> None:
    sizes = (1, 2, 2, 3, 3)
    cycles = []
    for size in sizes:
        settings.SHELF_SIZE = size
        cycles.append(wsgi_site.get("/hello/").cycle)

    found = [changed(one) for one in cycles]
    assert found[0] is None
    assert [one["since"] for one in found[1:]] == [
        cycles[0].id,
        cycles[0].id,
        cycles[2].id,
        cycles[2].id,
    ]


def test_cycles_under_the_same_settings_have_nothing_to_tell(wsgi_site: Site) -> None:
    wsgi_site.get("/hello/")
    cycle = wsgi_site.get("/hello/").cycle

    assert snapshots.with_changes(cycle) is cycle


def test_a_secret_that_changed_is_not_shown(wsgi_site: Site, settings: Any) -> None:
    settings.SHELF_SIZE = 6
    settings.API_TOKEN = "hunter2"
    assert wsgi_site.get("/hello/").cycle.settings
    settings.SHELF_SIZE = 7
    settings.API_TOKEN = "swordfish"
    found = changed(wsgi_site.get("/hello/").cycle)

    assert [one["name"] for one in found["changes"]] == ["SHELF_SIZE"]
    assert not {"hunter2", "swordfish"} & set(str(found).split("'"))


def test_an_earlier_snapshot_that_is_gone_is_not_compared(wsgi_site: Site, settings: Any) -> None:
    settings.SHELF_SIZE = 6
    first = wsgi_site.get("/hello/").cycle
    settings.SHELF_SIZE = 7
    second = wsgi_site.get("/hello/").cycle
    SettingsSnapshot.objects.filter(pk=first.settings).delete()

    assert changed(second) is None


def test_a_snapshot_that_no_cycle_names_any_more_is_not_compared(
    wsgi_site: Site, settings: Any
) -> None:
    settings.SHELF_SIZE = 6
    first = wsgi_site.get("/hello/").cycle
    settings.SHELF_SIZE = 7
    second = wsgi_site.get("/hello/").cycle
    Cycle.objects.filter(pk=first.id).delete()

    assert changed(second) is None


def test_a_cycle_without_its_snapshot_stays_as_it_is(wsgi_site: Site, settings: Any) -> None:
    settings.SHELF_SIZE = 6
    assert wsgi_site.get("/hello/").cycle.settings
    settings.SHELF_SIZE = 7
    answer = wsgi_site.get("/hello/")
    assert writer.flush(10)
    SettingsSnapshot.objects.filter(pk=answer.cycle.settings).delete()

    assert snapshots.with_changes(answer.cycle) == answer.cycle


def test_without_time_zones_the_moment_is_aware_all_the_same(
    wsgi_site: Site, settings: Any
) -> None:
    settings.USE_TZ = False
    first = wsgi_site.get("/hello/").cycle
    settings.SHELF_SIZE = 7

    found = changed(wsgi_site.get("/hello/").cycle)
    assert found["started_at"][-6] in "+-"
    assert found["since"] == first.id


def test_a_history_in_trouble_is_told(wsgi_site: Site, settings: Any) -> None:
    cycle = wsgi_site.get("/hello/").cycle
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(f"DROP TABLE {SettingsSnapshot._meta.db_table}")

    with pytest.raises(HistoryUnavailable):
        snapshots.with_changes(cycle)


def test_the_page_the_stage_and_the_document_tell_it(wsgi_site: Site, settings: Any) -> None:
    settings.SHELF_SIZE = 6
    assert wsgi_site.get("/hello/").cycle.settings
    settings.SHELF_SIZE = 7
    cycle_id = wsgi_site.get("/hello/").cycle_id
    assert writer.flush(10)

    for path in (f"{cycle_id}/", f"{cycle_id}/stages/settings"):
        assert "Changed since an earlier cycle" in wsgi_site.get(f"/__cycle__/{path}").text
    document = json.loads(wsgi_site.get(f"/__cycle__/{cycle_id}.json").body)
    (facts,) = (one["facts"] for one in document["stages"] if one["name"] == "settings")
    assert facts["changed"]["changes"][0]["name"] == "SHELF_SIZE"

"""How many cycles stay, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.signals import post_delete, pre_delete

from cycle_inspector.history import retention
from cycle_inspector.models import (
    BrowserTiming,
    Cycle,
    Fetch,
    Redirect,
    SettingsSnapshot,
    cycle_row,
    stored_time,
)
from tests.factories import make_cycle
from tests.history.processes import make_id

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def keep(number: int, *, hours_ago: int = 0, pinned: bool = False, **given: Any) -> None:
    cycle = make_cycle(id=make_id(number), started_at=NOW - timedelta(hours=hours_ago), **given)
    Cycle.objects.create(**{**cycle_row(cycle), "pinned": pinned})


def prune(*, max_count: int = 1000, max_age_hours: int = 24) -> bool:
    return retention.prune(max_count=max_count, max_age_hours=max_age_hours, now=NOW)


def kept() -> list[int]:
    return [int(one[-12:]) for one in Cycle.objects.order_by("id").values_list("id", flat=True)]


def test_oldest_over_the_count_go(history: Path) -> None:
    for number in range(10):
        keep(number)
    assert not prune(max_count=3)
    assert kept() == [7, 8, 9]


def test_as_many_as_the_count_stay(history: Path) -> None:
    for number in range(3):
        keep(number)
    assert not prune(max_count=3)
    assert kept() == [0, 1, 2]


def test_count_of_none_keeps_none(history: Path) -> None:
    keep(1)
    assert not prune(max_count=0)
    assert kept() == []


@pytest.mark.parametrize("use_tz", [True, False])
def test_those_over_the_age_go_and_younger_ones_stay(
    history: Path, settings: Any, use_tz: bool
) -> None:
    settings.USE_TZ = use_tz
    keep(1, hours_ago=25)
    keep(2, hours_ago=23)
    assert not prune(max_age_hours=24)
    assert kept() == [2]


def test_pinned_cycles_stay_and_do_not_count(history: Path) -> None:
    keep(1, pinned=True, hours_ago=1000)
    keep(2)
    keep(3, pinned=True)
    keep(4)
    keep(5)
    assert not prune(max_count=2)
    assert kept() == [1, 3, 4, 5]


def test_many_go_in_small_batches(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(20):
        keep(number)
    assert prune(max_count=3)
    assert kept() == list(range(10, 20))
    while prune(max_count=3):
        pass
    assert kept() == [17, 18, 19]


def test_age_that_leaves_some_is_told(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    for number in range(7):
        keep(number, hours_ago=100)
    assert prune()
    assert kept() == [5, 6]
    assert not prune()
    assert kept() == []


def test_settings_snapshots_nobody_names_go(history: Path) -> None:
    keep(1, settings="used")
    SettingsSnapshot.objects.create(digest="used", document="{}")
    SettingsSnapshot.objects.create(digest="unused", document="{}")
    assert not prune()
    assert list(SettingsSnapshot.objects.values_list("digest", flat=True)) == ["used"]


def test_settings_snapshot_goes_with_its_last_cycle(history: Path) -> None:
    keep(1, settings="used")
    SettingsSnapshot.objects.create(digest="used", document="{}")
    assert not prune(max_count=0)
    assert not SettingsSnapshot.objects.exists()


def test_browser_timings_without_a_cycle_go_unless_they_are_early(history: Path) -> None:
    keep(1)
    for number, minutes in ((1, 99), (2, 99), (3, 1)):
        received_at = stored_time(NOW - timedelta(minutes=minutes))
        BrowserTiming.objects.create(
            cycle_id=make_id(number), received_at=received_at, document="{}"
        )
    assert not prune()
    left = BrowserTiming.objects.order_by("pk").values_list("pk", flat=True)
    assert list(left) == [make_id(1), make_id(3)]


def test_fetches_without_a_cycle_go_unless_they_are_early(history: Path) -> None:
    keep(1)
    keep(2)
    for number, minutes in ((2, 99), (3, 99), (4, 1)):
        received_at = stored_time(NOW - timedelta(minutes=minutes))
        Fetch.objects.create(cycle_id=make_id(number), page_id=make_id(1), received_at=received_at)
    assert not prune()
    left = Fetch.objects.order_by("pk").values_list("pk", flat=True)
    assert list(left) == [make_id(2), make_id(4)]


def test_redirects_go_with_their_cycles(history: Path) -> None:
    keep(1)
    for number in (1, 2):
        Redirect.objects.create(
            cycle_id=make_id(number),
            target="0" * 16,
            path="/",
            method="POST",
            status=302,
            ended_at=stored_time(NOW),
        )
    assert not prune()
    assert [one.pk for one in Redirect.objects.all()] == [make_id(1)]


def test_receivers_of_the_project_hear_nothing(history: Path) -> None:
    heard: list[Any] = []

    def hear(sender: Any, **_: Any) -> None:
        heard.append(sender)

    keep(1)
    pre_delete.connect(hear)
    post_delete.connect(hear)
    try:
        assert not prune(max_count=0)
    finally:
        pre_delete.disconnect(hear)
        post_delete.disconnect(hear)
    assert kept() == []
    assert heard == []


def test_pruning_an_empty_history_is_fine(history: Path) -> None:
    assert not prune()


def test_limits_beyond_all_measure_are_no_limits(history: Path) -> None:
    keep(1, hours_ago=100_000)
    assert not prune(max_count=10**40, max_age_hours=10**40)
    assert kept() == [1]


def test_now_is_the_time_unless_given(history: Path) -> None:
    keep(1)  # long ago, by the clock of the machine
    assert not retention.prune(max_count=10, max_age_hours=1)
    assert kept() == []

"""Ids of cycles."""

from __future__ import annotations

from uuid import UUID

from cycle_inspector.ids import new_cycle_id

HOUR_NS = 3_600 * 10**9


def test_id_of_a_cycle_is_a_uuid_of_version_7() -> None:
    value = UUID(new_cycle_id(1_700_000_000_123_456_789))
    assert value.version == 7
    assert value.variant == "specified in RFC 4122"
    assert value.int >> 80 == 1_700_000_000_123


def test_ids_of_cycles_sort_by_time() -> None:
    times = [1_600_000_000_000_000_000 + at * HOUR_NS for at in range(0, 200_000, 997)]
    ids = [new_cycle_id(time) for time in times]
    assert ids == sorted(ids)


def test_ids_of_one_instant_differ() -> None:
    assert len({new_cycle_id(1_700_000_000_000_000_000) for _ in range(1_000)}) == 1_000

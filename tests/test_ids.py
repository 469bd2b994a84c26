"""Ids of cycles."""

from __future__ import annotations

import multiprocessing
import os
import random
from uuid import UUID

import pytest

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


def test_the_project_gets_the_random_numbers_that_it_would_get_without() -> None:
    random.seed(7)
    wanted = random.random()  # noqa: S311
    random.seed(7)
    new_cycle_id(1)

    assert random.random() == wanted  # noqa: S311


def test_seed_of_the_project_does_not_repeat_ids() -> None:
    random.seed(7)
    first = new_cycle_id(1)
    random.seed(7)

    assert new_cycle_id(1) != first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_processes_make_ids_of_their_own() -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        ids = pool.map(new_cycle_id, [1] * 20, chunksize=1)

    assert len({*ids, new_cycle_id(1)}) == 21

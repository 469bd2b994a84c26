from __future__ import annotations

import pytest

from cycle_inspector.routes.faults import WEIGHTS, Fault, Kind


def test_every_kind_has_a_weight() -> None:
    assert set(WEIGHTS) == set(Kind)


def test_what_would_match_but_for_something_is_nearer_than_what_would_not() -> None:
    not_at_all = {Kind.REST, Kind.INSIDE}

    assert max(WEIGHTS[one] for one in set(Kind) - not_at_all) < min(
        WEIGHTS[one] for one in not_at_all
    )


@pytest.mark.parametrize(
    ("expected", "found", "weight"),
    [("", "abc/", 11), ("edit/", "", 11), ("edit/", "abc/", 12), ("<int:a>/b/", "c/d/e/", 15)],
)
def test_the_more_does_not_match_the_farther_it_is(expected: str, found: str, weight: int) -> None:
    assert Fault(Kind.REST, expected, found).weight == weight


def test_other_faults_weigh_the_same_however_long_they_are() -> None:
    assert Fault(Kind.CONVERTER, "int", "a/b/c").weight == Fault(Kind.CONVERTER).weight

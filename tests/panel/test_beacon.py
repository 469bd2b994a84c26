from __future__ import annotations

import json
from typing import Any

import pytest

from cycle_inspector.panel import beacon
from cycle_inspector.records import Facts
from tests.history.processes import make_id

DAY_NS = 24 * 3600 * 1_000_000_000


def parse(**given: Any) -> Facts:
    return beacon.parse(json.dumps({"load_ns": 5, **given}).encode()).facts


def fetched(given: Any) -> tuple[str, ...]:
    return beacon.parse(json.dumps({"load_ns": 5, "fetched": given}).encode()).fetched


def test_every_timing_that_the_stage_shows_is_taken() -> None:
    given = {key: at for at, key in enumerate(beacon._COUNTS)}

    assert beacon.parse(json.dumps(given).encode()).facts == given


def test_a_key_that_nobody_knows_is_left_out() -> None:
    assert parse(evil="x", __proto__={"a": 1}) == {"load_ns": 5}


@pytest.mark.parametrize("value", [0, 1, DAY_NS])
def test_a_sane_count_is_taken(value: int) -> None:
    assert parse(fcp_ns=value)["fcp_ns"] == value


@pytest.mark.parametrize("value", [-1, DAY_NS + 1, 10**30, True, 1.5, "7", None, [7]])
def test_a_count_that_is_not_sane_is_left_out(value: Any) -> None:
    assert "fcp_ns" not in parse(fcp_ns=value)


@pytest.mark.parametrize(("value", "taken"), [(0, 0.0), (1, 1.0), (0.021349, 0.0213)])
def test_a_layout_shift_is_rounded(value: float, taken: float) -> None:
    assert parse(cls=value)["cls"] == taken


@pytest.mark.parametrize("value", [-0.1, 1e999, float("nan"), True, "0.1", None])
def test_a_layout_shift_that_is_none_is_left_out(value: Any) -> None:
    assert "cls" not in parse(cls=value)


@pytest.mark.parametrize("value", ["navigate", "reload", "back_forward", "prerender"])
def test_a_type_of_navigation_is_taken(value: str) -> None:
    assert parse(navigation_type=value)["navigation_type"] == value


@pytest.mark.parametrize("value", ["<script>", "", 1, None, ["reload"], {"a": 1}])
def test_another_word_is_no_type_of_navigation(value: Any) -> None:
    assert "navigation_type" not in parse(navigation_type=value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\xfa", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"7", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "none of the timings"),
        (b'{"load_ns": "soon", "evil": 1}', "none of the timings"),
    ],
)
def test_a_body_without_timings_is_refused_in_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(beacon.BeaconError, match=sentence):
        beacon.parse(body)


def test_the_ids_of_fetches_are_taken_once_each_in_their_order() -> None:
    assert fetched([make_id(2), make_id(1), make_id(2)]) == (make_id(2), make_id(1))


def test_a_page_that_fetched_nothing_has_no_ids() -> None:
    assert beacon.parse(b'{"load_ns": 5}').fetched == ()


@pytest.mark.parametrize("given", ["x", 7, {"a": 1}, None, [7, None, ["x"], {}, True]])
def test_what_is_no_list_of_texts_holds_no_ids(given: Any) -> None:
    assert fetched(given) == ()


@pytest.mark.parametrize(
    "text", ["", "x", "{" + make_id(1) + "}", make_id(1) + "\n", make_id(1).upper(), "\ud800"]
)
def test_another_text_is_no_id(text: str) -> None:
    assert fetched([text, make_id(2)]) == (make_id(2),)


def test_only_so_many_ids_are_taken() -> None:
    assert len(fetched([make_id(number) for number in range(1000)])) == beacon.MOST_FETCHED


def test_as_many_ids_as_are_taken_fit_into_a_beacon() -> None:
    timings = dict.fromkeys(beacon._COUNTS, DAY_NS)
    ids = [make_id(number) for number in range(beacon.MOST_FETCHED)]
    assert len(json.dumps({**timings, "fetched": ids})) < beacon.LIMIT_BYTES

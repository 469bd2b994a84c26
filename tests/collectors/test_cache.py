"""Cache calls: each once, with its keys, hit or miss, and the cache as it is without us."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.collectors import cache as cache_module
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage

_LOCMEM = "django.core.cache.backends.locmem.LocMemCache"


@pytest.fixture(autouse=True)
def _caches(settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": _LOCMEM, "LOCATION": "a"},
        "other": {"BACKEND": _LOCMEM, "LOCATION": "b"},
    }
    caches["default"].clear()
    caches["other"].clear()


def calls(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "cache"]


def facts(event: Event) -> dict[str, Any]:
    """Return what an event says, without its time."""
    assert event.attributes["duration_ns"] >= 0
    return {key: one for key, one in event.attributes.items() if key != "duration_ns"}


def told(call: Any) -> tuple[str, dict[str, Any]]:
    """Return the operation of the one call that `call` makes, and what is kept of it."""
    with record() as recording:
        call()
    (event,) = calls(recording.cycle)
    return event.name, facts(event)


def test_a_call_is_kept_with_its_caller_and_its_stage(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        cache.get("books")
        return HttpResponse("ok")

    (event,) = calls(serve(view).get("/").cycle)

    assert (event.name, event.stage) == ("get", Stage.VIEW)
    assert facts(event) == {"alias": "default", "keys": ["books"], "hits": 0, "misses": 1}
    assert event.frames[0].path == __file__


def test_a_hit_tells_the_size_of_a_text_and_of_nothing_else() -> None:
    cache.set("text", "x" * 70)
    cache.set("number", 7)

    hit = {"alias": "default", "hits": 1, "misses": 0}
    assert told(lambda: cache.get("text"))[1] == {**hit, "keys": ["text"], "size": 70}
    assert told(lambda: cache.get("number"))[1] == {**hit, "keys": ["number"]}


def test_the_alias_is_that_of_the_cache() -> None:
    assert told(lambda: caches["other"].get("a"))[1]["alias"] == "other"
    assert told(lambda: LocMemCache("mine", {}).get("a"))[1]["alias"] == ""


def test_setting_and_deleting_tell_what_they_did() -> None:
    common = {"alias": "default", "keys": ["a"]}

    assert told(lambda: cache.set("a", b"1234")) == ("set", {**common, "size": 4})
    assert told(lambda: cache.add("a", 1)) == ("add", {**common, "done": False})
    assert told(lambda: cache.delete("a")) == ("delete", {**common, "done": True})
    assert told(lambda: cache.clear()) == ("clear", {"alias": "default", "keys": []})


def test_a_call_that_makes_others_is_one() -> None:
    common = {"alias": "default", "keys": ["n"]}

    assert told(lambda: cache.get_or_set("n", 1)) == (
        "get_or_set",
        {**common, "hits": 0, "misses": 1},
    )
    assert told(lambda: cache.get_or_set("n", 2)) == (
        "get_or_set",
        {**common, "hits": 1, "misses": 0},
    )
    assert told(lambda: cache.incr("n")) == ("incr", common)
    assert told(lambda: "n" in cache) == ("has_key", {**common, "hits": 1, "misses": 0})


def test_what_a_default_asks_of_the_cache_is_a_call_of_its_own() -> None:
    with record() as recording:
        cache.get_or_set("outer", lambda: cache.get("inner", "value"))

    assert [(one.name, one.attributes["keys"]) for one in calls(recording.cycle)] == [
        ("get_or_set", ["outer"]),
        ("get", ["inner"]),
    ]


def test_many_keys_are_one_call() -> None:
    operation, said = told(lambda: cache.set_many({"a": 1, "b": 2}))
    assert (operation, said["keys"]) == ("set_many", ["a", "b"])

    _, said = told(lambda: cache.get_many(["a", "b", "c"]))
    assert (said["hits"], said["misses"]) == (2, 1)

    _, said = told(lambda: cache.get_many([f"k{number}" for number in range(500)]))
    assert (len(said["keys"]), said["key_count"], said["misses"]) == (100, 500, 500)


def test_an_iterator_of_keys_is_left_to_the_cache() -> None:
    cache.set("a", 1)
    with record() as recording:
        assert cache.get_many(key for key in ("a", "b")) == {"a": 1}

    assert calls(recording.cycle)[0].attributes["keys"] == []


def test_the_async_methods_are_seen() -> None:
    async def ask() -> None:
        await cache.aset("a", 1)
        assert await cache.aget("a") == 1
        assert await cache.aget_many(["a"]) == {"a": 1}

    with record() as recording:
        asyncio.run(ask())

    assert [one.name for one in calls(recording.cycle)][:2] == ["set", "get"]


def test_an_error_is_told_and_raised() -> None:
    with record() as recording, pytest.raises(ValueError, match="not found"):
        cache.incr("absent")
    (event,) = calls(recording.cycle)

    assert event.attributes["error"] == "ValueError: Key ':1:absent' not found"


def test_secrets_in_keys_are_hidden() -> None:
    session = "django.contrib.sessions.cache" + "a1b2c3d4" * 4

    assert told(lambda: cache.get(session))[1]["keys"] == [f"django.contrib.sessions.cache{HIDDEN}"]
    assert told(lambda: cache.get("token:abc"))[1]["keys"] == [f"token:{HIDDEN}"]
    assert told(lambda: cache.get("books:2"))[1]["keys"] == ["books:2"]
    assert len(told(lambda: caches["other"].get("k" * 240))[1]["keys"][0]) == 240


@pytest.mark.filterwarnings("ignore:Cache key will cause errors")
def test_no_code_of_a_key_is_run_by_us() -> None:
    class Key:
        asked = 0

        def __str__(self) -> str:
            Key.asked += 1
            return "key"

    with record() as recording:
        cache.get(Key())

    assert Key.asked == 1  # by Django, which makes a text of it
    assert calls(recording.cycle)[0].attributes["keys"][0].startswith("<tests.")


def test_a_cache_is_what_it_was() -> None:
    before = [dict(vars(one)) for one in (BaseCache, LocMemCache)]
    mine = PlainCache("mine", {})
    with record(), cache_module.collect():
        assert "get" not in vars(caches["default"])
        assert type(mine) is PlainCache
        # Django asks so in aget_many().
        assert mine.get_many.__func__ is BaseCache.get_many  # type: ignore[attr-defined]
        assert pickle.loads(pickle.dumps(mine)).get("a") == "a"  # noqa: S301 - our own

    if "__wrapped__" not in vars(BaseCache.get_many):
        assert [dict(vars(one)) for one in (BaseCache, LocMemCache)] == before


class PlainCache(BaseCache):
    """A cache that holds every key."""

    def __init__(self, _: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return key


def test_a_backend_of_the_projects_own_is_seen(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.PlainCache"}}

    assert told(lambda: cache.get("a"))[0] == "get"


def test_nothing_is_recorded_outside_of_a_cycle() -> None:
    with cache_module.collect():
        cache.set("a", 1)
        assert cache.get("a") == 1

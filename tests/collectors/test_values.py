"""Values of the page: written out, cut, and never asked to run any of its code."""

from __future__ import annotations

import datetime
import decimal
import enum
import ipaddress
import json
import pathlib
import uuid
import zoneinfo
from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from cycle_inspector.collectors._values import LONGEST_TEXT, cut, to_json

Point = namedtuple("Point", "x y")


class Ran(AssertionError):
    """Code of the page ran."""


def _run(*_: Any, **__: Any) -> Any:
    raise Ran


_EVIL = dict.fromkeys(
    [
        *["__str__", "__repr__", "__format__", "__eq__", "__hash__", "__lt__", "__bool__"],
        *[
            "__len__",
            "__iter__",
            "__getitem__",
            "__contains__",
            "__int__",
            "__float__",
            "__index__",
        ],
        *[
            "__abs__",
            "__neg__",
            "__call__",
            "__reduce__",
            "__getattr__",
            "__getattribute__",
            "utcoffset",
        ],
        *["items", "keys", "values", "encode", "isoformat", "tobytes", "copy"],
    ],
    _run,
)


class EvilMeta(type):
    __eq__ = __hash__ = __repr__ = __str__ = __bool__ = __instancecheck__ = _run  # type: ignore[assignment]
    __subclasscheck__ = __getattribute__ = __call__ = _run  # type: ignore[assignment]


def evil(base: type, *args: Any) -> Any:
    """Return an instance of a subclass of `base` in which every method raises."""
    return base.__new__(type("Evil", (base,), dict(_EVIL)), *args)


class HasEvilClass:
    @property
    def __class__(self) -> Any:
        raise Ran


# Plain values


@pytest.mark.parametrize(
    "value", [None, True, False, 0, -7, 2**53 - 1, 1.5, -0.0, "", "shelf", "İ ß 漢 🜚", "a\x00b"]
)
def test_plain_value_is_itself(value: Any) -> None:
    assert to_json(value) == value
    assert type(to_json(value)) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (2**53, "0x20000000000000"),
        (-(2**64), "-0x10000000000000000"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04:00"),  # noqa: DTZ001
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), "2026-01-02 00:00:00+00:00"),
        (
            datetime.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Rome")),
            "2026-01-02 00:00:00+01:00",
        ),
        (datetime.time(3, 4), "03:04:00"),
        (datetime.timedelta(hours=25), "1 day, 1:00:00"),
        (decimal.Decimal("1.50"), "1.50"),
        (decimal.Decimal("NaN"), "NaN"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (ipaddress.ip_address("::1"), "::1"),
        (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),
        (pathlib.PurePosixPath("/srv"), "<pathlib"),
        (pathlib.PurePath("shop"), "shop"),
        (b"ab\xff", r"b'ab\xff'"),
        (bytearray(b"ab"), "b'ab'"),
        (memoryview(b"ab"), "b'ab'"),
        (object(), "<builtins.object>"),
        (1j, "<builtins.complex>"),
        (Point, "<class tests.collectors.test_values.Point>"),
        (cut, "<function cycle_inspector.collectors._values.cut>"),
    ],
)
def test_value_of_the_standard_library_is_its_text(value: Any, text: str) -> None:
    if text == "<pathlib":  # the other flavour of paths has no text of its own everywhere
        assert "srv" in to_json(value) or to_json(value).startswith(text)
    else:
        assert to_json(value) == text


def test_huge_number_is_cut() -> None:
    assert len(to_json(10**100_000)) < LONGEST_TEXT + 50
    assert len(to_json(decimal.Decimal(10**20_000))) < LONGEST_TEXT + 50


def test_collections_become_lists_and_dicts() -> None:
    value = {"list": [1, (2, {3}), frozenset()], 4: None, None: 5, (6, "7"): True}
    assert to_json(value) == {
        "list": [1, [2, [3]], []],
        "4": None,
        "None": 5,
        "[6, '7']": True,
    }


def test_subclasses_of_collections_are_shown_like_them() -> None:
    assert to_json(OrderedDict(a=1)) == {"a": 1}
    assert to_json(defaultdict(list, a=[1])) == {"a": [1]}
    assert to_json(Point(1, "y")) == [1, "y"]
    assert to_json(QueryDict("a=1&a=2")) == {"a": ["1", "2"]}


# What is too much


def test_long_text_is_cut_and_says_by_how_much() -> None:
    shown = to_json("x" * (LONGEST_TEXT + 5))
    assert shown == "x" * LONGEST_TEXT + "… (5 more characters)"
    assert to_json("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT


def test_long_bytes_are_cut_and_say_how_long_they_are() -> None:
    for kind in (bytes, bytearray, memoryview):
        assert to_json(kind(b"\xff" * 10_000)).endswith("… (10000 bytes)")


def test_long_collections_are_cut_and_say_by_how_much() -> None:
    assert to_json(list(range(150)))[99:] == [99, "… 50 more"]
    assert to_json(dict.fromkeys(range(150)))["…"] == "50 more"
    assert len(to_json(dict.fromkeys(range(150)))) == 101


def test_long_keys_are_cut() -> None:
    (key,) = to_json({"x" * 10_000: 1})
    assert len(key) < 300


def test_deep_collections_end_in_their_type() -> None:
    value: Any = []
    for _ in range(50):
        value = [value]
    assert "<list of 1>" in json.dumps(to_json(value))


def test_cyclic_collections_end() -> None:
    a_list: list[Any] = []
    a_list.append(a_list)
    a_dict: dict[str, Any] = {"list": a_list}
    a_dict["self"] = a_dict
    assert "<list of 1>" in json.dumps(to_json(a_dict))


def test_collection_that_holds_itself_many_times_does_not_explode() -> None:
    bomb: list[Any] = []
    bomb.extend([bomb] * 100)
    assert len(json.dumps(to_json(bomb))) < 100_000
    nested: Any = "x"
    for _ in range(6):
        nested = dict.fromkeys(range(100), nested)
    assert len(json.dumps(to_json(nested))) < 100_000


# Surrogates


@pytest.mark.parametrize(
    "value", ["a\udc80b", ["\ud800"], {"\udfff": 1}, pathlib.Path("\udc80"), mark_safe("\ud800")]
)
def test_lone_surrogate_becomes_a_question_mark(value: Any) -> None:
    shown = json.dumps(to_json(value), ensure_ascii=False)
    shown.encode()
    assert "?" in shown


def test_pair_of_surrogates_is_no_lone_one() -> None:
    assert cut("🜚") == "🜚"


# Code of the page


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (evil(str, "shelf"), "shelf"),
        (evil(int, 7), 7),
        (evil(int, 2**70), hex(2**70)),
        (evil(float, 1.5), 1.5),
        (evil(float, "nan"), "nan"),
        (evil(tuple, [1, "2"]), [1, "2"]),
        (evil(frozenset, [1]), [1]),
        (evil(list), []),
        (evil(dict), {}),
        (evil(set), []),
        (evil(bytes, b"x"), "<tests.collectors.test_values.Evil>"),
        (evil(object), "<tests.collectors.test_values.Evil>"),
        (evil(decimal.Decimal, "1"), "<tests.collectors.test_values.Evil>"),
        (evil(datetime.date, 2026, 1, 1), "<tests.collectors.test_values.Evil>"),
        (evil(uuid.UUID), "<tests.collectors.test_values.Evil>"),
    ],
    ids=lambda one: type(one).__mro__[1].__name__ if type(one).__name__ == "Evil" else str(one),
)
def test_methods_of_a_subclass_are_not_called(value: Any, shown: Any) -> None:
    result = to_json(value)
    assert type(result) is type(shown)
    assert result == shown


def test_methods_of_keys_and_items_are_not_called() -> None:
    key = evil(object)
    type(key).__hash__ = object.__hash__
    type(key).__eq__ = object.__eq__
    assert to_json({key: [evil(object)]}) == {
        "<tests.collectors.test_values.Evil>": ["<tests.collectors.test_values.Evil>"]
    }


def test_metaclass_is_not_asked() -> None:
    kind = EvilMeta("Odd", (), {"__module__": "shop"})
    assert to_json(type.__call__(kind)) == "<shop.Odd>"
    assert to_json(kind).endswith(".EvilMeta>")
    text = str.__new__(EvilMeta("OddText", (str,), {"__module__": "shop"}), "shelf")
    assert to_json(text) == "shelf"


def test_class_whose_module_is_anything_is_named_all_the_same() -> None:
    kind = type("Odd", (), {"__module__": evil(object)})
    assert to_json(kind()) == "<?.Odd>"


def test_pretended_class_is_not_asked() -> None:
    assert to_json(HasEvilClass()).endswith("HasEvilClass>")


def test_time_zone_of_the_page_is_not_asked() -> None:
    class Zone(datetime.tzinfo):
        utcoffset = dst = tzname = __repr__ = __str__ = _run  # type: ignore[assignment]

    shown = to_json(datetime.datetime(2026, 1, 2, tzinfo=Zone()))
    assert shown.startswith("2026-01-02 00:00:00 <tests.")
    assert to_json(datetime.time(3, tzinfo=Zone())).startswith("03:00:00 <tests.")


def test_safe_string_is_a_plain_text() -> None:
    assert type(to_json(mark_safe("<b>"))) is str


def test_members_of_enumerations_are_their_values() -> None:
    assert to_json(enum.IntEnum("Size", "S M").M) == 2
    assert to_json(enum.StrEnum("Colour", "RED").RED) == "red"
    assert to_json(enum.Enum("Other", "A").A) == "<tests.collectors.test_values.Other>"


def test_lazy_translation_is_not_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.translation._trans.gettext", _run, raising=False)
    assert to_json(gettext_lazy("Shelf")).startswith("<django.utils.functional.")


def test_model_instances_and_querysets_are_named_without_a_query() -> None:
    # Without the mark, pytest-django lets no test touch a database.
    from django.contrib.auth.models import User

    assert to_json(User(pk=1)) == "<django.contrib.auth.models.User>"
    assert to_json(User.objects.all()) == "<django.db.models.query.QuerySet>"
    assert to_json({"users": User.objects.all()}) == {"users": "<django.db.models.query.QuerySet>"}


def test_memoryview_that_is_no_row_of_bytes_is_named() -> None:
    released = memoryview(b"ab")
    released.release()
    scalar = memoryview(b"a").cast("B", ())
    assert to_json([released, scalar]) == ["<memoryview>", "<memoryview>"]


# Anything


@settings(deadline=None, database=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(exclude_categories=()))
        | st.binary()
        | st.datetimes()
        | st.decimals(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    )
)
def test_any_value_becomes_json_that_can_be_sent(value: Any) -> None:
    shown = to_json(value)
    text = json.dumps(shown, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert json.loads(text) == shown


def test_a_wrapper_of_psycopg_is_told_by_what_it_holds() -> None:
    deep: Any = Jsonb(1)
    deep.obj = deep

    assert to_json([Jsonb({"a": [1]}), Range(1, 2), Range(None, 2)]) == [
        {"a": [1]},
        "[1, 2)",
        "(, 2)",
    ]
    assert to_json(Range(empty=True)) == "empty"
    assert to_json(deep) == "<psycopg.types.json.Jsonb>"
    assert to_json(evil(Jsonb, 1)) == "<tests.collectors.test_values.Evil>"

"""Putting something in the place of an attribute, and back."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.collectors._patching import replaced


class Base:
    name = "inherited"

    def method(self) -> str:
        return "base"


def test_own_attribute_is_replaced_and_comes_back() -> None:
    class Owner:
        name = "own"

    with replaced(Owner, "name", "other"):
        assert Owner.name == "other"
    assert Owner.__dict__["name"] == "own"


def test_inherited_attribute_is_inherited_again() -> None:
    class Owner(Base):
        pass

    with replaced(Owner, "name", "other"):
        assert Owner.name == "other"
        assert Base.name == "inherited"
    assert "name" not in Owner.__dict__
    assert Owner.name == "inherited"


def test_absent_attribute_is_absent_again() -> None:
    class Owner:
        pass

    with replaced(Owner, "__iter__", lambda self: iter(())):
        assert list(Owner()) == []  # type: ignore[call-overload]
    assert not hasattr(Owner, "__iter__")


def test_very_same_descriptor_comes_back() -> None:
    class Owner:
        @staticmethod
        def method() -> None: ...

    before = Owner.__dict__["method"]
    with replaced(Owner, "method", None):
        pass
    assert Owner.__dict__["method"] is before


def test_attribute_comes_back_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), replaced(Base, "name", "other"):
        raise ZeroDivisionError
    assert Base.name == "inherited"


def test_somebody_elses_replacement_stays() -> None:
    class Owner:
        name = "own"

    with replaced(Owner, "name", "ours"):
        Owner.name = "theirs"
    assert Owner.name == "theirs"


def test_replacements_nest() -> None:
    class Owner:
        name = "own"

    with replaced(Owner, "name", "first"):
        with replaced(Owner, "name", "second"):
            assert Owner.name == "second"
        assert Owner.name == "first"
    assert Owner.name == "own"


def test_attribute_of_a_module_or_an_instance_is_replaced() -> None:
    import math

    before: Any = math.pi
    with replaced(math, "pi", 3):
        assert math.pi == 3
    assert math.pi == before
    owner = Base()
    with replaced(owner, "name", "other"):
        assert owner.name == "other"
    assert vars(owner) == {}

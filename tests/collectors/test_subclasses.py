"""Methods of a family of classes: wrapped where they are defined, and put back."""

from __future__ import annotations

from typing import Any

from cycle_inspector.collectors._subclasses import wrapped


def family() -> tuple[type, type]:
    class Base:
        def ask(self) -> str:
            return "base"

        def other(self) -> str:
            return "other"

    class Sub(Base):
        def ask(self) -> str:
            return f"sub of {super().ask()}"

    return Base, Sub


def louder(name: str, method: Any) -> Any:
    def call(self: Any) -> str:
        return f"{method(self)}!"

    return call


def test_each_method_is_wrapped_where_it_is_defined() -> None:
    base, sub = family()

    with wrapped(base, ("ask", "absent"), louder, "test"):
        assert sub().ask() == "sub of base!!"  # type: ignore[attr-defined]
        assert sub().other() == "other"  # type: ignore[attr-defined]
        assert "other" not in vars(sub)


def test_a_class_that_comes_later_is_wrapped_as_well() -> None:
    base, sub = family()

    with wrapped(base, ("ask",), louder, "test"):
        later: Any = type("Later", (sub,), {"ask": lambda self: "later"})
        assert later().ask() == "later!"

    assert later().ask() == "later"


def test_afterwards_all_is_as_it_was() -> None:
    base, sub = family()
    before = [dict(vars(one)) for one in (base, sub)]

    with wrapped(base, ("ask",), louder, "test"):
        pass

    assert [dict(vars(one)) for one in (base, sub)] == before


def test_what_is_no_plain_function_is_left_alone() -> None:
    class Base:
        ask = staticmethod(lambda: "static")

    with wrapped(Base, ("ask",), louder, "test"):
        assert Base().ask() == "static"

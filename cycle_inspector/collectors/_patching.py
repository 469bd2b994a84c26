"""Put something in the place of an attribute, and the very same thing back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ABSENT: Any = object()


@contextmanager
def replaced(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    """Set `owner.name` to `replacement`; afterwards as it was, absent if it was inherited.

    If somebody else has replaced it in the meantime theirs stays: it may call ours, which calls the
    original.
    """
    before = vars(owner).get(name, _ABSENT)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        if vars(owner).get(name) is replacement:
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)

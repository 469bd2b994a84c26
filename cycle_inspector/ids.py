"""Ids of cycles: text that sorts by time, whichever process made it."""

from __future__ import annotations

import os
import random

# Not os.urandom() for each: that lets go of the interpreter, and the request would wait to have it
# back. Not the module's own generator: the page may have seeded it, and counts on what comes next.
_random = random.Random()  # noqa: S311 - an id is no secret


def new_cycle_id(now_ns: int) -> str:
    """Return a UUID of version 7 (RFC 9562, 5.7) for the Unix time `now_ns`.

    The 12 bits after the version hold the part of the millisecond, as its method 3 of 6.2 allows:
    ids of one millisecond sort by time as well.
    """
    ms, rest = divmod(now_ns, 1_000_000)
    value = (ms & (1 << 48) - 1) << 80 | 7 << 76 | (rest << 12) // 1_000_000 << 64 | 2 << 62
    text = f"{value | _random.getrandbits(62):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_random.seed)

"""What the browser sends back about a page: only known keys with sane values are taken."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from cycle_inspector.records import Facts

LIMIT_BYTES = 16 * 1024
MOST_FETCHED = 100  # in one beacon; there may be more of them

_LONGEST_NS = 24 * 3600 * 1_000_000_000
_COUNTS = (
    "first_byte_ns",
    "response_end_ns",
    "dom_interactive_ns",
    "dom_content_loaded_ns",
    "load_ns",
    "fcp_ns",
    "lcp_ns",
    "inp_ns",
    "dns_ns",
    "connect_ns",
    "transfer_bytes",
    "decoded_bytes",
)
_NAVIGATION_TYPES = ("navigate", "reload", "back_forward", "prerender")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class BeaconError(ValueError):
    """A body that is not the beacon of a browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """What a browser has to tell about its page."""

    facts: Facts  # of the browser stage
    fetched: tuple[str, ...]  # the cycles of the requests that scripts of the page have made


def parse(body: bytes) -> Beacon:
    """Return what is in `body`; raise `BeaconError` if there are no timings."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BeaconError("The body is not JSON.") from error
    if not isinstance(given, dict):
        raise BeaconError("The body is not a JSON object.")
    facts: dict[str, Any] = {
        key: given[key]
        for key in _COUNTS
        if type(given.get(key)) is int and 0 <= given[key] <= _LONGEST_NS
    }
    shift = given.get("cls")
    if isinstance(shift, int | float) and not isinstance(shift, bool) and 0 <= shift < math.inf:
        facts["cls"] = round(float(shift), 4)
    if given.get("navigation_type") in _NAVIGATION_TYPES:
        facts["navigation_type"] = given["navigation_type"]
    if not facts:
        raise BeaconError("The body has none of the timings of a browser.")
    return Beacon(facts=facts, fetched=_ids(given.get("fetched")))


def _ids(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    found = (one for one in given[:MOST_FETCHED] if isinstance(one, str) and _ID.fullmatch(one))
    return tuple(dict.fromkeys(found))

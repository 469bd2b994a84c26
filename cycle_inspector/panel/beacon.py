"""What the browser sends back about a page: only known keys with sane values are taken."""

from __future__ import annotations

import json
import math
from typing import Any

LIMIT_BYTES = 16 * 1024

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


class BeaconError(ValueError):
    """A body that is not the beacon of a browser."""


def parse(body: bytes) -> dict[str, Any]:
    """Return the facts of the browser stage in `body`; raise `BeaconError` if there are none."""
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
    return facts

"""What a page says of its charset, where the header says nothing.

A browser believes the header first, and Django writes there what it encodes by. So the page matters
only where the project has written a Content-Type of its own without one.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

# Browsers look no further (HTML standard, 13.2.3.2).
_LOOKED_AT = 1_024

_META = re.compile(rb"<meta[^>]+?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)


def said_by(response: Any) -> str | None:
    """Return what the page itself calls its charset, "" if it does not; None where all is said.

    Of most pages only a header is looked at. One that is ASCII is the same in every charset.
    """
    kind = response.headers.get("Content-Type", "").lower()
    if not kind.startswith("text/html") or "charset" in kind or response.streaming:
        return None
    parts = response.__dict__.get("_container")
    if type(parts) is not list or response.has_header("Content-Encoding"):
        return None
    body = b"".join(parts)
    if body.isascii() or body.startswith(codecs.BOM_UTF8):
        return None
    found = _META.search(body[:_LOOKED_AT])
    return "" if found is None else found[1].decode("ascii")

"""Cycles with a response, for the rules about headers."""

from __future__ import annotations

from typing import Any

from cycle_inspector.records import Cycle, Stage
from tests.factories import make_cycle, make_stage


def cycle_with(
    url: str = "https://shop.example/",
    *,
    sent: dict[str, str] | None = None,
    cookies: Any = (),
    size: int = 1_000,
    asked: str = "gzip, br",
) -> Cycle:
    response = {**make_cycle().response, "size_bytes": size}
    facts = {
        "status": 200,
        "content_type": "text/html",
        "headers": [list(one) for one in (sent or {}).items()],
        "cookies": list(cookies),
    }
    client = {"url": url, "method": "GET", "headers": [["Accept-Encoding", asked]]}
    stages = {
        Stage.RESPONSE: make_stage(Stage.RESPONSE, facts=facts),
        Stage.CLIENT: make_stage(Stage.CLIENT, facts=client),
    }
    return make_cycle(response=response, stages=stages)

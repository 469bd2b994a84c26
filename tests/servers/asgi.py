"""An ASGI application as many projects have one: Django for HTTP, something else beside it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

_django = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer lifespan messages here, and leave a trace of them; Django has the rest."""
    if scope["type"] != "lifespan":
        await _django(scope, receive, send)
        return
    with (settings.BASE_DIR / "lifespan.log").open("a", encoding="utf-8") as log:
        while True:
            kind = (await receive())["type"]
            log.write(f"{kind}\n")
            log.flush()
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

"""The middleware that one of the lessons is about."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from cycle_inspector import span

_PATH = "/prices-abroad/"
_ANSWERS_AFTER_SECONDS = 0.12
_RATES = {"EUR": Decimal("1.17"), "USD": Decimal("1.27"), "JPY": Decimal("191.4")}


class ExchangeRateMiddleware:
    """Ask for today's exchange rates before the view runs: slow on purpose, for one path only.

    The pause stands for a call to another server, which is better made by a periodic task. The
    class knows sync only, so under ASGI it also costs each request a hop to a thread.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Give the request its `exchange_rates` if its page shows them."""
        if request.path == _PATH:
            with span("ask for exchange rates", currencies=list(_RATES)):
                time.sleep(_ANSWERS_AFTER_SECONDS)
            request.exchange_rates = _RATES
        return self.get_response(request)

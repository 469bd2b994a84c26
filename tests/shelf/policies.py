"""A Content-Security-Policy by a middleware that works as django-csp does."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject, empty


class CheckableLazyObject(SimpleLazyObject):
    """False until it has been read."""

    def __bool__(self) -> bool:
        return self._wrapped is not empty


class LikeDjangoCsp(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        request.csp_nonce = CheckableLazyObject(lambda: secrets.token_urlsafe(16))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        nonce: Any = request.csp_nonce
        policy = []
        for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items():
            texts = [source for source in sources if "NONCE" not in source]
            if nonce and len(texts) < len(sources):
                texts.append(f"'nonce-{nonce}'")
            if texts:
                policy.append(" ".join([name, *texts]))
            elif sources:
                policy.append(name)
        if policy:
            response.headers["Content-Security-Policy"] = "; ".join(policy)
        return response

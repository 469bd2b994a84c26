"""The code of a page in docs/findings, put into a project and asked for its page."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.urls import path as url_path

from cycle_inspector.records import Cycle, Finding
from tests.site import Site

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = DOCS / "findings"
INDEX = DOCS / "reference/findings.md"
SETTINGS = "settings.py"

_BLOCK = re.compile(r"^```([\w+]+)\n(.*?)^```$", re.M | re.S)
_NAME = re.compile(r"(?:# |\{# )(\S+\.\w+)(?: #\})?$")
_MAIL = "django.core.mail.backends.locmem.EmailBackend"
_MARKS = {"error": "✕", "warning": "▲", "info": "●"}

# What takes long on a busy machine is a finding on the page about it alone.
TIMED = {
    "CI103": "SLOW_QUERY_MS",
    "CI121": "SLOW_QUERY_MS",
    "CI206": "WAIT_IN_TRANSACTION_MS",
    "CI303": "SLOW_PROCESSOR_MS",
    "CI304": "SLOW_TEMPLATE_MS",
    "CI305": "SAME_RENDERS_MS",
    "CI401": "SLOW_MIDDLEWARE_MS",
    "CI702": "SLOW_CALL_MS",
}
_NEVER_MS = 60_000

Files = dict[str, str]


def sections(text: str) -> dict[str, str]:
    """Return what stands below each heading of the second level, in their order."""
    parts = re.split(r"^## (.+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def files_of(text: str) -> Files:
    """Return the blocks of code in `text`, each by the path that its first line names."""
    found: Files = {}
    for language, code in _BLOCK.findall(text):
        if language != "text":
            named = _NAME.match(code.partition("\n")[0])
            assert named is not None, f"the first line of a block names no file: {code[:60]!r}"
            found[named[1]] = code
    return found


def told_of(text: str) -> tuple[str, list[str]]:
    """Return the request and the findings that the block of `text` shows, each in one line."""
    blocks = [code for language, code in _BLOCK.findall(text) if language == "text"]
    assert len(blocks) == 1, "one block of text shows the request, and what is found"
    request, *found = re.split(r"\n\s*\n", blocks[0].strip())
    return request, [" ".join(one.split()) for one in found]


@dataclass(frozen=True)
class Page:
    """One page of docs/findings."""

    path: Path

    @property
    def code(self) -> str:
        return self.path.stem

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def files(self, *headings: str) -> Files:
        """Return the shop of the examples, with the files of these sections put over it."""
        common = files_of(sections(INDEX.read_text(encoding="utf-8"))["The shop of the examples"])
        own = sections(self.text)
        return common | {
            name: code for heading in headings for name, code in files_of(own[heading]).items()
        }

    @property
    def told(self) -> tuple[str, list[str]]:
        return told_of(sections(self.text)["How it looks"])


@dataclass(frozen=True)
class _Asked:
    """What a page asks for: one address, or several in a row, of which the last one matters."""

    method: str
    paths: list[str]
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, request: str) -> _Asked:
        """Read `GET https://shop.example/a/ /b/ Cookie:name=value field=value`."""
        method, first, *rest = request.split()
        scheme, _, place = first.rpartition("://")
        host, slash, tail = place.partition("/") if scheme else ("testserver", "/", first[1:])
        headers = {"host": host, "accept-encoding": "gzip", "x-forwarded-proto": scheme or "http"}
        cookies = [one.removeprefix("Cookie:") for one in rest if one.startswith("Cookie:")]
        if cookies:
            headers["cookie"] = "; ".join(cookies)
        paths = [one for one in rest if one.startswith("/")]
        form = [one for one in rest if not one.startswith(("/", "Cookie:"))]
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        return cls(method, [slash + tail, *paths], headers, "&".join(form).encode())


@dataclass
class Shop:
    """A project with the app `shop`, made of `files` in `root`, behind a handler."""

    root: Path
    settings: Any
    configure: Callable[..., None]
    pair: tuple[str, str]
    _installed: Any = None
    _again: Callable[[], Cycle] | None = None
    _models: list[Any] = field(default_factory=list)

    def ask(self, page: Page, *headings: str) -> Cycle:
        """Return the cycle of the request of `page`, made of what stands below these headings."""
        files, (request, _) = page.files(*headings), page.told
        for name, code in {"shop/__init__.py": "", **files}.items():
            place = self.root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(code, encoding="utf-8")
        importlib.invalidate_caches()
        self._installed = override_settings(INSTALLED_APPS=[*self.settings.INSTALLED_APPS, "shop"])
        self._installed.enable()
        self._models = list(apps.get_app_config("shop").get_models())
        with connection.schema_editor() as editor:
            for model in self._models:
                editor.create_model(model)
        importlib.import_module("shop.rows")
        self._set(files.get(SETTINGS, ""), page.code)
        asked = _Asked.of(request)
        self._route(files, asked.paths[-1].partition("?")[0].removeprefix("/"))
        site = Site("asgi" if "async def " in files["shop/views.py"] else "wsgi")
        self._again = lambda: [
            site.ask(asked.method, one, body=asked.body, headers=asked.headers).cycle
            for one in asked.paths
        ][-1]
        return self.again()

    def again(self) -> Cycle:
        """Return the cycle of the same request, made once more."""
        assert self._again is not None
        return self._again()

    def close(self) -> None:
        """Leave nothing of the app behind."""
        with connection.schema_editor() as editor:
            for model in reversed(self._models):
                editor.delete_model(model)
        self._installed.disable()
        cache.clear()
        for name in [one for one in sys.modules if one.partition(".")[0] == "shop"]:
            del sys.modules[name]
        apps.all_models.pop("shop", None)
        apps.clear_cache()

    def _set(self, settings: str, code: str) -> None:
        """Set what the settings of the page say; its middlewares stand between our own."""
        self.settings.ALLOWED_HOSTS = ["*"]
        self.settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        # Django 6.1 warns where there are none.
        self.settings.MAILERS = {"default": {"BACKEND": _MAIL}}
        self.settings.TEMPLATES = [dict(one) for one in self.settings.TEMPLATES]  # kept by no one
        given: dict[str, Any] = {}
        exec(settings, given)  # noqa: S102 - our own page
        ours = given.pop("CYCLE_INSPECTOR", {})
        never = {name: _NEVER_MS for name in TIMED.values() if name != TIMED.get(code)}
        self.configure(**{**ours, "THRESHOLDS": never | ours.get("THRESHOLDS", {})})
        for name, value in given.items():
            if name == "MIDDLEWARE":
                self.settings.MIDDLEWARE = [self.pair[0], *value, self.pair[1]]
            elif name.isupper():
                setattr(self.settings, name, value)

    def _route(self, files: Files, path: str) -> None:
        if "shop/urls.py" in files:
            self.settings.ROOT_URLCONF = "shop.urls"
        else:
            view = _view_of(importlib.import_module("shop.views"))
            self.settings.ROOT_URLCONF = (url_path(path, view),)

    def tell(self, finding: Finding) -> str:
        """Return `finding` in one line, as the pages show it."""
        said = [_MARKS[finding.severity.value], finding.title]
        if finding.caller is not None:
            caller = finding.caller
            said.append(f"{caller.path}:{caller.line} in {caller.function}")
        if finding.template is not None:
            said.append(f"{finding.template.name}:{finding.template.line}")
        said.append(finding.fix)
        return " ".join(" ".join(said).replace(f"{self.root}/", "").split())


def _view_of(module: ModuleType) -> Any:
    """Return the one view that `module` defines."""
    found = []
    for name, one in vars(module).items():
        if getattr(one, "__module__", None) != module.__name__ or name.startswith("_"):
            continue
        if hasattr(one, "as_view"):
            found.append(one.as_view())
        elif inspect.isfunction(one) and next(iter(inspect.signature(one).parameters), "") == (
            "request"
        ):
            found.append(one)
    assert len(found) == 1, f"{len(found)} views in {module.__file__}"
    return found[0]

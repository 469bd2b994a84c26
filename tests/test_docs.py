"""The documentation names everything that can be used, with the values that it has in the code."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from configparser import ConfigParser
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from cycle_inspector import __version__, checks, conf, finding_checks, record, records
from cycle_inspector.analysis import Thresholds, codes_of
from cycle_inspector.exporters import json_document
from cycle_inspector.panel import beacon, inject, urls, views
from cycle_inspector.records import SIDE_KINDS, Stage
from demo_site.shop.lessons import LESSONS
from tests.factories import make_cycle, make_finding, make_query
from tests.panel.sample import full_facts
from tests.site import Site

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [*PAGES, *sorted(ROOT.glob("*.md"))]

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^()\s]+(?:\([^()]*\))?)\)")
_IMAGE = re.compile(r"^```\{image\}\s+(\S+)", re.M)
_CODE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.M)

WORDS = (
    *("cycle", "stage", "span", "event", "query", "render", "frame", "caller", "record"),
    *("recorder", "collector", "history", "retention", "fingerprint", "finding", "rule"),
    *("threshold", "exporter", "panel", "redact", "block", "fact", "hop", "mark"),
)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands below `heading`, up to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.M)
    assert found is not None, f"there is no heading {heading!r}"
    end = re.search(rf"^#{{1,{len(found[1])}}} ", text[found.end() :], re.M)
    return text[found.end() :][: end.start() if end else None]


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of each table row in `text`, by each `code` in its first cell."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells)
    return found


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(path: Path) -> set[str]:
    """Return the anchors of the headings of `path`, as GitHub and MyST make them."""
    headings = _HEADING.findall(prose(path.read_text(encoding="utf-8")))
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower()).strip().replace(" ", "-")
        for heading in headings
    }


def shown_default(field: Field[Any]) -> str:
    """Return the default of a key of CYCLE_INSPECTOR as the reference writes it."""
    default = field.default if field.default is not MISSING else field.default_factory()  # type: ignore[misc]
    if field.name in ("enabled", "follow_threads"):
        return "on if [`DEBUG`]"
    if isinstance(default, tuple):
        default = list(default)
    return f'`"{default}"`' if isinstance(default, str | Path) else f"`{default!r}`"


# Settings


@pytest.mark.parametrize("field", fields(conf.Config), ids=lambda field: field.name)
def test_each_key_has_a_heading_and_its_default(field: Field[Any]) -> None:
    said = section(page("reference/settings.md"), f"`{field.name.upper()}`")

    assert said.strip().startswith(f"Default: {shown_default(field)}")


def test_no_other_key_has_a_heading() -> None:
    headed = re.findall(r"^### `([A-Z_]+)`$", page("reference/settings.md"), re.M)

    assert sorted(headed) == sorted(conf.KEYS)


def test_each_threshold_has_a_row_with_its_default() -> None:
    said = rows(section(page("reference/settings.md"), "`THRESHOLDS`"))

    assert {name: cells[1] for name, cells in said.items()} == {
        field.name.upper(): f"`{field.default}`" for field in fields(Thresholds)
    }


# Stages, findings, checks


@pytest.mark.parametrize("name", ["reference/stages.md", "explanation/the-cycle.md"])
def test_the_stages_have_headings_in_their_order(name: str) -> None:
    headed = re.findall(r"^## (\d+)\. (\w+)$", page(name), re.M)

    assert headed == [(str(number), stage.value) for number, stage in enumerate(Stage, start=1)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_names_the_stages(theme: str) -> None:
    root = ElementTree.parse(DOCS / f"images/cycle-{theme}.svg").getroot()  # noqa: S314 - ours
    texts = [str(one.text) for one in root.iter("{http://www.w3.org/2000/svg}text")]

    named = {text for text in texts if text[0].isdigit()}
    assert named == {f"{number} {stage.value}" for number, stage in enumerate(Stage, start=1)}


def test_the_pictures_differ_by_their_colours_only() -> None:
    light, dark = (
        re.sub(r"#[0-9a-f]{6}", "", page(f"images/cycle-{theme}.svg"))
        for theme in ("light", "dark")
    )

    assert light == dark


@pytest.mark.parametrize(
    "path",
    [
        *("/hello/", "/in-template/", "/data/", "/stream/", "/download/", "/redirect/", "/class/"),
        *("/raises/", "/missing-template/", "/nowhere/", "/uses-session/", "/statements/"),
    ],
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")  # in ASGI
def test_each_fact_of_a_whole_cycle_is_in_the_reference(
    site: Site, settings: Any, path: str
) -> None:
    with_hook = "django.middleware.csrf.CsrfViewMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], with_hook, settings.MIDDLEWARE[-1]]
    text = page("reference/stages.md")
    document = json_document.export(Site(site.server).get(path).cycle)

    for number, stage in enumerate(document["stages"], start=1):
        said = rows(section(text, f"{number}. {stage['name']}").partition("\n### ")[0])
        assert set(stage["facts"]) <= said.keys(), stage["name"]
        for key in ("loads", "lazy_loads", "prefetches", "changes"):
            for entry in stage["facts"].get(key, ()):
                heading = key.replace("_", " ").capitalize()
                assert set(entry) <= rows(section(text, heading)).keys()
        for layer in stage["facts"].get("onion", ()):
            assert set(layer) <= rows(section(text, "One middleware")).keys()
            for hook in layer["hooks"]:
                assert set(hook) <= rows(section(text, "One hook")).keys()
        for hop in stage["facts"].get("hops", ()):
            assert set(hop) == rows(section(text, "One change of modes")).keys()


def test_each_fact_that_a_middleware_may_have_is_in_the_reference() -> None:
    text = page("reference/stages.md")
    facts = json_document.in_milliseconds(full_facts()[Stage.MIDDLEWARE])

    assert set().union(*facts["onion"]) == rows(section(text, "One middleware")).keys()
    assert set().union(*facts["not_used"]) == rows(section(text, "One that is not used")).keys()
    known = rows(section(text, "4. middleware").partition("\n### ")[0]).keys()
    assert set(facts) | {"untimed"} == known


def test_each_attribute_of_a_thread_or_task_is_in_the_reference(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"FOLLOW_THREADS": True}

    async def view() -> record:
        async with record() as recording:
            await asyncio.to_thread(print, end="")
            with suppress(ValueError):
                await asyncio.to_thread(int, "x")
            task = asyncio.create_task(asyncio.Event().wait())
        task.cancel()
        return recording

    with ThreadPoolExecutor(1) as pool:  # a browser's test may have left a loop running here
        cycle = pool.submit(asyncio.run, view()).result(10).cycle
    spans = json_document.export(cycle)["spans"]
    given = {name for span in spans for name in span["attributes"]}

    text = section(page("reference/json.md"), "A thread, a call in an executor, a task")
    assert given == rows(text).keys()


def test_each_timing_of_the_browser_is_in_the_reference() -> None:
    sent = b'{%s, "cls": 0.1, "navigation_type": "reload"}' % b", ".join(
        b'"%s": 1' % name.encode() for name in beacon._COUNTS
    )
    facts = json_document.in_milliseconds(beacon.parse(sent).facts)

    assert set(facts) <= rows(section(page("reference/stages.md"), "11. browser")).keys()


def test_each_finding_has_a_row() -> None:
    codes = re.findall(r"^\| \[(CI\d+)\]", page("reference/findings.md"), re.M)

    assert codes == sorted(codes_of())


@pytest.mark.parametrize("code", sorted(codes_of()))
def test_each_finding_has_a_page(code: str) -> None:
    assert (DOCS / f"findings/{code}.md").exists(), (
        f"docs/findings/{code}.md is missing. Write it after the manner of its neighbours: "
        "CONTRIBUTING.md says how, and tests/test_finding_pages.py runs its examples."
    )


def test_each_check_has_a_row_and_there_are_no_others() -> None:
    source = inspect.getsource(checks) + inspect.getsource(finding_checks)
    in_code = set(re.findall(r'id="(cycle_inspector\.[A-Z]\d+)"', source))

    assert in_code
    assert in_code == rows(page("reference/checks.md")).keys()


# The JSON document


@pytest.mark.parametrize(
    ("heading", "part"),
    [
        ("The cycle", None),
        ("A stage", "stages"),
        ("A query", "queries"),
        ("A span", records.Span),
        ("A render", records.Render),
        ("An event", records.Event),
        ("A finding", "findings"),
        ("A frame", records.Frame),
    ],
)
def test_each_key_of_the_document_has_a_row(heading: str, part: Any) -> None:
    said = rows(section(page("reference/json.md"), heading)).keys()
    if part is None or isinstance(part, str):
        document = json_document.export(
            make_cycle(queries=(make_query(),), findings=(make_finding(),))
        )
        wanted = set(document if part is None else document[part][0])
    else:
        names = getattr(part, "_fields", None) or [field.name for field in fields(part)]
        wanted = {re.sub(r"_ns$", "_ms", name) for name in names}

    assert said == wanted


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        ("log", "A log record"),
        ("cache", "A cache call"),
        ("mail", "A mail"),
        ("message", "A message for the user"),
        ("form", "A form"),
        ("permission", "A permission check"),
    ],
)
def test_each_attribute_of_a_side_event_is_in_the_reference(
    site: Site, kind: str, heading: str
) -> None:
    events = json_document.export(site.get("/side-events/").cycle)["events"]
    given = {name for one in events if one["kind"] == kind for name in one["attributes"]}

    assert given
    assert given <= rows(section(page("reference/json.md"), heading)).keys()


# Headers and URLs


def test_each_header_has_a_row() -> None:
    response = HttpResponse()
    before = set(response.headers)
    inject.add_headers(response, RequestFactory().get("/"), "id")

    text = section(page("reference/headers-and-urls.md"), "Headers of your pages")
    assert rows(text).keys() == set(response.headers) - before


def test_each_url_has_a_row() -> None:
    text = section(page("reference/headers-and-urls.md"), "URLs")
    said = {url for url in rows(text) if url.startswith(views.PREFIX)}
    served = {
        re.sub(r"<\w+:(?:cycle_)?(\w+)>", r"<\1>", f"/{one.pattern}") for one in urls.urlpatterns
    }

    assert said - {f"{views.PREFIX}panel.js"} == served


def test_each_header_of_our_own_pages_is_named() -> None:
    text = page("reference/headers-and-urls.md")

    assert [name for name in views._HEADERS if f"`{name}`" not in text] == []


# Words, links, code


def test_the_glossary_has_the_words_in_their_order() -> None:
    said = re.findall(r"^\| ([\w+ ]+) \|", page("reference/glossary.md"), re.M)[1:]

    assert set(WORDS) <= set(said)
    assert said == sorted(said, key=str.lower)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = [*_LINK.findall(prose(text)), *_IMAGE.findall(text)]
    broken = []
    for target in targets:
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_each_page_is_in_a_table_of_contents(path: Path) -> None:
    listed = re.findall(r"^[\w/-]+$", page("index.md"), re.M)
    of_findings = path.parent.name == "findings" and "\n../findings/*\n" in page(
        "reference/findings.md"
    )

    name = path.relative_to(DOCS).with_suffix("").as_posix()
    assert of_findings or name == "index" or name in listed


def _python_blocks() -> list[Any]:
    return [
        pytest.param(code, id=f"{path.relative_to(ROOT).as_posix()}-{number}")
        for path in TEXTS
        for number, (language, code) in enumerate(_CODE.findall(path.read_text(encoding="utf-8")))
        if language == "python"
    ]


@pytest.mark.parametrize("code", _python_blocks())
def test_python_in_the_docs_compiles(code: str) -> None:
    # As in a shell of Python's asyncio, an `await` may stand by itself.
    compile(code, "docs", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("code", _python_blocks())
def test_settings_in_the_docs_are_sound(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == conf.SETTING:
            given = ast.literal_eval(node.value)
            assert conf.find_problems(given) == []
            names = {field.name.upper() for field in fields(Thresholds)}
            assert given.get("THRESHOLDS", {}).keys() <= names


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.findall(r"^## \[?([\d.]+)", text, re.M)[0] == __version__


def test_the_tutorial_is_true_of_the_demo() -> None:
    text = page("tutorial/first-cycle.md")
    view = (ROOT / "demo_site/shop/views/catalogue.py").read_text(encoding="utf-8").splitlines()
    folder = ROOT / "demo_site/shop/templates"
    (before, _) = (code.strip() for language, code in _CODE.findall(text) if language == "python")
    lesson = next(one for one in LESSONS if one.name == "one-by-one")

    assert f"    {before}" in view
    assert f"{lesson.queries} SQL" in text
    assert f"**{lesson.title}**" in text
    assert len(LESSONS) == 24
    assert "twenty-four lessons" in text
    for line, function in set(re.findall(r"catalogue\.py:(\d+) (\w+)", text)):
        assert f"{function}.html" in view[int(line) - 1]
    for name, line, field in re.findall(
        r"(shop/\w+\.html):(\d+)\n  Add \.select_related\(\"(\w+)\"", text
    ):
        shown = (folder / name).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert f"book.{field}" in shown


def test_each_kind_of_side_event_has_a_row_and_a_part_of_its_own() -> None:
    told = rows(section(page("reference/stages.md"), "Beside the stages"))
    headings = re.findall(r"^## (.+)$", page("reference/json.md"), re.M)
    parts = {heading.lower().replace(" ", "-") for heading in headings}

    assert list(told) == list(SIDE_KINDS)
    for cells in told.values():
        assert cells[0].rpartition("json.md#")[2].rstrip(")") in parts


def test_the_layers_are_those_that_are_checked() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    checked = config["importlinter:contract:layers"]["layers"].strip().splitlines()
    shown = section(page("explanation/architecture.md"), "Who may import whom")

    wanted = [re.sub(r"[()]", "", line.strip()) for line in checked]
    assert shown.partition("```text\n")[2].partition("```")[0].splitlines() == wanted

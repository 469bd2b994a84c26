from __future__ import annotations

import doctest
from typing import Any

import pytest

from cycle_inspector import conf
from cycle_inspector.panel import editor, pages
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.panel.editor import Origins, address, mapped, url
from cycle_inspector.records import Stage, TemplateLine
from tests.factories import make_cycle, make_event, make_render
from tests.panel.sample import HOSTILE, rich_cycle

URLS = Urls(root="/__cycle__/", assets="/__cycle__/")
PATH = "/srv/shop/views.py"


def test_examples_are_true() -> None:
    assert doctest.testmod(editor).failed == 0


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("vscode", "vscode://file/srv/shop/views.py:7"),
        ("pycharm", "pycharm://open?file=/srv/shop/views.py&line=7"),
        ("sublime", "subl://open?url=file:///srv/shop/views.py&line=7"),
        ("vim", "mvim://open?url=file:///srv/shop/views.py&line=7"),
        ("zed", "zed://file/srv/shop/views.py:7"),
        ("my-ed:{line}:{path}", "my-ed:7:/srv/shop/views.py"),
    ],
)
def test_each_editor_has_its_address(settings: Any, name: str, opened: str) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": name}

    assert url(PATH, 7) == opened


def test_every_editor_is_tested() -> None:
    assert list(conf.EDITORS) == ["vscode", "pycharm", "sublime", "vim", "zed"]


def test_without_an_editor_nothing_is_opened(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR_PATH_MAP": {"/srv": "/src"}}

    assert url(PATH, 7) is None


@pytest.mark.parametrize("path", ["<string>", "shop/views.py", "", None, 7, "<frozen os>"])
def test_what_is_no_file_is_not_opened(settings: Any, path: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": "vscode"}

    assert url(path, 7) is None


@pytest.mark.parametrize("line", [None, 0, -3, "7"])
def test_without_a_line_it_is_the_first(line: Any) -> None:
    assert address("ed:{path}:{line}", PATH, line) == f"ed:{PATH}:1"


@pytest.mark.parametrize(
    ("template", "opened"),
    [
        (conf.EDITORS["vscode"], "vscode://file/C:/my%20shop/a.py:7"),
        (conf.EDITORS["sublime"], "subl://open?url=file:///C:/my%20shop/a.py&line=7"),
        (conf.EDITORS["pycharm"], "pycharm://open?file=C:/my%20shop/a.py&line=7"),
    ],
)
def test_path_of_windows_is_written_as_in_an_address(template: str, opened: str) -> None:
    assert address(template, "C:\\my shop\\a.py", 7) == opened


def test_nothing_in_a_path_is_taken_for_a_part_of_the_address() -> None:
    opened = address("ed://open?file={path}&line={line}", '/a&line=9#"<b>?{line}é/{path}.py', 7)

    assert opened == (
        "ed://open?file=/a%26line%3D9%23%22%3Cb%3E%3F%7Bline%7D%C3%A9/%7Bpath%7D.py&line=7"
    )


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/app/views.py", "/home/ada/shop/views.py"),
        ("/app/libs/a.py", "/home/ada/libs/a.py"),
        ("/application/views.py", "/application/views.py"),
        ("/srv/views.py", "/srv/views.py"),
        ("/app", "/home/ada/shop"),
    ],
)
def test_folders_are_those_of_the_editor(path: str, found: str) -> None:
    folders = {"/app": "/home/ada/shop", "/app/libs/": "/home/ada/libs/"}

    assert mapped(path, folders) == found


def test_root_may_be_mapped() -> None:
    assert mapped("/srv/a.py", {"/": "/mnt/box"}) == "/mnt/box/srv/a.py"


def test_path_map_leads_to_the_editor(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {
        "EDITOR": "zed",
        "EDITOR_PATH_MAP": {"/srv": "C:\\code"},
    }

    assert url(PATH, 7) == "zed://file/C:/code/shop/views.py:7"


def test_file_of_a_template_is_that_of_its_render() -> None:
    render = make_render(name="a.html", origin="/srv/a.html")
    origins = Origins(make_cycle(renders=(render,)))

    assert origins.file_of(TemplateLine(name="a.html", line=3)) == "/srv/a.html"
    assert origins.file_of({"name": "a.html", "line": 3}) == "/srv/a.html"
    assert origins.file_of({"name": "b.html", "line": 3, "path": "/b.html"}) == "/b.html"
    assert origins.file_of(TemplateLine(name="b.html", line=3)) is None
    assert Origins(None).file_of(TemplateLine(name="a.html", line=3)) is None


def test_lines_of_a_report_are_links(settings: Any) -> None:
    assert "open in your editor" not in pages.report(rich_cycle(), URLS)

    settings.CYCLE_INSPECTOR = {"EDITOR": "vscode"}
    shown = pages.report(rich_cycle(), URLS)

    finding = shown[shown.index('class="findings"') :]
    assert '<a class="place" href="vscode://file/srv/shop/catalog/views.py:22"' in finding
    assert 'href="vscode://file/srv/shop/catalog/views.py:41"' in finding
    for stage in (Stage.VIEW, Stage.DATABASE, Stage.TEMPLATES):
        assert 'href="vscode://file/' in pages.stage(rich_cycle(), stage), stage


def test_line_of_a_template_is_a_link_where_its_file_is_known(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": "vscode"}
    shown = pages.stage(rich_cycle(), Stage.DATABASE)

    assert 'href="vscode://file/srv/shop/templates/catalog/_book.html:6"' in shown


@pytest.mark.parametrize(
    ("way", "opened"),
    [
        ("caller", "vscode://file/srv/shop/catalog/views.py:22"),
        ("template", "vscode://file/srv/shop/templates/catalog/_book.html:6"),
    ],
)
def test_line_that_queries_are_grouped_by_is_a_link(settings: Any, way: str, opened: str) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": "vscode"}

    assert f'href="{opened}"' in pages.queries(rich_cycle(), URLS, {"by": way})


def test_frame_of_a_hostile_path_stays_an_attribute(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"EDITOR": "vscode"}
    frame = {"path": f"/{HOSTILE}", "line": 3, "function": HOSTILE, "is_project": True}
    event = make_event(attributes={"message": "m", "trace": [frame]})
    shown = pages.stage(make_cycle(events=(event,)), Stage.VIEW)

    assert HOSTILE not in shown
    assert 'href="vscode://file/%3Cscript%3Ealert' in shown

"""The pages about the findings, as the panel and the admin serve them."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from cycle_inspector.analysis import codes_of
from cycle_inspector.panel import assets, finding_pages

ROOT = Path(__file__).resolve().parent.parent.parent


def page(code: str) -> str:
    found = finding_pages.find(f"findings/{code}.html")
    assert found is not None
    return found.content.decode()


def test_the_pages_of_the_documentation_go_with_the_package() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    packed = config["options.package_data"]["cycle_inspector"].split()

    assert "findings/*.md" in packed
    written = {path.stem for path in (ROOT / "docs/findings").glob("*.md")}
    assert set(finding_pages.names().values()) == written


@pytest.mark.parametrize("code", sorted(set(codes_of()) & set(finding_pages.names().values())))
def test_nothing_of_its_markdown_is_left(code: str) -> None:
    text = re.sub(r"<(pre|code)\b.*?</\1>", "", page(code), flags=re.S)

    assert f"<h1>{code}: " in text
    assert re.findall(r"```|`|\]\(|\*\*|^#|^\|", text, re.M) == []


def test_a_page_leads_to_others_and_to_django_but_to_nothing_that_is_not_here() -> None:
    addresses = re.findall(r'<a href="([^"]+)"', page("CI102"))

    assert "CI101.html" in addresses
    assert [one for one in addresses if one.startswith("https://docs.djangoproject.com/")]
    assert [one for one in addresses if one.startswith("..")] == []


def test_its_sheets_are_found_from_where_it_stands() -> None:
    sheets = re.findall(r'<link rel="stylesheet" href="\.\./([^"]+)"', page("CI101"))

    assert "page.css" in sheets
    assert set(sheets) <= set(assets.table())


@pytest.mark.parametrize(
    "name", ["findings/CI999.html", "findings/../CI101.html", "findings/CI101.md", "CI101.html", ""]
)
def test_there_is_no_other_page(name: str) -> None:
    assert finding_pages.find(name) is None


def test_a_code_of_the_project_has_no_page() -> None:
    assert finding_pages.name_of("CI101") == "findings/CI101.html"
    assert finding_pages.name_of("SHOP1") is None

"""Whose a source file is."""

from __future__ import annotations

import os
import sysconfig

import django
import pytest

from cycle_inspector.collectors import _sources
from tests.shelf import views


@pytest.mark.parametrize(
    ("path", "is_project"),
    [
        ("/srv/shop/catalog/views.py", True),
        ("/srv/shop/.venv/lib/python3.13/site-packages/rest/views.py", False),
        ("/usr/lib/python3/dist-packages/rest/views.py", False),
        (os.path.join(sysconfig.get_path("stdlib"), "json", "decoder.py"), False),
        ("<frozen importlib._bootstrap>", False),
        ("<string>", False),
    ],
)
def test_code_of_the_project_is_told_from_others(path: str, *, is_project: bool) -> None:
    assert _sources.is_project(path) is is_project


def test_frames_of_the_project_and_of_other_packages_are_kept() -> None:
    installed = compile("", "/srv/.venv/lib/python3.13/site-packages/rest/views.py", "exec")

    assert _sources.rule_of(views.hello.__code__) == _sources.KEEP
    assert _sources.rule_of(installed) == _sources.KEEP


def test_frames_of_django_the_library_and_the_package_are_left_out() -> None:
    for function in (django.setup, os.path.join, _sources.rule_of):
        assert _sources.rule_of(function.__code__) == _sources.LEAVE

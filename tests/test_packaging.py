"""What is installed, and how it works in a project just begun.

These look at the installed distribution, not at the tree: under tox it is the wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import Visitor, served

_FILES = "from importlib.metadata import files; print(*files('django-cycle-inspector'), sep='\\n')"
_WHERE = "import cycle_inspector; print(cycle_inspector.__file__)"


def outside(*arguments: str, folder: Path, **environ: str) -> str:
    """Run this Python away from the tree, warnings as errors, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={**_without_tree(), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Give an empty folder; skip where the distribution is not installed, unless in CI."""
    asked = subprocess.run(
        [sys.executable, "-c", _WHERE],
        cwd=tmp_path,
        env=_without_tree(),
        capture_output=True,
        check=False,
    )
    if asked.returncode != 0:
        message = "django-cycle-inspector is not installed in this environment."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return tmp_path


def test_the_distribution_holds_what_the_package_needs(installed: Path) -> None:
    files = outside("-c", _FILES, folder=installed).split()

    for name in (
        "py.typed",
        "migrations/0001_initial.py",
        "migrations/0002_links.py",
        "static/cycle_inspector/panel.js",
        "static/cycle_inspector/elements/cycle-panel.js",
        "static/cycle_inspector/tokens.css",
        "templates/cycle_inspector/stages/database.html",
        "templates/admin/cycle_inspector/cycle/report.html",
    ):
        assert f"cycle_inspector/{name}" in files
    assert not [name for name in files if name.startswith(("tests", "demo_site", "docs"))]


def test_it_works_in_a_project_just_begun(installed: Path) -> None:
    outside("-m", "django", "startproject", "mysite", ".", folder=installed)
    settings = installed / "mysite" / "settings.py"
    text = settings.read_text()
    text = text.replace("INSTALLED_APPS = [\n", 'INSTALLED_APPS = [\n    "cycle_inspector",\n')
    first, last = (f"cycle_inspector.middleware.{one}Middleware" for one in ("First", "Last"))
    start = text.index("MIDDLEWARE = [\n")
    end = text.index("]\n", start)
    chain = text[start:end].replace("[\n", f'[\n    "{first}",\n', 1) + f'    "{last}",\n'
    settings.write_text(text[:start] + chain + text[end:])
    password = {"DJANGO_SUPERUSER_PASSWORD": "admin"}
    who = ("--username", "admin", "--email", "a@example.org")

    assert "no issues" in outside("manage.py", "check", folder=installed)
    outside("manage.py", "migrate", folder=installed)
    outside("manage.py", "createsuperuser", "--noinput", *who, folder=installed, **password)
    assert "No changes" in outside("manage.py", "makemigrations", "--check", folder=installed)

    command = [sys.executable, "-W", "error", "manage.py", "runserver", "--noreload"]
    with served(command, installed, _without_tree()) as url:
        visitor = Visitor(url)
        page = visitor.get("/")
        assert page.status == 200
        assert page.text.count("/__cycle__/panel.js") == 1
        assert visitor.get("/__cycle__/panel.js").status == 200
        assert visitor.get(page.headers["Cycle-Url"]).status == 200

        visitor.get("/admin/login/")
        form = {"username": "admin", "password": "admin", "next": "/admin/"}
        form["csrfmiddlewaretoken"] = visitor.cookie("csrftoken")
        assert visitor.post("/admin/login/", form).status == 302
        listed = visitor.get("/admin/cycle_inspector/cycle/")
        assert listed.status == 200
        assert "GET /admin/login/" in listed.text
        detail = visitor.get(f"/admin/cycle_inspector/cycle/{page.headers['Cycle-Id']}/change/")
        assert detail.status == 200
        assert "cycle-report" in detail.text
    assert "Error" not in (installed / "server.log").read_text()


def _without_tree() -> dict[str, str]:
    hidden = ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in hidden}

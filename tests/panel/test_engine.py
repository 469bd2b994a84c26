from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, TemplateDoesNotExist, engines

from cycle_inspector.panel import engine, pages
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_stage
from tests.panel.sample import HOSTILE, full_facts, rich_cycle


def stage_page() -> str:
    facts = full_facts()[Stage.GATEWAY]
    cycle = make_cycle(stages={Stage.GATEWAY: make_stage(Stage.GATEWAY, facts=facts)})
    return str(pages.stage(cycle, Stage.GATEWAY))


def shown(value: Any) -> str:
    return engine.render("problem_fragment.html", {"sentence": value})


@pytest.mark.parametrize(
    "templates",
    [
        [],
        [{"BACKEND": "no.such.Backend"}],
        [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": False,
                "OPTIONS": {"builtins": ["no.such.tags"], "autoescape": False},
            }
        ],
    ],
)
def test_the_projects_templates_setting_does_not_matter(templates: Any, settings: Any) -> None:
    before = stage_page()
    settings.TEMPLATES = templates

    assert stage_page() == before
    assert "cannot be shown" not in before


def test_a_template_of_the_project_cannot_take_the_place_of_ours(
    settings: Any, tmp_path: Any
) -> None:
    (tmp_path / "cycle_inspector").mkdir()
    (tmp_path / "cycle_inspector" / "problem_fragment.html").write_text("theirs")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    assert (
        engines["django"].get_template("cycle_inspector/problem_fragment.html").render() == "theirs"
    )
    assert "theirs" not in shown("ours")


def test_templates_of_other_apps_are_out_of_reach() -> None:
    with pytest.raises(TemplateDoesNotExist):
        engine.engine().get_template("admin/base_site.html")


def test_a_template_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TemplateDoesNotExist):
        engine.render("stages/kitchen.html", {})


def test_what_is_put_in_comes_out_as_text() -> None:
    assert HOSTILE not in shown(HOSTILE)
    assert "&lt;script&gt;" in shown(HOSTILE)


def test_the_filters_need_not_be_loaded() -> None:
    made = engine.engine().from_string("{{ duration|ms }}")

    assert made.render(Context({"duration": 10_000_000})) == "10.0 ms"


@pytest.mark.parametrize("language", ["de", "en", "ar"])
def test_numbers_are_written_alike_in_every_language(language: str, settings: Any) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = language

    assert "4242" in shown(4242)
    assert "0.5" in shown(0.5)


def test_a_whole_page_is_the_same_in_every_language(settings: Any) -> None:
    urls = pages.Urls(root="/", assets="/")
    before = pages.page(rich_cycle(), urls)
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = "de"

    assert pages.page(rich_cycle(), urls) == before


def test_the_engine_is_made_once() -> None:
    assert engine.engine() is engine.engine()

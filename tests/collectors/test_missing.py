"""Templates that are missing where the page goes on without them."""

from __future__ import annotations

from django.template import Context

from cycle_inspector.records import Stage
from tests.collectors.test_templates import ENGINE, recorded


def test_a_missing_template_with_a_fallback_is_told_with_who_asked() -> None:
    template = ENGINE.get_template("either.html")

    cycle = recorded(lambda: template.render(Context({"names": ["no-such.html", "part.html"]})))

    (missing,) = cycle.stage(Stage.TEMPLATES).facts["missing"]
    assert (missing["name"], missing["caught"]) == ("no-such.html", True)
    assert missing["tried"] == [["no-such.html", "Source does not exist"]]
    assert missing["template"] == {"name": "either.html", "line": 2}


def test_templates_that_are_found_are_not_missing() -> None:
    cycle = recorded(lambda: ENGINE.select_template(["part.html", "no-such.html"]))

    assert cycle.stage(Stage.TEMPLATES).facts["missing"] == []

"""As much of Markdown as our pages are written in."""

from __future__ import annotations

import pytest

from cycle_inspector.panel.markdown import to_html


def html(text: str) -> str:
    return to_html(text, lambda target: target if target.startswith("https:") else None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# A `b`\n", "<h1>A <code>b</code></h1>"),
        ("One\ntwo.\n\nThree.\n", "<p>One\ntwo.</p>\n<p>Three.</p>"),
        ("- one\n- two\n  lines\n", "<ul><li>one</li><li>two\n  lines</li></ul>"),
        ("A *b* and **c**.", "<p>A <em>b</em> and <strong>c</strong>.</p>"),
        (
            "```python\nif a < b:\n\n    # no heading\n```\n",
            '<pre tabindex="0"><code>if a &lt; b:\n\n    # no heading\n</code></pre>',
        ),
        (
            "[`a`](https://b/#c)",
            '<p><a href="https://b/#c" rel="noopener noreferrer"><code>a</code></a></p>',
        ),
        ("[a](../b.md)", "<p>a</p>"),
        (
            "| A | B |\n|---|---|\n| `c` | d |\n",
            '<table class="grid"><thead><tr><th scope="col">A</th>'
            '<th scope="col">B</th></tr></thead>'
            "<tbody><tr><td><code>c</code></td><td>d</td></tr></tbody></table>",
        ),
    ],
)
def test_a_part_becomes_html(text: str, shown: str) -> None:
    assert html(text) == shown


@pytest.mark.parametrize(
    "text",
    ["<b>", "# <b>", "- <b>", "`<b>`", "**<b>**", "*<b>*", "| <b> |\n|---|\n", "[<b>](https://a)"],
)
def test_nothing_in_it_is_taken_for_html(text: str) -> None:
    assert "<b>" not in html(text)
    assert "&lt;b&gt;" in html(text)


def test_an_address_stays_within_its_quotes() -> None:
    assert 'href="https://a&quot;b"' in html('[c](https://a"b)')


def test_what_is_marked_in_code_is_left_as_it_is() -> None:
    assert html("`add(*a)` and `b*`") == "<p><code>add(*a)</code> and <code>b*</code></p>"

"""The request of a cycle as a command for curl, to be pasted into a POSIX shell.

What was captured is quoted so that neither the shell nor curl nor a terminal takes it for more than
text; what is missing stands above the command in comments.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from cycle_inspector.exporters._sent import PLACEHOLDER, Sent, one_line, what_was_sent
from cycle_inspector.records import Cycle

# Of the connection, or worked out by curl itself.
_OWN = frozenset(
    {
        *("host", "content-length", "connection", "keep-alive", "transfer-encoding"),
        *("proxy-connection", "te", "trailer", "upgrade", "expect", "accept-encoding"),
    }
)
# In single quotes these would reach the terminal as they are.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def export(cycle: Cycle) -> str:
    """Return the command, its comments above it."""
    sent = what_was_sent(cycle)
    if sent is None:
        return "# This cycle has no request: it is a block of code, or its client was not seen.\n"
    return "\n".join([*_comments(cycle, sent), " \\\n  ".join(_parts(sent))]) + "\n"


def _comments(cycle: Cycle, sent: Sent) -> Iterator[str]:
    status = cycle.response.get("status")
    answered = f", answered with {status}" if status else ""
    yield f"# {one_line(sent.method)} {one_line(cycle.request.get('path') or '')}{answered}."
    if sent.hidden:
        named = one_line(", ".join(sent.hidden))
        yield f"# Put in what was hidden, where it says {PLACEHOLDER}: {named}."
    yield from (f"# {one_line(one)}" for one in sent.lacks)


def _parts(sent: Sent) -> Iterator[str]:
    # --globoff: brackets and braces in the address are no patterns.
    yield f"curl --globoff {_quote(sent.url)}"
    if sent.method == "HEAD":
        yield "--head"
    elif sent.method != ("POST" if _has_body(sent) else "GET"):
        yield f"--request {_quote(sent.method)}"
    if any(name.lower() == "accept-encoding" for name, _ in sent.headers):
        yield "--compressed"
    for name, value in sent.headers:
        if name.lower() in _OWN or (name.lower() == "content-type" and not _needs_its_type(sent)):
            continue
        # "Name;" sends a header without a value; "Name:" would take it out.
        told = one_line(value)
        yield f"--header {_quote(f'{name}: {told}' if told else f'{name};')}"
    if sent.cookies:
        pairs = "; ".join(f"{one_line(name)}={PLACEHOLDER}" for name in sent.cookies)
        yield f"--header {_quote(f'Cookie: {pairs}')}"
    yield from _body(sent)


def _needs_its_type(sent: Sent) -> bool:
    # wsgiref calls a request without a body text/plain; of parts curl names the boundary itself.
    return _has_body(sent) and not _makes_its_type(sent)


def _makes_its_type(sent: Sent) -> bool:
    return bool(sent.is_multipart and (sent.form or sent.files))


def _has_body(sent: Sent) -> bool:
    return bool(sent.form or sent.files or sent.has_json or sent.text is not None)


def _body(sent: Sent) -> Iterator[str]:
    # --data-raw and --form-string take an "@" at the beginning for no file.
    if sent.has_json:
        yield f"--data-raw {_quote(json.dumps(sent.json, ensure_ascii=False))}"
    elif sent.text is not None:
        yield f"--data-raw {_quote(sent.text)}"
    elif _makes_its_type(sent):
        for name, value in _each(sent):
            yield f"--form-string {_quote(f'{name}={value}')}"
        for one in sent.files:
            name, filename = _form_name(one.get("name")), _form_name(one.get("filename"))
            file = f'{name}=@PATH-OF-THE-FILE;filename="{filename}"'
            yield f"--form {_quote(file)}"
    elif sent.form:
        yield f"--data-raw {_quote(urlencode(list(_each(sent)), quote_via=quote))}"


def _each(sent: Sent) -> Iterator[tuple[str, str]]:
    for name, value in sent.form:
        for one in value if isinstance(value, list) else [value]:
            yield name, one if isinstance(one, str) else json.dumps(one)


def _form_name(given: object) -> str:
    return re.sub(r'[";=\\]', "_", one_line(given or "file"))


def _quote(text: str) -> str:
    r"""Return `text` as one word of a shell; control characters are written out.

    There is no quote in it then: a shell that knows no $'...' must not see its end in one.

    >>> print(_quote("it's"), _quote("it's\x1b[2J"))
    'it'"'"'s' $'it\x27s\x1b[2J'
    """
    if not _UNPRINTABLE.search(text):
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\x27")
    return f"$'{_UNPRINTABLE.sub(_escaped, escaped)}'"


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number == 0:
        return ""  # no word of a shell holds one
    if found[0] == "\n":
        return "\\n"
    # By its bytes: not every shell knows \u.
    return "".join(f"\\x{byte:02x}" for byte in found[0].encode())

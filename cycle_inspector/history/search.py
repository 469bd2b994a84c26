"""What a person types to find cycles -> a condition on their rows.

Words, all of which a cycle must have somewhere; a number of three digits is a status too;
`time:>100` and `time:<5` are milliseconds. What makes no sense finds nothing.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import or_

from django.db.models import Q

_COLUMNS = ("method", "host", "path", "route", "view", "user", "exception", "finding_codes")
_MOST_WORDS = 10
_LONGEST_WORD = 500  # as long as a path is kept; SQLite refuses patterns of 50,000 bytes

_TIME = re.compile(r"time:([<>])(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)
_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)
_NOTHING = Q(pk__in=())


def condition(words: str) -> Q:
    """Return what a row must fulfil to be found by `words`; without a word, nothing."""
    if "\0" in words:  # PostgreSQL refuses to look for one
        return _NOTHING
    found = Q()
    for word in words.split()[:_MOST_WORDS]:
        found &= _condition(word)
    return found


def _condition(word: str) -> Q:
    time = _TIME.fullmatch(word)
    if time is not None:
        lookup = "duration_ns__gt" if time[1] == ">" else "duration_ns__lt"
        return Q(**{lookup: round(float(time[2]) * 1_000_000)})
    if word.startswith("time:") or len(word) > _LONGEST_WORD:
        return _NOTHING
    anywhere = reduce(or_, (Q(**{f"{one}__icontains": word}) for one in _COLUMNS))
    return anywhere | Q(status=int(word)) if _STATUS.fullmatch(word) else anywhere

"""Routes: what Django's resolver did with a path, and how near the patterns it passed over came.

Pure functions over Django's own pattern objects. `walk` goes through a URLconf, `misses` finds what
nearly matched, `compare` says of one pattern why it did not (`ways` and `expressions` are how
`path()` and `re_path()` can nearly match, `faults` what can be amiss), `words` puts it into a
sentence; `methods` and `places` tell which methods a view answers and where a pattern is written.
Nothing here hooks anything, and but for `walk.search` nothing runs code of the project's: the
values of a path are never converted.
"""

from __future__ import annotations

from cycle_inspector.routes.methods import in_words, methods_of
from cycle_inspector.routes.misses import NearMiss, find
from cycle_inspector.routes.patterns import Chain, text_of
from cycle_inspector.routes.places import Place, place_of
from cycle_inspector.routes.walk import Search, matching, search
from cycle_inspector.routes.words import name_of, said_of, say

__all__ = [
    "Chain",
    "NearMiss",
    "Place",
    "Search",
    "find",
    "in_words",
    "matching",
    "methods_of",
    "name_of",
    "place_of",
    "said_of",
    "say",
    "search",
    "text_of",
]

"""Which of the patterns that were tried for a path came near, and how near.

Nearly all patterns of a large URLconf begin with other letters than the path: these cost a
comparison of a few letters. The rest are looked at closely, those first that begin most like it,
until the time is up.
"""

from __future__ import annotations

import heapq
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cycle_inspector.routes import methods
from cycle_inspector.routes.compare import compare
from cycle_inspector.routes.faults import Fault, Fit, Kind
from cycle_inspector.routes.patterns import (
    Chain,
    is_language_prefix,
    lead_of,
    remaining,
    text_of,
)
from cycle_inspector.routes.spelling import shared_segments, shared_start

_log = logging.getLogger("cycle_inspector")

_LONGEST_PATH = 300  # an expression with several parameters takes its time over a longer one
_MOST_COMPARED = 24
_LOOK_AT_CLOCK_EVERY = 64  # patterns


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A pattern that nearly matched; of two the nearer one has the smaller `distance`."""

    order: int  # among the patterns tried, from 0
    chain: Chain
    pattern: str
    matched: str  # of the path, without its first slash
    faults: tuple[Fault, ...]
    fits: tuple[Fit, ...]
    distance: int
    would_match: str | None  # a path


def find(
    chains: Sequence[Chain],
    path: str,
    *,
    method: str = "",
    most: int = 5,
    seconds: float = 0.03,
    clock: Callable[[], float] = time.thread_time,
) -> tuple[NearMiss, ...]:
    """Return at most `most` of `chains` that nearly match `path`, the nearest first.

    With `method` it is also told whose view would not answer it. What is found in `seconds` of this
    thread's work is returned; a pattern that cannot be compared is passed over.
    """
    if not path.startswith("/") or len(path) > _LONGEST_PATH:
        return ()
    until = clock() + seconds
    ticks = (clock() > until for _ in iter(int, 1))
    found = []
    for order, text in _likely(chains, path[1:], ticks):
        try:
            one = _look(chains[order], order, path, text, method)
        except Exception:  # of a pattern of another make, or a translation
            _log.debug("A URL pattern cannot be compared with a path.", exc_info=True)
            one = None
        if one is not None:
            found.append(one)
        if next(ticks):
            break
    # Of those equally near the one that begins most like the path comes first.
    found.sort(key=lambda one: (one.distance, -len(one.matched)))
    return tuple(found[:most]) or _deepest_include(chains, path)


def _look(chain: Chain, order: int, path: str, text: str, method: str) -> NearMiss | None:
    comparison = compare(chain[-1], text)
    if comparison is None:
        return None
    before = path[1 : len(path) - len(text)]
    full = (*chain, *comparison.inside)
    fits, faults = comparison.fits, list(comparison.faults)
    if before:
        fits = (Fit(text_of(chain[:-1]), before, fits=True), *fits)
        if not before.endswith("/"):
            faults = [_after_include(chain, one) for one in faults]
    if all(one.kind is not Kind.REST for one in faults):
        fits = tuple(part for one in fits for part in _narrow(one))
    would_match = comparison.would_match
    if method and would_match is not None:
        answered = methods.methods_of(full[-1].callback)
        if answered is not None and method not in answered:
            faults.append(Fault(Kind.METHOD, methods.in_words(answered), method))
    return NearMiss(
        order=order,
        chain=full,
        pattern=text_of(full),
        matched="".join(_until_misfit(fits)),
        faults=tuple(faults),
        fits=fits,
        distance=sum(one.weight for one in faults),
        would_match=None if would_match is None else f"/{before}{would_match}",
    )


def _after_include(chain: Chain, fault: Fault) -> Fault:
    """Return `fault`; a slash that is too many is the one that the include before lacks."""
    if fault.kind is not Kind.DOUBLE_SLASH:
        return fault
    return Fault(Kind.SLASH_AFTER_INCLUDE, str(chain[-2].pattern))


def _narrow(fit: Fit) -> Iterator[Fit]:
    """Yield the parts of a literal text that does not fit: the segments that do, and those between.

    >>> [(one.expected, one.fits) for one in _narrow(Fit("a/books/", "a/boks/", fits=False))]
    [('a/', True), ('books', False), ('/', True)]
    """
    if fit.fits or fit.parameter or not (fit.expected and fit.found):
        yield fit
        return
    head = shared_segments(fit.expected, fit.found)
    expected, found = fit.expected[len(head) :], fit.found[len(head) :]
    same = shared_start(expected[::-1], found[::-1])[::-1]
    tail = same[same.index("/") :] if "/" in same else ""
    end = -len(tail) or None
    for one in (
        Fit(head, head, fits=True),
        Fit(expected[:end], found[:end], fits=False),
        Fit(tail, tail, fits=True),
    ):
        if one.expected or one.found:
            yield one


def _until_misfit(fits: Iterable[Fit]) -> Iterator[str]:
    for one in fits:
        if not one.fits:
            return
        yield one.found


def _likely(chains: Sequence[Chain], text: str, is_over: Iterator[bool]) -> list[tuple[int, str]]:
    """Return those worth a close look, by their place, and what was left of `text` for each."""
    lefts: dict[tuple[int, ...], str | None] = {(): text}
    scored: list[tuple[int, int, str]] = []
    for order, chain in enumerate(chains):
        if order % _LOOK_AT_CLOCK_EVERY == 0 and order and next(is_over):
            break
        before = tuple(map(id, chain[:-1]))
        if before not in lefts:
            lefts[before] = _left_by(chain[:-1], text)
        left = lefts[before]
        if left is None:
            continue
        likeness = _likeness(left, chain[-1].pattern)
        if likeness:
            scored.append((len(text) - len(left) + likeness, -order, left))
    return [(-order, left) for _, order, left in heapq.nlargest(_MOST_COMPARED, scored)]


def _deepest_include(chains: Sequence[Chain], path: str) -> tuple[NearMiss, ...]:
    """Return the include that took most of the path, where nothing inside of it came near."""
    includes = {tuple(map(id, chain[:-1])): (order, chain) for order, chain in enumerate(chains)}
    lefts = [
        (len(left), order, chain[:-1], left)
        for order, chain in includes.values()
        if len(chain) > 1 and (left := _left_by(chain[:-1], path[1:])) is not None
    ]
    if not lefts:
        return ()
    _, order, taken, left = min(lefts, key=lambda one: one[:2])
    matched = path[1 : len(path) - len(left)]
    if not matched:
        return ()
    text, fault = text_of(taken), Fault(Kind.INSIDE, found=left)
    fits = (Fit(text, matched, fits=True), Fit("", left, fits=False))
    return (NearMiss(order, taken, text, matched, (fault,), fits, fault.weight, None),)


def _left_by(includes: Chain, text: str) -> str | None:
    left: str | None = text
    for one in includes:
        left = None if left is None else remaining(one.pattern, left)
    return left


def _likeness(text: str, pattern: Any) -> int:
    """Return how much the beginnings are alike: the letters they share, 0 for too few."""
    if is_language_prefix(pattern):
        return 1
    lead = lead_of(pattern).lstrip("^/").lower()
    if not lead:
        return 1
    start = text[: len(lead) + 2].lstrip("/").lower()
    if start[:1] == lead[:1]:
        shared = len(shared_start(start, lead))
        if shared > 2 or shared == len(lead):
            return shared + 1
    # A word that is misspelled: as long but for a letter or two, and mostly of the same letters.
    word, wanted = start.partition("/")[0], lead.partition("/")[0]
    is_alike = abs(len(word) - len(wanted)) <= 2 and len(set(word) ^ set(wanted)) <= 3
    return 2 if is_alike and len(wanted) > 2 else 0

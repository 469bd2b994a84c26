"""How much two texts are alike: what they share, and whether one is the other, misspelled."""

from __future__ import annotations

_SHORTEST = 3  # below it everything is like everything
_SHORT = 4  # up to this length one letter may be wrong, above it two
_LONGEST = 60


def shared_start(text: str, other: str) -> str:
    """Return what both texts begin with.

    >>> shared_start("books/7/", "books/new/")
    'books/'
    """
    pairs = enumerate(zip(text, other, strict=False))
    return text[: next((at for at, (a, b) in pairs if a != b), min(len(text), len(other)))]


def shared_segments(text: str, other: str) -> str:
    """Return the same, up to its last slash.

    >>> shared_segments("books/new/", "books/news/")
    'books/'
    """
    shared = shared_start(text, other)
    return shared[: shared.rfind("/") + 1]


def is_like(word: str, other: str) -> bool:
    """Whether a letter or two make the difference: left out, added, another one, or swapped.

    >>> is_like("boks", "books"), is_like("bokos", "books"), is_like("books", "orders")
    (True, True, False)
    """
    shortest, longest = sorted((len(word), len(other)))
    most = 1 if shortest <= _SHORT else 2
    if shortest < _SHORTEST or longest > _LONGEST or longest - shortest > most:
        return False
    # A figure is no letter: `report-2024` is not `report-2023`, misspelled.
    if [*filter(str.isdigit, word)] != [*filter(str.isdigit, other)]:
        return False
    # Each wrong letter makes a difference of two at most here, for next to nothing.
    return len(set(word) ^ set(other)) <= 2 * most and _steps(word, other) <= most


def _steps(word: str, other: str) -> int:
    """Return how many letters to change: the optimal string alignment distance."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(word, start=1):
        two_before, before, row = before, row, [at]
        for place, wanted in enumerate(other, start=1):
            steps = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != wanted))
            is_swapped = at > 1 and place > 1 and letter == other[place - 2]
            if is_swapped and word[at - 2] == wanted:
                steps = min(steps, two_before[place - 2] + 1)
            row.append(steps)
    return row[-1]

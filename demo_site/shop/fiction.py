"""Make up a bookshop: the same one for the same random source, none of it saved.

Ids are given out here, so the rows that point at each other can be inserted in bulk, and a book
keeps its URL when everything is made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from random import Random

from django.db.models import Model
from django.utils.text import slugify

from demo_site.shop.models import Author, Book, Genre, Publisher, Review

PUBLISHER_COUNT = 40
AUTHOR_COUNT = 300
BOOK_COUNT = 3000
REVIEW_COUNT = 8000
FEATURED_COUNT = 12

_FIRST_DAY = date(1985, 3, 1)
_LAST_DAY = date(2025, 9, 30)
_UNREVIEWED_COUNT = 25  # the newest books, which nobody has finished reading yet

_GENRES = (
    "Adventure", "Biography", "Classics", "Cookery", "Crime", "Essays", "Fairy tales", "Gardening",
    "History", "Humour", "Letters", "Nature", "Poetry", "Science", "Seafaring", "Travel",
)  # fmt: skip
_FIRST_NAMES = (
    "Ada", "Agnes", "Albert", "Amara", "Anton", "Beatrix", "Bruno", "Cecily", "Clara", "Dmitri",
    "Edith", "Emil", "Farah", "Felix", "Greta", "Hana", "Hugo", "Ines", "Ivo", "Jasper", "Kofi",
    "Leonie", "Ludwig", "Mabel", "Marisol", "Nils", "Noor", "Olive", "Oskar", "Petra", "Quentin",
    "Rosalind", "Ruben", "Selma", "Silas", "Tomas", "Ursula", "Viola", "Wilfred", "Yuki",
)  # fmt: skip
_LAST_NAMES = (
    "Abernathy", "Applewhite", "Birdwhistle", "Blackwood", "Bramble", "Castellan", "Crumb",
    "Dapperling", "Eastwick", "Fairweather", "Fennimore", "Goldfinch", "Hartwell", "Hollowell",
    "Inkpen", "Jellicoe", "Kettering", "Larkin", "Lindqvist", "Marchbanks", "Merriweather",
    "Nightingale", "Okonkwo", "Pemberton", "Pennyfeather", "Quill", "Ravenscroft", "Sandoval",
    "Snowdon", "Tanaka", "Thistlewood", "Underhill", "Vandermeer", "Wainwright", "Winterbourne",
    "Yarrow",
)  # fmt: skip
_CITIES = (
    "Amsterdam", "Bath", "Bergen", "Bologna", "Bristol", "Dublin", "Edinburgh", "Ghent", "Graz",
    "Kraków", "Leiden", "Lisbon", "London", "Lyon", "Porto", "Uppsala", "Vienna", "York",
)  # fmt: skip
_HOUSES = ("Books", "Press", "& Daughters", "& Sons", "Editions", "House", "Library")
_ADJECTIVES = (
    "Absent", "Borrowed", "Brass", "Clockwork", "Crooked", "Distant", "Drowsy", "Emerald",
    "Forgotten", "Foggy", "Gentle", "Hidden", "Impossible", "Last", "Lonely", "Midnight", "Paper",
    "Patient", "Quiet", "Reluctant", "Salted", "Second", "Secret", "Silver", "Slow", "Stubborn",
    "Tidal", "Unfinished", "Velvet", "Wandering",
)  # fmt: skip
_NOUNS = (
    "Almanac", "Archivist", "Astronomer", "Beekeeper", "Bicycle", "Cartographer", "Clockmaker",
    "Compass", "Dictionary", "Ferryman", "Garden", "Harbour", "Hedgehog", "Kettle", "Lantern",
    "Librarian", "Lighthouse", "Magpie", "Mapmaker", "Marmalade", "Nightwatch", "Observatory",
    "Orchard", "Otter", "Piano", "Postcard", "Railway", "Recipe", "Sandwich", "Staircase", "Teapot",
    "Telescope", "Umbrella", "Violin", "Weathervane", "Winter",
)  # fmt: skip
_PLACES = (
    "Bergen", "Candle Street", "Cold Harbour", "Elm Row", "Fog Island", "Lisbon", "Low Tide",
    "Mill Lane", "Northmoor", "Platform Nine", "Saint Olav", "the Canal", "the Edge of Town",
    "the North Sea", "the Old Mill", "the Third Floor", "Tuesday", "Willow End",
)  # fmt: skip
_TITLES = (
    "The {Adjective} {Noun}",
    "The {Noun} of {place}",
    "The {Noun} and the {Noun2}",
    "A {Noun} for {place}",
    "My {Adjective} {Noun}",
    "{Adjective} {Noun}, {Adjective2} {Noun2}",
    "Letters to a {Adjective} {Noun}",
)
_OPENINGS = (
    "Nobody speaks of {place}, or of the {noun}.",
    "It begins with a {adjective} {noun} and a letter without a sender.",
    "For thirty years the {noun} has stood still.",
    "All she wanted was a {adjective} afternoon.",
    "There is a {noun} not far from {place} that keeps its own hours.",
)
_ENDINGS = (
    "A story about patience, weather and the price of stamps.",
    "What follows is funny, and then it is not, and then it is again.",
    "By the time the kettle boils, everything has changed.",
    "With maps, two recipes and an index.",
    "Some doors are best opened slowly.",
)
_VERDICTS = {
    1: (
        "I lent it to a neighbour and hope not to see it again.",
        "It made a good doorstop.",
        "My cat sat on it, which improved it.",
    ),
    2: (
        "Promising, but then it goes on.",
        "The map at the front is the best part.",
        "There is a fine short story hidden in here.",
    ),
    3: (
        "Good company on a train.",
        "Neither here nor there, and pleasantly so.",
        "I liked the footnotes more than the chapters.",
        "A slow start, a sudden end, and soup in between.",
    ),
    4: (
        "I missed my stop because of it.",
        "Warm, odd and beautifully printed.",
        "Read it in winter, near something that glows.",
        "I did not want to like it, and then I did.",
    ),
    5: (
        "I have bought it for all my friends.",
        "I read it twice before breakfast.",
        "The last page alone is worth the price.",
        "I gave it back to the library only under protest.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """All that is in the shop, in an order in which it can be saved."""

    publishers: list[Publisher]
    authors: list[Author]
    genres: list[Genre]
    books: list[Book]
    book_genres: list[Model]  # pairs of a book and a genre
    reviews: list[Review]


def make_up(random: Random) -> Stock:
    """Return a full bookshop."""
    genres = [
        Genre(pk=pk, name=name, slug=slugify(name)) for pk, name in enumerate(_GENRES, start=1)
    ]
    publishers = list(_publishers(random))
    authors = list(_authors(random))
    books = list(_books(random, authors, publishers))
    return Stock(
        publishers=publishers,
        authors=authors,
        genres=genres,
        books=books,
        book_genres=[
            Book.genres.through(book=book, genre=genre)
            for book in books
            for genre in random.sample(genres, random.randint(1, 3))
        ],
        reviews=list(_reviews(random, books)),
    )


def _publishers(random: Random) -> Iterator[Publisher]:
    names = [f"{last} {house}" for last in _LAST_NAMES for house in _HOUSES]
    for pk, name in enumerate(random.sample(names, PUBLISHER_COUNT), start=1):
        yield Publisher(pk=pk, name=name, city=random.choice(_CITIES))


def _authors(random: Random) -> Iterator[Author]:
    names = [f"{first} {last}" for first in _FIRST_NAMES for last in _LAST_NAMES]
    for pk, name in enumerate(random.sample(names, AUTHOR_COUNT), start=1):
        yield Author(pk=pk, name=name, born=random.randint(1925, 1962))


def _books(random: Random, authors: list[Author], publishers: list[Publisher]) -> Iterator[Book]:
    featured = set(random.sample(range(1, BOOK_COUNT + 1), FEATURED_COUNT))
    days = (_LAST_DAY - _FIRST_DAY).days
    for pk, title in enumerate(islice(_titles(random), BOOK_COUNT), start=1):
        yield Book(
            pk=pk,
            title=title,
            author=random.choice(authors),
            publisher=random.choice(publishers),
            isbn=_isbn(pk),
            price=Decimal(random.randint(499, 4999)) / 100,
            pages=random.randint(64, 720),
            published_on=_FIRST_DAY + timedelta(days=random.randint(0, days)),
            is_featured=pk in featured,
            blurb=_fill(random, f"{random.choice(_OPENINGS)} {random.choice(_ENDINGS)}"),
        )


def _titles(random: Random) -> Iterator[str]:
    used = set()
    while True:
        title = _fill(random, random.choice(_TITLES))
        if title not in used:
            used.add(title)
            yield title


def _fill(random: Random, pattern: str) -> str:
    noun, noun2 = random.sample(_NOUNS, 2)
    adjective, adjective2 = random.sample(_ADJECTIVES, 2)
    return _with_articles(
        pattern.format(
            Noun=noun,
            noun=noun.lower(),
            Noun2=noun2,
            Adjective=adjective,
            adjective=adjective.lower(),
            Adjective2=adjective2,
            place=random.choice(_PLACES),
        )
    )


def _with_articles(text: str) -> str:
    words = text.split(" ")
    for at, word in enumerate(words[:-1]):
        if word in {"A", "a"} and words[at + 1][0] in "AEIOUaeiou":
            words[at] = f"{word}n"
    return " ".join(words)


def _isbn(number: int) -> str:
    digits = f"978{number * 1009:09}"
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _reviews(random: Random, books: list[Book]) -> Iterator[Review]:
    by_age = sorted(books, key=lambda book: (book.published_on, -book.pk))
    reviewed = by_age[:-_UNREVIEWED_COUNT]
    # A few books are read by many, most by few: the n-th is as popular as one over the root of n.
    popularity = [book.pk**-0.5 for book in reviewed]
    chosen = random.choices(reviewed, popularity, k=REVIEW_COUNT)
    for pk, book in enumerate(chosen, start=1):
        rating = random.choices((1, 2, 3, 4, 5), (4, 9, 25, 36, 26))[0]
        yield Review(
            pk=pk,
            book=book,
            reader=f"{random.choice(_FIRST_NAMES)} {random.choice(_LAST_NAMES)[0]}.",
            rating=rating,
            text=random.choice(_VERDICTS[rating]),
            written_on=_LAST_DAY + timedelta(days=random.randint(1, 60)),
        )

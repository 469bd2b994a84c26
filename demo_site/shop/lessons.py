"""The lessons of the bookshop, in the order in which to walk through them.

The one place that says what each page is to show; the pages, the start page and the tests read it
here. Nothing of Django is needed to import it. The numbers hold for a visitor who is not signed in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A page, what to look for in its cycle, and what that cycle has to hold."""

    name: str  # of its URL pattern, where the path matches one
    path: str
    title: str
    look_for: str
    queries: int  # BEGIN, COMMIT and the like are not counted
    findings: tuple[str, ...] = ()  # codes, in no order
    status: int = 200
    content_type: str = "text/html"

    @property
    def is_page(self) -> bool:
        """Whether the bookshop itself answers with a page, which can then name its lesson."""
        return self.status == 200 and self.content_type == "text/html"


LESSONS = (
    Lesson(
        name="book-list",
        path="/books/",
        title="A list that asks little",
        look_for=(
            "Three queries, whatever the page holds: one counts, one joins author and publisher, "
            "one fetches the genres of all rows at once. This is what the other pages could be."
        ),
        queries=3,
    ),
    Lesson(
        name="book-detail",
        path="/books/1/",
        title="A class-based page",
        look_for=(
            "The route with its converter, the method of the class that answered, and which "
            "objects of which models were loaded for it."
        ),
        queries=4,
    ),
    Lesson(
        name="one-by-one",
        path="/books/one-by-one/",
        title="N+1: row by row",
        look_for=(
            "One query for 25 books, then two more for each of them, asked by the template. The "
            "finding names the template line and the select_related() that is missing."
        ),
        queries=51,
        findings=("CI101",),
    ),
    Lesson(
        name="authors",
        path="/authors/",
        title="Prefetched, and asked again",
        look_for=(
            "The books of ten authors are fetched at once, and then asked for again one author at "
            "a time, as order_by() goes past what was prefetched. And all 3000 books are loaded "
            "for their number. The models stage says both: nobody has read the prefetch, and no "
            "row of the books was looked at."
        ),
        queries=13,
        findings=("CI101", "CI105"),
    ),
    Lesson(
        name="genres",
        path="/genres/",
        title="Two ways to ask row by row",
        look_for=(
            "For each genre the template counts its books and goes over them all. Both ask by the "
            "same many-to-many field, and each needs its own remedy: a count is annotated, the "
            "books are prefetched, and of that the finding prints the change."
        ),
        queries=13,
        findings=("CI101",),
    ),
    Lesson(
        name="navigation",
        path="/navigation/",
        title="The same question four times",
        look_for=(
            "The list of genres is fetched again at each place that shows it. The statement and "
            "its parameters are the same every time."
        ),
        queries=5,
        findings=("CI102",),
    ),
    Lesson(
        name="price-ranking",
        path="/price-ranking/",
        title="One slow statement",
        look_for=(
            "A single query takes nearly all the time: for each book it counts those that cost "
            "less. A window function would pass over the table once."
        ),
        queries=1,
        findings=("CI103",),
    ),
    Lesson(
        name="shelves",
        path="/shelves/",
        title="Many templates",
        look_for=(
            "The tree of renders: three levels of extends, one include drawn 60 times, and an "
            "inclusion tag that asks a query of its own. What each was given, the template that "
            "was looked for first and is not there, and, behind a name, the slow lines."
        ),
        queries=2,
    ),
    Lesson(
        name="order",
        path="/orders/new/",
        title="A form, and the redirect after it",
        look_for=(
            "Send it empty: the same view answers 200 with errors. Send it filled in: a "
            "transaction, inside a span that the shop has marked, a 302, and the page of thanks as "
            "a cycle of its own."
        ),
        queries=1,
    ),
    Lesson(
        name="top-rated",
        path="/top-rated/",
        title="A page that fetches",
        look_for=(
            "The page itself asks one query. Its script then fetches JSON, at once and whenever "
            "another genre is chosen; each of these requests is a cycle beside the page."
        ),
        queries=1,
    ),
    Lesson(
        name="report",
        path="/report/",
        title="A streamed page",
        look_for=(
            "The view returns at once, and the three queries and the renders of the parts come "
            "after it, while the response is being sent."
        ),
        queries=3,
    ),
    Lesson(
        name="export",
        path="/books.csv",
        title="A streamed export",
        look_for=(
            "All the books as CSV, 2000 at a time: one query read in pieces, and one for the "
            "genres of each piece. It is a download, so find its cycle in the history."
        ),
        queries=3,
        content_type="text/csv",
    ),
    Lesson(
        name="dashboard",
        path="/dashboard/",
        title="An async view",
        look_for=(
            "Five queries gathered by one async view. With a single connection they still run "
            "one after the other; the view only waits for all of them in one place."
        ),
        queries=5,
    ),
    Lesson(
        name="prices-abroad",
        path="/prices-abroad/",
        title="A slow middleware",
        look_for=(
            "The view is quick and the page is not: ExchangeRateMiddleware spends 120 ms on the "
            "way in, long before a URL is matched. What it asks for then it has marked itself, "
            "as a span."
        ),
        queries=1,
        findings=("CI401",),
    ),
    Lesson(
        name="newsletter",
        path="/newsletter/",
        title="A log, a cache and a mail",
        look_for=(
            "Two log records, three calls of the cache, one of which found nothing the first time, "
            "and a mail with an attachment, which is kept in memory. They stand beside the stages, "
            "under Events; the marks on the timeline say when they happened."
        ),
        queries=1,
        findings=("CI601",),
    ),
    Lesson(
        name="till",
        path="/till/",
        title="A signal, a warning and a caught exception",
        look_for=(
            "A signal with two receivers, one of which asks a query and one fails. `send_robust` "
            "catches that, so the page is fine; under Events it stands anyhow, beside a "
            "deprecation warning that was issued three times and never shown."
        ),
        queries=2,
        findings=("CI601", "CI603"),
    ),
    Lesson(
        name="suppliers",
        path="/suppliers/",
        title="A question to another server",
        look_for=(
            "Two suppliers are asked for their stock. One is this very site, which answers in a "
            "cycle of its own; at the other's address nobody listens. Under Events stand both "
            "requests, with method, address, status and time; the key in the address is hidden."
        ),
        queries=0,
    ),
    Lesson(
        name="covers",
        path="/covers/",
        title="Files and static files",
        look_for=(
            "A file is looked for, saved, opened and deleted again, in a storage that is kept in "
            "memory. The icon is asked for six times and stands there once, counted, with the "
            "line of the template that asked first."
        ),
        queries=0,
    ),
    Lesson(
        name="search",
        path="/search/?genre=unheard-of&up_to=cheap",
        title="Forms that fail",
        look_for=(
            "A search form that was sent two values which it does not take, and a formset of two "
            "wishes, one of them without a title. Under Events each says which fields failed and "
            "why, without what they were sent. The form asks a query to validate, and another to "
            "be drawn."
        ),
        queries=2,
    ),
    Lesson(
        name="back-room",
        path="/back-room/",
        title="Who may do what",
        look_for=(
            "The view asks for one permission and the template for another, for each of five "
            "books: that is one event, counted, with its template line. Sign in to the admin as "
            "admin, with the password admin, and look again: the superuser may do everything, and "
            "no backend is asked."
        ),
        queries=1,
    ),
    Lesson(
        name="price-list",
        path="/price-list/",
        title="A file",
        look_for=(
            "A download from the disk: no query, no template, a body that is streamed, and the "
            "headers that make the browser save it."
        ),
        queries=0,
        content_type="text/plain",
    ),
    Lesson(
        name="staff-pick",
        path="/staff-pick/",
        title="An exception",
        look_for=(
            "A division by zero two calls below the view. The exception stands first, with the "
            "line that raised it and the way that led there."
        ),
        queries=2,
        findings=("CI001",),
        status=500,
    ),
    Lesson(
        name="gift-cards",
        path="/gift-cards/",
        title="A missing template",
        look_for=(
            "The view asks for a template that does not exist. The templates stage lists every "
            "place in which it was looked for."
        ),
        queries=1,
        findings=("CI001",),
        status=500,
    ),
    Lesson(
        name="not-found",
        path="/books/abc/",
        title="A URL that nearly matches",
        look_for=(
            "The page of a book takes a whole number and got letters. The routing stage says so "
            "in a sentence, and lists each pattern that was tried, in order; no view ran."
        ),
        queries=0,
        status=404,
    ),
)

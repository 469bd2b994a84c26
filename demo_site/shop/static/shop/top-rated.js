/* Fetch the best books of a genre: once on load, then whenever the visitor asks. */

const form = document.getElementById("top-rated");
const status = document.getElementById("status");
const list = document.getElementById("books");
let running = new AbortController();

async function show() {
  running.abort();
  running = new AbortController();
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form)).toString();
  status.textContent = "Fetching…";
  try {
    const response = await fetch(url, { signal: running.signal });
    if (!response.ok) {
      throw new Error(`the server answered ${response.status}`);
    }
    const { genre, books } = await response.json();
    list.replaceChildren(...books.map(item));
    status.textContent = `The ${books.length} best books in ${genre}.`;
  } catch (error) {
    if (error.name !== "AbortError") {
      status.textContent = `That did not work: ${error.message}.`;
    }
  }
}

function item(book) {
  const link = document.createElement("a");
  link.href = book.url;
  link.textContent = book.title;
  const byline = document.createElement("span");
  byline.className = "byline";
  byline.textContent = `by ${book.author}, ${book.rating} of 5 in ${book.review_count} reviews`;
  const entry = document.createElement("li");
  entry.append(link, " ", byline);
  return entry;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
form.elements.genre.addEventListener("change", show);
show();

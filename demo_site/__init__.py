"""A small bookshop in which each page is a lesson in what goes right or wrong in a request."""

"""EXPLAIN of a recorded query, when a person asks for it: what may be sent, and what came back."""

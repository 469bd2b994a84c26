"""The interface: the pages of a cycle below `/__cycle__/` and the panel in the page.

Reads cycles from the history and shows them; knows nothing of how they were recorded.
"""

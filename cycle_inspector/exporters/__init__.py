"""Cycle -> text or mapping for elsewhere: each module has one function `export(cycle)`."""

"""From where on something is worth a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on something is worth a finding; CYCLE_INSPECTOR["THRESHOLDS"] sets them."""

    slow_query_ms: int = 100
    full_scan_rows: int = 1_000  # of a table that is read in full
    repeated_queries: int = 3  # runs of one shape from one line that make an N+1
    duplicate_queries: int = 2  # runs of the very same statement and parameters
    in_list: int = 1_000  # values in one IN (...)
    offset_rows: int = 10_000  # rows that are read and passed over
    savepoints: int = 20  # from one line
    commits: int = 20  # writes outside of a transaction, from one line
    wait_in_transaction_ms: int = 100  # for outgoing HTTP
    unread_rows: int = 100  # rows loaded for their number alone, or for a small part of them
    wide_kb: int = 1_024  # of text in columns without a length, from one place
    repeated_renders: int = 100  # of one template at one line of another
    same_renders_ms: int = 20  # of writing the same again, from one line
    missed_templates: int = 20  # names that one place has tried
    processor_queries: int = 3  # of one context processor
    slow_processor_ms: int = 100  # in all renders
    slow_template_ms: int = 300  # by itself
    slow_middleware_ms: int = 100
    cache_misses: int = 3  # of one key that is never set
    repeated_gets: int = 10  # of one key that is there, or of one key each in a loop
    slow_call_ms: int = 500  # of waiting for another server
    repeated_calls: int = 2  # of one address
    uncompressed_kb: int = 100  # of text
    uncached_kb: int = 50  # of a page that looks the same for everybody

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return thresholds from upper-case names; what is unknown or no count is left out."""
        return cls(
            **{
                one.name: given[one.name.upper()]
                for one in fields(cls)
                if cls.accepts(given.get(one.name.upper()))
            }
        )

    @staticmethod
    def accepts(value: Any) -> bool:
        """Whether `value` can be a threshold."""
        return type(value) is int and value >= 0

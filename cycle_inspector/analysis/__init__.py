"""Judge a cycle: pure functions over records, one file a rule.

A rule is a function `find(cycle, thresholds) -> Iterable[Finding]` with the description of its
codes. Nothing here is stored: a cycle is judged whenever it is read, so a change of thresholds or
of a rule holds for old cycles too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cycle_inspector.analysis import (
    blocked_loop,
    broken_transaction,
    counted_and_loaded,
    deep_offset,
    deprecated,
    duplicates,
    exception,
    failed_callback,
    failed_form,
    full_scan,
    heavy_processor,
    insecure_cookie,
    logged_error,
    long_in_list,
    mail_in_transaction,
    many_commits,
    middleware_order,
    missed_key,
    missed_templates,
    mixed_charset,
    n_plus_one,
    outgoing_in_transaction,
    redirect_chain,
    repeated_call,
    repeated_gets,
    repeated_renders,
    rows_for_their_number,
    same_renders,
    savepoints,
    session_writes,
    shared_cache,
    slow_call,
    slow_middleware,
    slow_query,
    slow_template,
    sync_middleware,
    task_in_transaction,
    uncached_page,
    uncompressed_text,
    unused_prefetch,
    weak_cookie,
    whole_table,
    wide_columns,
    write_loops,
)
from cycle_inspector.analysis._comments import is_silenced
from cycle_inspector.analysis._ignored import Ignore
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding

__all__ = ["RULES", "Code", "Ignore", "Rule", "Thresholds", "analyse", "codes_of", "judge"]

RULES: tuple[Rule, ...] = (
    exception.RULE,
    n_plus_one.RULE,
    duplicates.RULE,
    slow_query.RULE,
    full_scan.RULE,
    unused_prefetch.RULE,
    rows_for_their_number.RULE,
    counted_and_loaded.RULE,
    whole_table.RULE,
    wide_columns.RULE,
    write_loops.RULE,
    long_in_list.RULE,
    deep_offset.RULE,
    savepoints.RULE,
    broken_transaction.RULE,
    many_commits.RULE,
    outgoing_in_transaction.RULE,
    failed_callback.RULE,
    repeated_renders.RULE,
    same_renders.RULE,
    missed_templates.RULE,
    heavy_processor.RULE,
    slow_template.RULE,
    slow_middleware.RULE,
    middleware_order.RULE,
    sync_middleware.RULE,
    blocked_loop.RULE,
    insecure_cookie.RULE,
    uncompressed_text.RULE,
    shared_cache.RULE,
    uncached_page.RULE,
    weak_cookie.RULE,
    redirect_chain.RULE,
    mixed_charset.RULE,
    session_writes.RULE,
    logged_error.RULE,
    mail_in_transaction.RULE,
    task_in_transaction.RULE,
    deprecated.RULE,
    failed_form.RULE,
    missed_key.RULE,
    slow_call.RULE,
    repeated_call.RULE,
    repeated_gets.RULE,
)

_logger = logging.getLogger("cycle_inspector")


def analyse(
    cycle: Cycle,
    thresholds: Thresholds,
    rules: Iterable[Rule] = RULES,
    failed: list[str] | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of `cycle`, the worst first.

    A rule that raises costs the others nothing: it is logged, and its name added to `failed`.
    """
    found: list[Finding] = []
    for rule in rules:
        try:
            # At once: a rule that fails on its way says nothing rather than a part.
            found += list(map(_sound, rule.find(cycle, thresholds)))
        except Exception:
            _logger.exception("The rule %s failed on cycle %s.", rule.name, cycle.id)
            if failed is not None:
                failed.append(rule.name)
    return tuple(sorted(found, key=lambda one: (-one.severity.rank, -one.cost_ns)))


def judge(
    cycle: Cycle,
    thresholds: Mapping[str, Any],
    rules: Iterable[Rule] = (),
    ignore: Iterable[Ignore] = (),
) -> Cycle:
    """Return `cycle` with its findings, under thresholds as they stand in the settings.

    `rules` are those of the project, besides ours. What `ignore` or a comment in the source
    silences is only counted.
    """
    failed: list[str] = []
    ignore = tuple(ignore)
    found = analyse(cycle, Thresholds.of(thresholds), (*RULES, *rules), failed)
    heard = tuple(
        one
        for one in found
        if not any(entry.silences(one, cycle) for entry in ignore) and not is_silenced(one, cycle)
    )
    return replace(
        cycle,
        findings=heard,
        silenced_count=len(found) - len(heard),
        failed_rules=tuple(failed),
    )


def codes_of(rules: Iterable[Rule] = RULES) -> dict[str, Code]:
    """Return what each code of `rules` stands for."""
    return {code.code: code for rule in rules for code in rule.codes}


def _sound(found: Any) -> Finding:
    if not isinstance(found, Finding):
        raise TypeError(f"a rule yields Finding, not {type(found).__name__}")
    return found

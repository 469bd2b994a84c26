"""Writes finished cycles into the history, in one daemon thread per process.

A request only leaves a function here; making the cycle, judging it, compressing it and writing it
happen in the thread, everything that waits in one transaction. What waits is bounded: the oldest
goes first. While the history cannot be used, what is wrong is logged once and tried again every
few seconds; no request waits for that or fails by it.
"""

from __future__ import annotations

import atexit
import contextvars
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice

from django.db.backends.base.base import BaseDatabaseWrapper

from cycle_inspector import conf, records
from cycle_inspector.history import database, retention, rows, trouble
from cycle_inspector.history.rows import Row, Waiting
from cycle_inspector.recorder import paused
from cycle_inspector.records import Facts

QUEUE_LENGTH = 256
BATCH = 64

# How long a lone cycle waits for company, and for its request to be out of the way; and how long
# for other requests, whose thread would have to share the interpreter with the writer's.
LINGER_SECONDS = 0.02
PATIENCE_SECONDS = 0.25
RETRY_SECONDS = 5.0
PRUNE_SECONDS = 60.0
PRUNE_EVERY = 100  # cycles
EXIT_SECONDS = 2.0
_FORK_SECONDS = 1.0
_SNAPSHOTS = 32  # remembered, to be written beside the cycles that name them

_logger = logging.getLogger("cycle_inspector")

serving: set[str] = set()  # the cycles whose requests are being served in this process


class Writer:
    """The queue and its thread. There is one, `_writer`; the module's functions are its methods."""

    def __init__(self) -> None:
        self._snapshots: dict[str, Facts] = {}
        self._reset()

    def _reset(self) -> None:
        """Begin anew: at first, and in a child after a fork, whose parent writes what waits."""
        # Reentrant: a garbage collection inside may end a response, which puts its cycle.
        lock = threading.RLock()
        self._arrived = threading.Condition(lock)
        self._settled = threading.Condition(lock)
        self._writing = threading.RLock()  # held while the thread uses its connection
        self._waiting: deque[Waiting] = deque()
        self._sequence = 0
        self._hurry_to = 0  # up to this sequence somebody waits in flush()
        self._thread: threading.Thread | None = None
        self._connection: BaseDatabaseWrapper | None = None
        self._is_closed = False
        self._is_held_for_fork = False
        self._dropped = 0  # in this episode of a full queue
        self._is_drop_said = False
        self._problem: str | None = None
        self._said: set[str] = set()  # in this episode of trouble
        self._failures = 0
        self._retry_at = 0.0
        self._unpruned = 0
        self._pruned_at = float("-inf")

    def put(self, finish: Callable[[], records.Cycle]) -> None:
        """Leave a cycle to be finished and written. Takes microseconds and never raises."""
        self._put(lambda: rows.of_cycle(finish()))

    def put_settings(self, digest: str, facts: Facts) -> None:
        """Remember the snapshot `digest`: it is written beside the first cycle that names it."""
        if digest in self._snapshots:
            return
        with self._arrived:
            while len(self._snapshots) >= _SNAPSHOTS:
                del self._snapshots[next(iter(self._snapshots))]
            self._snapshots[digest] = facts

    def put_beacon(self, cycle_id: str, facts: Facts, fetched: tuple[str, ...] = ()) -> None:
        """Leave what the panel sent: timings, in the place of earlier ones, and ids of fetches."""
        self._put(lambda: rows.of_beacon(cycle_id, facts, fetched))

    def _put(self, make: Callable[[], list[Row]]) -> None:
        try:
            with self._arrived:
                if self._is_closed:
                    return
                if len(self._waiting) >= QUEUE_LENGTH:
                    self._waiting.popleft()
                    self._dropped += 1
                self._sequence += 1
                self._waiting.append(Waiting(self._sequence, make))
                if self._thread is None or not self._thread.is_alive():
                    self._start()
                elif len(self._waiting) in (1, BATCH):  # else it is awake or about to be
                    self._arrived.notify()
        except Exception:
            _logger.exception("A cycle could not be left to the history's writer.")

    def _start(self) -> None:
        # An empty context: a free-threaded Python lets threads inherit the context of a request,
        # and the writer's own queries would be recorded in it.
        self._thread = threading.Thread(
            target=contextvars.Context().run,
            args=(self._run,),
            name="cycle-inspector-writer",
            daemon=True,
        )
        with paused():  # within a request that made another one, it is not a thread of that view
            self._thread.start()

    def is_waiting(self) -> bool:
        """Tell whether something put in this process is not written yet."""
        return bool(self._waiting)

    def problem(self) -> str | None:
        """Return one sentence on what is wrong now, or None."""
        return self._problem or (trouble.of_dropped(self._dropped) if self._dropped else None)

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put before is settled; return False if that fails or takes long.

        Tries at once, even if the next try was due later.
        """
        with self._arrived:
            target, failures = self._sequence, self._failures
            if self._is_settled(target):
                return True
            self._hurry_to = target
            if self._thread is None or not self._thread.is_alive():
                self._start()
            self._arrived.notify()
            self._settled.wait_for(
                lambda: self._is_settled(target) or self._failures != failures, timeout
            )
            return self._is_settled(target)

    def stop(self, timeout: float) -> bool:
        """Write what waits, end the thread and close its connection; a later put starts anew."""
        deadline = time.monotonic() + timeout
        is_flushed = self.flush(timeout)
        with self._arrived:
            thread, self._thread = self._thread, None
            self._waiting.clear()
            self._problem, self._dropped, self._retry_at = None, 0, 0.0
            self._said.clear()
            self._pruned_at = float("-inf")
            self._arrived.notify()
            self._settled.notify_all()
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))
        return is_flushed

    def _is_settled(self, target: int) -> bool:
        return not self._waiting or self._waiting[0].sequence > target

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            try:
                with self._writing:
                    self._connection = database.connection()
                    if conf.current().history_max_count > 0:
                        made = [row for one in batch for row in one.prepare()]
                        rows.write(made, self._snapshots)
                    self._prune(len(batch))
            except Exception as error:
                self._fail(error)
            else:
                self._settle(batch)
        database.close()

    def _next_batch(self) -> list[Waiting] | None:
        """Return what to write now, waiting until there is some; None when stopping."""
        with self._arrived:
            while self._is_current():
                is_urgent = self._is_urgent()
                pause = None if not self._waiting else self._retry_at - time.monotonic()
                if self._waiting and (is_urgent or pause is None or pause <= 0):
                    if not is_urgent:
                        self._linger()
                    return list(islice(self._waiting, BATCH)) if self._is_current() else None
                self._arrived.wait(pause)
            return None

    def _linger(self) -> None:
        patient_until = time.monotonic() + PATIENCE_SECONDS
        while not self._arrived.wait_for(self._is_due, LINGER_SECONDS):
            if not serving or time.monotonic() >= patient_until:
                break

    def _is_due(self) -> bool:
        return self._is_urgent() or len(self._waiting) >= BATCH or not self._is_current()

    def _is_urgent(self) -> bool:
        return len(self._waiting) > 0 and self._waiting[0].sequence <= self._hurry_to

    def _is_current(self) -> bool:
        """Tell whether the thread that asks is still the one to write; stop() takes that away."""
        return self._thread is threading.current_thread()

    def _settle(self, batch: list[Waiting]) -> None:
        recovered, self._problem = self._problem is not None, None
        self._retry_at = 0.0
        self._said.clear()
        if recovered:
            _logger.warning("The history can be used again.")
        if self._dropped and not self._is_drop_said:
            self._is_drop_said = True
            _logger.warning(trouble.of_dropped(self._dropped))
        with self._arrived:
            while self._waiting and self._waiting[0].sequence <= batch[-1].sequence:
                self._waiting.popleft()
            if not self._waiting:
                self._dropped, self._is_drop_said = 0, False
            self._settled.notify_all()

    def _fail(self, error: Exception) -> None:
        sentence = trouble.explain(error)
        # A handle that met an error may be of a file that is gone or was replaced.
        database.close()
        self._problem = sentence
        if sentence not in self._said:
            self._said.add(sentence)
            _logger.warning(sentence)
        with self._arrived:
            self._failures += 1
            self._hurry_to = 0
            self._retry_at = time.monotonic() + RETRY_SECONDS
            self._settled.notify_all()

    def _prune(self, count: int) -> None:
        config = conf.current()
        self._unpruned += count
        is_over = self._unpruned >= min(PRUNE_EVERY, config.history_max_count // 10 + 1)
        if not is_over and time.monotonic() < self._pruned_at + PRUNE_SECONDS:
            return
        is_some_left = retention.prune(
            max_count=config.history_max_count, max_age_hours=config.history_max_age_hours
        )
        self._pruned_at = time.monotonic()
        self._unpruned = PRUNE_EVERY if is_some_left else 0

    def before_fork(self) -> None:
        """Close the connection: no child may inherit an open SQLite database, nor a socket."""
        database.close_embedded()
        self._is_held_for_fork = self._writing.acquire(timeout=_FORK_SECONDS)
        if self._is_held_for_fork and self._connection is not None:
            self._connection.inc_thread_sharing()
            self._connection.close()
            self._connection.dec_thread_sharing()

    def after_fork_in_parent(self) -> None:
        """Let the thread go on; it opens its connection again."""
        if self._is_held_for_fork:
            self._is_held_for_fork = False
            self._writing.release()

    def after_fork_in_child(self) -> None:
        """Begin anew, without the parent's thread and without what it is going to write."""
        snapshots = self._snapshots
        serving.clear()
        self._reset()
        self._snapshots = snapshots

    def close(self) -> None:
        """Write what waits, as the process ends."""
        self.stop(EXIT_SECONDS)
        self._is_closed = True
        database.close_embedded()


_writer = Writer()

put = _writer.put
put_settings = _writer.put_settings
put_beacon = _writer.put_beacon
is_waiting = _writer.is_waiting
problem = _writer.problem
flush = _writer.flush
stop = _writer.stop

if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_writer.before_fork,
        after_in_parent=_writer.after_fork_in_parent,
        after_in_child=_writer.after_fork_in_child,
    )
atexit.register(_writer.close)

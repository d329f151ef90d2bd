"""Processes that each do one job after another, under the budget's time and memory.

A process that is killed, crashes, or takes too much costs the job that it was at, and no other.
The limit of memory holds for all processes together: where they are over it the largest is ended,
and its job is done again alone when the others are through.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from gtfsgen.budget import (
    MEMORY_SHARE,
    SECONDS_AT_LEAST,
    Budget,
    budget,
    exceeded,
    holding,
    packed_size,
    seconds_for,
)
from gtfsgen.processes import end_with, resident_of

Job = TypeVar("Job")
Answer = TypeVar("Answer")

TICK_S = 0.05
READY = "ready"
"""The first that a process says; until then its job waits, for the time it has is for the job."""
TOGETHER_SHARE = 0.85
"""Of the memory that a command may take: several processes may take so much together, so that they
are ended before whoever looks after the command ends it."""
KILLED = "the process was killed; perhaps it was out of memory"
TOO_MUCH = "the memory that this takes is too much"


@dataclass(eq=False)
class _Worker(Generic[Job]):
    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    began: float = field(default_factory=time.monotonic)
    """When it was started or, with a job, when it had its job."""
    ready: bool = False
    allowed: float = SECONDS_AT_LEAST


@dataclass
class Lost(Generic[Job]):
    """A job that a process was ended at, and why."""

    job: Job
    reason: str


@dataclass
class Workers(Generic[Job, Answer]):
    """`work` is done in `number` processes; `inputs` gives the file or folder of a job, whose size
    gives it time.
    """

    work: Callable[[Job], Answer]
    number: int
    threads: int = 1
    inputs: Callable[[Job], str] = str
    _limits: Budget = field(default_factory=budget)
    _workers: list[_Worker[Job]] = field(default_factory=list)

    def answers(self, jobs: Iterable[Job]) -> Iterator[Answer | Lost[Job]]:
        """What becomes of each job, in the order in which they end."""
        waiting, again = list(jobs), []
        try:
            while waiting or any(worker.job is not None for worker in self._workers):
                self._give(waiting)
                for ended in self._ended():
                    if isinstance(ended, Lost) and ended.reason == "":
                        again.append(ended.job)
                    else:
                        yield ended
            for job in again:  # alone, with all the memory
                self._stop()
                yield from self._alone(job)
        finally:
            self._stop()

    def _alone(self, job: Job) -> Iterator[Answer | Lost[Job]]:
        self._give([job], most=1)
        while any(worker.job is not None for worker in self._workers):
            yield from self._ended()

    def _give(self, waiting: list[Job], most: int | None = None) -> None:
        while len(self._workers) < min(most or self.number, len(waiting) + len(self._busy())):
            self._workers.append(self._started())
        for worker in self._workers:
            if worker.job is None and waiting:
                worker.job = waiting.pop(0)
                if worker.ready:
                    self._send(worker)

    def _send(self, worker: _Worker[Job]) -> None:
        assert worker.job is not None
        worker.ready, worker.began = True, time.monotonic()
        worker.allowed = seconds_for(packed_size(self.inputs(worker.job)), self._limits)
        with suppress(OSError):  # that it has ended is seen when it is asked for its answer
            worker.pipe.send(worker.job)

    def _busy(self) -> list[_Worker[Job]]:
        return [worker for worker in self._workers if worker.job is not None]

    def _started(self) -> _Worker[Job]:
        ours, theirs = get_context("spawn").Pipe()
        # polars has threads of its own, which a forked process would not have: spawn.
        process = get_context("spawn").Process(
            target=_serve,
            args=(theirs, self.work, self.threads, os.getpid(), self._limits),
            daemon=True,
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _ended(self) -> list[Answer | Lost[Job]]:
        """The answers that are there, and what was lost."""
        busy = self._busy()
        ready = wait([worker.pipe for worker in busy], TICK_S)
        found: list[Answer | Lost[Job]] = []
        for worker in busy:
            if worker.pipe in ready:
                try:
                    answer = worker.pipe.recv()
                except (EOFError, OSError):
                    found += self._lost(worker, KILLED)
                    continue
                if answer == READY:
                    self._send(worker)
                else:
                    found.append(answer)
                    worker.job = None
        return found + self._beyond(self._busy())

    def _beyond(self, busy: list[_Worker[Job]]) -> list[Answer | Lost[Job]]:
        """Ends whoever is over the limits."""
        now = time.monotonic()
        found: list[Answer | Lost[Job]] = []
        for worker in busy:
            if now - worker.began > (worker.allowed if worker.ready else SECONDS_AT_LEAST):
                error = exceeded("seconds", "this takes too many seconds", worker.allowed)
                found += self._lost(worker, error.message)
        held = {worker: resident_of(worker.process.pid or 0) for worker in self._busy()}
        if not held:
            return found
        largest = max(held, key=lambda worker: held[worker])
        if held[largest] > self._limits.memory * MEMORY_SHARE * TOGETHER_SHARE:
            found += self._lost(largest, exceeded("memory", TOO_MUCH, self._limits.memory).message)
        elif sum(held.values()) > self._limits.memory * TOGETHER_SHARE and len(held) > 1:
            found += self._lost(largest, "")
        return found

    def _lost(self, worker: _Worker[Job], reason: str) -> list[Answer | Lost[Job]]:
        job = worker.job
        self._end(worker)
        self._workers.remove(worker)
        return [] if job is None else [Lost(job, reason)]

    def _end(self, worker: _Worker[Job]) -> None:
        worker.pipe.close()
        worker.process.kill()
        worker.process.join()

    def _stop(self) -> None:
        for worker in self._workers:
            self._end(worker)
        self._workers.clear()


def _serve(
    pipe: Connection, work: Callable[[Any], Any], threads: int, parent: int, limits: Budget
) -> None:
    """In a process of its own: answer one job after another."""
    # Before polars is imported; afterwards it no longer asks.
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever gives the jobs ends this process
    end_with(parent)
    pipe.send(READY)
    with holding(limits):
        while True:
            try:
                job = pipe.recv()
            except (EOFError, OSError):
                sys.exit()
            pipe.send(work(job))

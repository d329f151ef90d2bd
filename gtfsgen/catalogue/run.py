"""Validating many feeds at once: on this machine's cores, or on a Dask cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gtfsgen.catalogue.entries import Entry
from gtfsgen.catalogue.outcomes import Outcome, outcome_of
from gtfsgen.catalogue.workers import KILLED, Lost, Workers

MOST_WORKERS = 256


@dataclass(frozen=True)
class Settings:
    """How each feed is validated, and where its reports go (None: nowhere)."""

    rules: str = "gtfsgen"
    date: str | None = None
    country: str | None = None
    policy: str | None = None
    output: str | None = None
    formats: tuple[str, ...] = ("json",)
    threads: int = 1
    """Threads of one process; the processes share the cores."""


def validate_all(
    entries: Sequence[Entry],
    settings: Settings,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Iterator[Outcome]:
    """Validate feeds and give the outcome of each as soon as it is known, in any order.

    `workers` is the number of processes (the cores by default); `scheduler` the address of a Dask
    scheduler, whose workers then do the work and must see the same paths. A feed that cannot be had
    or breaks our code gives an outcome that says so, and the others go on. Raises ImportError for
    a scheduler without dask.distributed, OSError for one that does not answer.
    """
    if scheduler is not None:
        yield from _on_dask(entries, settings, scheduler)
        return
    at_once = min(workers or os.cpu_count() or 1, MOST_WORKERS, len(entries))
    pool: Workers[Entry, Outcome] = Workers(
        partial(validate_one, settings=settings),
        at_once,
        settings.threads,
        inputs=lambda entry: entry.feed,
    )
    for ended in pool.answers(entries):
        if isinstance(ended, Lost):
            _sweep(ended.job, settings)
            status = "failed" if ended.reason == KILLED else "unreadable"
            yield Outcome(ended.job.name, ended.job.feed, status, ended.reason)
        else:
            yield ended


def _sweep(entry: Entry, settings: Settings) -> None:
    """Remove what a process that was ended has left."""
    from tempfile import gettempdir

    from gtfsgen.writing import sweep

    if settings.output:
        sweep(Path(settings.output) / entry.name)
        sweep(Path(settings.output))
    sweep(Path(gettempdir()))


def _on_dask(entries: Sequence[Entry], settings: Settings, address: str) -> Iterator[Outcome]:
    from distributed import Client, as_completed

    with Client(address, timeout="20s") as client:  # type: ignore[no-untyped-call]
        futures = {
            client.submit(validate_one, entry, settings, pure=False, retries=0): entry
            for entry in entries
        }
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            error = future.exception()
            entry = futures[future]
            if error is None:
                yield future.result()
            else:  # the worker died of it; what Python can catch, validate_one has caught
                yield Outcome(entry.name, entry.feed, "failed", f"{type(error).__name__}: {error}")


def validate_one(entry: Entry, settings: Settings) -> Outcome:
    """Validate one feed and write its reports; whatever happens, there is an outcome."""
    from gtfsgen import reports
    from gtfsgen.validation import report_on

    started = time.perf_counter()

    def failed(status: str, error: Exception) -> Outcome:
        message = str(error) or type(error).__name__
        return Outcome(entry.name, entry.feed, status, message, time.perf_counter() - started)

    try:
        report = report_on(
            entry.feed,
            settings.rules,
            settings.date,
            entry.country or settings.country,
            settings.policy,
        )
    except OSError as error:
        return failed("unreadable", error)
    except Exception as error:  # one feed must not end the run of thousands
        return failed("failed", error)
    try:
        if settings.output:
            folder = Path(settings.output) / entry.name
            reports.write_all(report, settings.formats, folder, entry.feed)
    except Exception as error:
        return failed("failed", error)
    return outcome_of(report, entry.name, entry.feed, time.perf_counter() - started)

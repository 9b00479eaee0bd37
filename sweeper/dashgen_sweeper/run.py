"""A sweep as the command and the DAG run it: checked options, the sweep, and its own metrics."""

from __future__ import annotations

import http.client
import re
import time
import warnings
from typing import TYPE_CHECKING, Any

from dashgen.pushgateway.connection import Connection
from dashgen_plugin import environment
from dashgen_sweeper import metrics, series
from dashgen_sweeper.plan import Selection
from dashgen_sweeper.sweep import Options, Progress, Result, sweep

if TYPE_CHECKING:
    from collections.abc import Iterable


def selection(
    max_age: float, jobs: Iterable[str] = (), match: Iterable[str] = (), fleet_max_age: float | None = None
) -> Selection:
    """Make a selection of what users write: regular expressions of jobs, and ``LABEL=REGEX``.

    Raises:
        ValueError: one of them can't be used; the message says which.

    """
    if max_age <= 0 or (fleet_max_age is not None and fleet_max_age <= 0):
        raise ValueError("the greatest age must be above 0")
    pairs = []
    for written in match:
        label, equals, pattern = written.partition("=")
        if not equals or not label:
            raise ValueError(f"{written!r} is not LABEL=REGEX")
        if not series.LABEL_NAME.fullmatch(label):
            # No group has it, so a pattern that takes what is empty would choose every group.
            raise ValueError(f"{written!r}: {label!r} can't be the name of a label")
        pairs.append((label, _pattern(pattern)))
    return Selection(max_age, tuple(map(_pattern, jobs)), tuple(pairs), fleet_max_age)


def target() -> tuple[str, str, str]:
    """Return the plugin's settings that a sweep shares: the gateway's URL, its CA file, the instance."""
    settings = environment.read()
    return settings.target.url, settings.target.ca_file, settings.instance


def run(options: Options, instance: str, result: Result, progress: Progress | None = None) -> None:
    """Sweep, then push the sweeper's own metrics, also after a failure; not after a dry run.

    Raises:
        RefusedError, ListingError, OSError, http.client.HTTPException: as :func:`sweep`.

    """
    try:
        sweep(options, result, progress)
    finally:
        if not options.dry_run:
            _tell(options, instance, result)


def summary(result: Result, *, dry_run: bool) -> dict[str, Any]:
    """Return a result as JSON has it; groups are objects of their labels.

    Of a sweep that did not come to its end it is not known what was deleted and kept: those are None.
    """
    known = result.counts if result.finished else {**dict.fromkeys(result.counts), "seen": result.seen}
    return {
        "dry_run": dry_run,
        **known,
        "running": result.running,
        "postponed": result.postponed,
        "oldest_group_age_seconds": round(result.oldest_age, 3),
        "duration_seconds": round(result.duration, 3),
        "accepted": result.accepted,
        "interrupted": result.interrupted,
        "inconsistent": result.inconsistent,
        "failures": [{"group": series.parse(labels), "reason": why} for labels, why in result.failed.items()],
        "poison": [series.parse(labels) for labels in result.poison],
        "healed": [series.parse(labels) for labels in result.healed],
        "untold": result.untold,
        **({"groups": [series.parse(labels) for labels in result.deleted]} if dry_run else {}),
    }


def _pattern(written: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            # What another Python may one day read otherwise, this one does not.
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(written, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{written!r} is no regular expression: {error}") from None


def _tell(options: Options, instance: str, result: Result) -> None:
    connection = Connection(options.address, options.ca_file, options.client_cert)
    try:
        metrics.push(connection, instance, result, ended=time.time(), timeout=options.timeout)
    except (metrics.PushError, OSError, http.client.HTTPException, UnicodeEncodeError) as error:
        result.untold = str(error) or type(error).__name__
    except KeyboardInterrupt:
        # The sweep itself is over, and what it did is still to be said.
        result.untold = "interrupted"
    finally:
        connection.close()

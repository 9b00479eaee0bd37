"""What several rules are put together from: labels, numbers, and the example of the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE, LISTENER_JOBS, PUSHGATEWAY_SWEEPER, TASK_ID
from dashgen.catalog.terms import JOB_LABEL

if TYPE_CHECKING:
    from dashgen.catalog.model import Job
    from dashgen.catalog.terms import Label, Matcher
    from dashgen.settings import Settings

CRITICAL = "critical"
WARNING = "warning"
INFO = "info"
# Not for people; the name is that of the watchdogs of other collections of alerts.
NONE = "none"

# What was pushed is missing when the gateway misses a scrape or restarts: for so long that says nothing.
GAP = "5m"

# A recording rule depends on this alert's hold.
RETRYING = "AirflowTaskRetryingTooLong"
RETRYING_HOLD = "2h"

PER_DAG = (INSTANCE, DAG_ID)
PER_TASK = (INSTANCE, DAG_ID, TASK_ID)

# How annotations name a task.
NAMED_TASK = f"{TASK_ID.annotation} of DAG {DAG_ID.annotation}"
WHERE = f"on {INSTANCE.annotation}"

# What the reader of a runbook replaces.
ONE_DAG = DAG_ID.is_("DAG")
ONE_TASK = (ONE_DAG, TASK_ID.is_("TASK"))

# The DAG, task and deployment of the cases, and a deployment that is not concerned.
DAG = DAG_ID.is_("sales")
TASK = TASK_ID.is_("load")
STAGE = INSTANCE.is_("stage")
PROD = (INSTANCE.is_("prod"),)
SALES = (DAG, *PROD)
LOAD = (DAG, TASK, *PROD)
GATEWAY_TARGET = (INSTANCE.is_("gateway:9091"),)


def through_gap(selector: str) -> str:
    """Write the last values of a selector's series, those in a gap included."""
    return f"last_over_time({selector}[{GAP}])"


def by(*labels: Label) -> str:
    """Write ``by (a, b)``."""
    return f"by ({', '.join(map(str, labels))})"


def on(*labels: Label) -> str:
    """Write ``on (a, b)``."""
    return f"on ({', '.join(map(str, labels))})"


def number(value: float) -> str:
    """Write a number as short as it can be read back: ``21600``, ``2.5``."""
    return f"{value:.15g}"


def labels_of(job: Job | None, *matchers: Matcher) -> dict[str, str]:
    """Return the labels of a series of ``job`` that exact matchers select."""
    found = {matcher.label: matcher.value for matcher in matchers}
    return {JOB_LABEL: job.name, **found} if job else found


def retrying_hold(settings: Settings) -> str:
    """Return the hold of the alert on retries: the settings', or the definition's."""
    chosen = settings.alerts.get(RETRYING)
    return RETRYING_HOLD if chosen is None or chosen.hold is None else chosen.hold


def pushed_jobs(settings: Settings) -> tuple[Job, ...]:
    """Return the jobs under which the generations that are on push, and their sweeper."""
    listeners = tuple(job for job in LISTENER_JOBS if job.generation in settings.generations)
    return (*listeners, PUSHGATEWAY_SWEEPER) if settings.per_run else listeners


def delete(job: Job) -> str:
    """Write the command that deletes one group of ``job`` from the Pushgateway."""
    return f"`curl -X DELETE GATEWAY{group_path(job)}`"


def gone(what: str, job: Job) -> str:
    """Tell what to do about the last state of what exists no more."""
    return f"\n\nThe {what} was removed or renamed: its last state stays until you delete its group, {delete(job)}."


def group_path(job: Job) -> str:
    """Return the Pushgateway's path of one group of ``job``, with values to fill in."""
    return f"/metrics/job/{job.name}" + "".join(
        f"/{label}/{label.name.upper()}" for label in job.grouping if not label.optional
    )

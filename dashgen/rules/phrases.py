"""What several rules are put together from: labels, numbers, and the example of the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE, TASK_ID
from dashgen.catalog.terms import JOB_LABEL

if TYPE_CHECKING:
    from dashgen.catalog.model import Job
    from dashgen.catalog.terms import Label, Matcher

CRITICAL = "critical"
WARNING = "warning"
INFO = "info"

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


def group_path(job: Job) -> str:
    """Return the Pushgateway's path of one group of ``job``, with values to fill in."""
    return f"/metrics/job/{job.name}" + "".join(
        f"/{label}/{label.name.upper()}" for label in job.grouping if not label.optional
    )

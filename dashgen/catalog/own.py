"""Which metrics a task may set itself: the Gauges that a user's catalog adds to a task's group."""

from __future__ import annotations

from dashgen.catalog.labels import TASK_JOBS
from dashgen.catalog.terms import MetricType, Source

TYPE_CHECKING = False  # typing's own costs the catalog's import 3 ms
if TYPE_CHECKING:
    from dashgen.catalog.model import Metric


def why_not_reported(metric: Metric) -> str:
    """Say why ``report`` can't set a metric, to be read after its name; empty when it can."""
    if metric.source is not Source.CUSTOM:
        return f"comes from {metric.source.value}, not from your own code"
    if metric.type is not MetricType.GAUGE:
        return f"is a {metric.type.value}: a task reports Gauges"
    if not set(metric.jobs).intersection(TASK_JOBS):
        return f"is in no job of tasks: one of {' and '.join(job.name for job in TASK_JOBS)} must be among its jobs"
    if metric.labels:
        own = ", ".join(label.name for label in metric.labels)
        return f"has labels of its own ({own}): a task reports into its own group, which has none"
    return ""

"""A selector that does not name the job of its metric, or names one that does not emit it.

The job tells the generations of a metric apart. Without it a query adds up series of several
generations, and counts everything twice on the day on which a second one is switched on.

Bad::

    sum(queue_length)

Good::

    sum(queue_length{job="workers"})
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.terms import JOB_LABEL, Matcher
from dashgen.checks.context import alternatives, did_you_mean, is_variable
from dashgen.checks.document import Finding, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context
    from dashgen.promql import Selector

NAME = "selector-job"


def check(context: Context) -> Iterator[Finding]:
    """Look for the job in every selector of a metric that has one."""
    for element, selector in context.selectors():
        metrics = [metric for metric in context.metrics(selector) if metric.jobs]
        if not metrics:
            continue
        jobs = tuple(dict.fromkeys(job.name for metric in metrics for job in metric.jobs))
        names = " or ".join(metric.name for metric in metrics)
        matchers = _job_matchers(selector)
        if not any(map(_names_jobs, matchers)):
            message = f"{names} is selected without its job"
            if written := ",".join(str(each) for each in selector.matchers if each.label == JOB_LABEL and each.value):
                message = f"{names} is selected by {shown(written)}, which does not name its job exactly"
                message += " and can match several generations" if len(jobs) > 1 else ""
            yield Finding(element, message, _hint(jobs))
        for matcher in matchers:
            for job in () if is_variable(matcher.value) else alternatives(matcher):
                if job not in jobs:
                    message = f"{names} is not emitted by job {shown(job)}"
                    yield Finding(element, message, did_you_mean(job, jobs) or _hint(jobs))


def _job_matchers(selector: Selector) -> list[Matcher]:
    return [
        matcher
        for matcher in selector.matchers
        if matcher.label == JOB_LABEL and matcher.op in {"=", "=~"} and matcher.value
    ]


def _names_jobs(matcher: Matcher) -> bool:
    return is_variable(matcher.value) or bool(alternatives(matcher))


def _hint(jobs: tuple[str, ...]) -> str:
    return f"Name it: {' or '.join(str(Matcher(JOB_LABEL, '=', job)) for job in jobs)}."

"""Operators that resume an outside job after a crash, over StatsD: what a retry found."""

from __future__ import annotations

from dashgen.catalog.labels import STATSD_EXPORTER
from dashgen.catalog.model import Counter
from dashgen.catalog.statsd.labels import OPERATOR, TEAM_NAME
from dashgen.catalog.statsd.sent import V3, Line, StatsdType
from dashgen.catalog.terms import Source

_FROM = {
    "source": Source.STATSD,
    "owner": "data-platform",
    "jobs": (STATSD_EXPORTER,),
    "tags": (OPERATOR, TEAM_NAME),
    "unused_because": "Only operators that can resume send it, and few deployments have one.",
}

RESUMABLE_JOB_FRESH_SUBMIT = Counter(
    "airflow_resumable_job_fresh_submit_total",
    help="Outside jobs that a resumable operator submitted because it knew of none",
    read="The usual case: the first try.",
    statsd=(Line("resumable_job.fresh_submit", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
RESUMABLE_JOB_ALREADY_SUCCEEDED = Counter(
    "airflow_resumable_job_already_succeeded_total",
    help="Tries of a resumable operator that found its outside job done",
    read="Work that a crash of the worker would have made twice.",
    statsd=(Line("resumable_job.already_succeeded", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
RESUMABLE_JOB_TERMINAL_RESUBMIT = Counter(
    "airflow_resumable_job_terminal_resubmit_total",
    help="Outside jobs that a resumable operator submitted again because the first had failed",
    read="Failures of the outside system.",
    statsd=(Line("resumable_job.terminal_resubmit", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
RESUMABLE_JOB_RECONNECT_ATTEMPT = Counter(
    "airflow_resumable_job_reconnect_attempt_total",
    help="Retries of a resumable operator that looked for the job of the try before",
    read="Each is a worker or a process that went away.",
    statsd=(Line("resumable_job.reconnect_attempt", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
RESUMABLE_JOB_RECONNECT_SUCCESS = Counter(
    "airflow_resumable_job_reconnect_success_total",
    help="Retries of a resumable operator that found the job of the try before still running",
    read="Held against the attempts: what resuming saves.",
    statsd=(Line("resumable_job.reconnect_success", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)

METRICS = (
    RESUMABLE_JOB_FRESH_SUBMIT,
    RESUMABLE_JOB_ALREADY_SUCCEEDED,
    RESUMABLE_JOB_TERMINAL_RESUBMIT,
    RESUMABLE_JOB_RECONNECT_ATTEMPT,
    RESUMABLE_JOB_RECONNECT_SUCCESS,
)

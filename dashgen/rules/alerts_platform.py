"""Alerts on the processes of Airflow: those whose heartbeats stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE, STATSD_EXPORTER
from dashgen.catalog.pipeline import UP
from dashgen.catalog.statsd.capacity import POOL_DEFERRED_SLOTS, TRIGGERER_HEARTBEAT
from dashgen.catalog.statsd.dag_processing import DAG_PROCESSOR_HEARTBEAT
from dashgen.catalog.statsd.scheduler import SCHEDULER_HEARTBEAT
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import CRITICAL, GAP, WARNING, by, labels_of, on, through_gap
from dashgen.rules.phrases_statsd import EXPORTER_TARGET, EXPORTER_UP, heartbeats

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric

SCHEDULER_STOPPED = "AirflowSchedulerHeartbeatStopped"
TRIGGERER_STOPPED = "AirflowTriggererStopped"
DAG_PROCESSOR_STOPPED = "AirflowDagProcessorStopped"

# For so long it is known that an exporter had heartbeats which it has forgotten since.
_REMEMBERED = "1d"
_HERE = labels_of(None, *EXPORTER_TARGET)
_DEFERRED = POOL_DEFERRED_SLOTS.select(*EXPORTER_TARGET)
_STILL = TRIGGERER_HEARTBEAT.select(*EXPORTER_TARGET)


@dataclass(frozen=True)
class _Process:
    """A kind of process of Airflow, what its heartbeat is called, and what stands still without it.

    Where ``work`` is given, an expression per exporter, none of the processes is missed while it is 0.
    """

    name: str
    heartbeat: Metric
    job_type: str
    command: str
    impact: str
    work: str = ""
    unmissed: str = ""
    cases: tuple[Case, ...] = ()


_SCHEDULER = _Process(
    "scheduler",
    SCHEDULER_HEARTBEAT,
    "SchedulerJob",
    "airflow scheduler",
    "No DAG run starts and no further task is queued. What runs goes on, and its follow-ups wait.",
)
_TRIGGERER = _Process(
    "triggerer",
    TRIGGERER_HEARTBEAT,
    "TriggererJob",
    "airflow triggerer",
    "Deferred tasks wait for ever: nothing looks whether what they wait for has come.",
    work=f"sum {by(INSTANCE)} (min_over_time({POOL_DEFERRED_SLOTS.select()}[{GAP}]))",
    unmissed=(
        " While no task is deferred it is silent, for an autoscaler may run no triggerer then. Where the schedulers "
        "send to another exporter, this one does not know of deferred tasks, and it fires all the same."
    ),
    cases=(
        # No sample lies on the border of a window of five minutes, which is out of it since Prometheus 3.
        Case(
            "deferred tasks that wait fire",
            {_STILL: "7x4", _DEFERRED: "0 1x3"},
            at="6m",
            fires=(Firing(_HERE, 0),),
            interval="2m",
        ),
        Case("an autoscaler that runs none while nothing is deferred is silent", {_STILL: "7x1", _DEFERRED: "0x1"}),
        Case(
            "one that a restarted exporter has forgotten is silent while nothing is deferred",
            {_STILL: "0+20x3 stale", EXPORTER_UP: "1x6", _DEFERRED: "0x6"},
            at="12m",
            interval="2m",
        ),
        Case("tasks deferred a moment ago are silent", {_STILL: "7x1", _DEFERRED: "0 1"}),
    ),
)
_DAG_PROCESSOR = _Process(
    "DAG processor",
    DAG_PROCESSOR_HEARTBEAT,
    "DagProcessorJob",
    "airflow dag-processor",
    "No change of a DAG file arrives, new DAGs do not appear, and import errors stay as they were. What is known runs "
    "on. In Airflow 2.11 the scheduler parses, and nothing sends this heartbeat.",
)


def heartbeat_alerts() -> tuple[Alert, ...]:
    """Define the alerts on the processes of Airflow."""
    return (
        _stopped(SCHEDULER_STOPPED, "scheduler-heartbeat-stopped", CRITICAL, _SCHEDULER),
        _stopped(TRIGGERER_STOPPED, "triggerer-stopped", CRITICAL, _TRIGGERER),
        _stopped(DAG_PROCESSOR_STOPPED, "dag-processor-stopped", WARNING, _DAG_PROCESSOR),
    )


def _stopped(alert: str, slug: str, severity: str, process: _Process) -> Alert:
    beats = process.heartbeat
    # An exporter that was restarted meanwhile has no such series; nor has one that does not answer.
    gone = (
        f"count {by(INSTANCE)} (last_over_time({beats.select()}[{_REMEMBERED}]))\n"
        f"unless {on(INSTANCE)} {through_gap(beats.select())}\n"
        f"and {on(INSTANCE)} max_over_time({UP.select(jobs=(STATSD_EXPORTER,))}[5m]) == 1"
    )
    stopped = f"{heartbeats(beats)} == 0\nor\n{gone}"
    return Alert(
        alert,
        expr=f"(\n{stopped}\n)\nunless {on(INSTANCE)} {process.work} == 0" if process.work else stopped,
        hold="2m",
        severity=severity,
        owner=beats.owner,
        summary=f"No {process.name} of Airflow sends heartbeats to {INSTANCE.annotation}",
        description=(
            f"For at least five minutes no {process.name} has sent a heartbeat to statsd_exporter "
            f"{INSTANCE.annotation}, which had them before."
        ),
        panel="platform/scheduler-heartbeat",
        about=(INSTANCE,),
        runbook=_runbook(slug, process),
        cases=(*_cases(beats), *process.cases),
    )


def _runbook(slug: str, process: _Process) -> Runbook:
    return Runbook(
        slug,
        f"No {process.name} sends heartbeats",
        meaning=(
            f"`{process.heartbeat}` of this exporter stands still, or the exporter was restarted and has heard none "
            f"since, though it had some in the last day. All {process.name}s that send to one exporter count together: "
            f"it fires when the last of them stops.{process.unmissed}"
        ),
        impact=process.impact,
        diagnosis=(
            f"1. Does one run? `airflow jobs check --job-type {process.job_type}` asks Airflow's database.\n"
            f"2. None: read the last log of `{process.command}`, and look for an out-of-memory kill or a node that is "
            "gone.\n"
            "3. One runs and hangs: the database or a lock in it. Look at the time of the loop and of the critical "
            "section on the platform dashboard.\n"
            "4. One runs and is well: its lines do not arrive. Do those of the others?\n\n"
            f"   `{heartbeats(process.heartbeat)}`\n"
            "   Check `statsd_host`, `statsd_port` and `statsd_prefix` in its environment: they are read at its start."
        ),
        mitigation=(
            f"Start `{process.command}` anew, and see that something restarts it. If it is gone on purpose, restart "
            "the exporter, which forgets it, and silence the alert for a day."
        ),
    )


def _cases(beats: Metric) -> tuple[Case, ...]:
    series = beats.select(*EXPORTER_TARGET)
    fires = (Firing(_HERE, 0),)
    return (
        Case("a counter that stands still fires", {series: "7x1"}, fires=fires),
        Case(
            "a counter that stops fires when the window has passed",
            {series: "0+20x5 100x1"},
            at="14m",
            interval="2m",
            fires=fires,
        ),
        Case(
            "a counter that a restarted exporter has forgotten fires",
            {series: "0+20x3 stale", EXPORTER_UP: "1x6"},
            at="12m",
            interval="2m",
            fires=fires,
        ),
        Case(
            "an exporter that is down is silent",
            {series: "0+20x3 stale", EXPORTER_UP: "1x3 0"},
            at="12m",
            interval="2m",
        ),
        Case("an exporter that never had any is silent", {EXPORTER_UP: "1x1"}),
        Case("one of several that lives is enough", {series: "0+20x7"}, at="14m", interval="2m"),
        Case("a restarted exporter that hears them again is silent", {series: "100+20x3 3+20x1", EXPORTER_UP: "1x5"}),
    )

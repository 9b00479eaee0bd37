"""Alerts on task instances, as Airflow counts them over StatsD: operators that fail, tasks that are killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE
from dashgen.catalog.recorded_statsd import OPERATOR_FAILURES_TOTAL, OPERATOR_SUCCESSES_TOTAL
from dashgen.catalog.statsd.labels import OPERATOR_NAME
from dashgen.catalog.statsd.scheduler import (
    SCHEDULER_ORPHANED_TASKS_CLEARED,
    SCHEDULER_TASKS_KILLED_EXTERNALLY,
    TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED,
)
from dashgen.catalog.statsd.tasks import OPERATOR_FAILURES, OPERATOR_SUCCESSES
from dashgen.catalog.statsd.thresholds import OPERATOR_FAILURE_SHARE, OPERATOR_FAILURES_LEAST, TASKS_KILLED
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import WARNING, labels_of, number, on
from dashgen.rules.phrases_statsd import EXPORTER_TARGET, EXPORTER_UP, HELD
from dashgen.statsd_queries import events, total

if TYPE_CHECKING:
    from dashgen.settings import Settings

_OPERATOR = (INSTANCE, OPERATOR_NAME)
# A recorded number is that of five minutes, and there is one for each minute.
_RECORDED_MINUTES = 5

_BASH = (*EXPORTER_TARGET, OPERATOR_NAME.is_("BashOperator"))


def instance_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on operators and killed tasks."""
    return (
        _operator_failures(settings.limit(OPERATOR_FAILURE_SHARE), settings.limit(OPERATOR_FAILURES_LEAST)),
        _tasks_killed(settings.limit(TASKS_KILLED)),
    )


def _in_an_hour(recorded: str) -> str:
    return total(f"sum_over_time({recorded}[1h])", *_OPERATOR)


def _operator_failures(share: float, least: float) -> Alert:
    failed, succeeded = (_in_an_hour(metric.select()) for metric in (OPERATOR_FAILURES_TOTAL, OPERATOR_SUCCESSES_TOTAL))
    percent = number(100 * share)
    failures, successes = (metric.select(*_BASH) for metric in (OPERATOR_FAILURES, OPERATOR_SUCCESSES))
    many = round(least) + 1
    # A share of so many per mille that succeed.
    bad, good = round(1000 * share), 1000 - round(1000 * share)
    return Alert(
        "AirflowOperatorFailureRate",
        expr=(
            f"100 * {failed}\n"
            f"/ ({failed} + {on(*_OPERATOR)} {succeeded} or {failed}) > {percent}\n"
            f"and {failed} / {_RECORDED_MINUTES} >= {number(least)}"
        ),
        hold=HELD,
        severity=WARNING,
        owner=OPERATOR_FAILURES.owner,
        summary=f"Operator {OPERATOR_NAME.annotation} fails too often",
        description=(
            f"Of the tries of operator {OPERATOR_NAME.annotation} that {INSTANCE.annotation} heard of in the last "
            "hour, {{ $value | humanize }} % failed."
        ),
        panel="platform/operator-failures",
        about=_OPERATOR,
        runbook=Runbook(
            "operator-failure-rate",
            "An operator fails too often",
            meaning=(
                f"More than {percent} % of the tries of all tasks of one operator's class failed in the last hour, and "
                f"at least {number(least)} of them. Tries that will be repeated count."
            ),
            impact="What these tasks talk to is likely down: all DAGs with that operator fail or are late.",
            diagnosis=(
                "1. Does it fail in all DAGs or in one? With tags on, the counter names them:\n\n"
                f"   `sum by ({DAG_ID}) (increase({OPERATOR_FAILURES.select()}[1h]))`\n"
                "   Without tags, look at the outcomes by DAG on the dashboard of DAGs.\n"
                "2. In all: read one log. A connection, a token or a quota that all of them share.\n"
                "3. In one: the runbook of a failed task."
            ),
            mitigation=(
                "Mend what they share; then clear the failed tasks. While it is down, pausing the DAGs saves their "
                f"retries. The thresholds are `{OPERATOR_FAILURE_SHARE.name}` and `{OPERATOR_FAILURES_LEAST.name}`."
            ),
        ),
        cases=(
            Case(
                "an operator that only fails fires",
                {failures: f"0+{5 * many}x1"},
                fires=(Firing(labels_of(None, *_BASH), 100),),
            ),
            Case(
                "an operator of whose tries a greater share than the limit fails fires",
                {failures: f"0+{3 * 1000 * many}x1", successes: f"0+{round(1000 * many * (1 - share))}x1"},
                fires=(Firing(labels_of(None, *_BASH), 100 * 3 / (4 - share)),),
            ),
            Case(
                "an operator of whose tries the limit fails is silent",
                {failures: f"0+{bad * many}x6", successes: f"0+{good * many}x6"},
                at="5m",
            ),
            Case("few failures are silent", {failures: f"0 {number(max(0, (least - 1)))}"}),
            Case("failures of long ago are silent", {failures: f"{many}x71"}, at="71m"),
        ),
    )


def _tasks_killed(limit: float) -> Alert:
    counters = (
        SCHEDULER_TASKS_KILLED_EXTERNALLY,
        TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED,
        SCHEDULER_ORPHANED_TASKS_CLEARED,
    )
    killed, lost, orphaned = counters
    more = round(limit) + 1
    here = labels_of(None, *EXPORTER_TARGET)
    return Alert(
        "AirflowTasksKilled",
        expr="\nor\n".join(
            f"{total(events(counter.select(), '1h'), INSTANCE)} > {number(limit)}" for counter in counters
        ),
        hold=HELD,
        severity=WARNING,
        owner=killed.owner,
        summary=f"Airflow that sends to {INSTANCE.annotation} loses tasks",
        description=(
            f"Of Airflow that sends to statsd_exporter {INSTANCE.annotation}, {{{{ $value | humanize }}}} task "
            "instances were killed from outside, given up without heartbeats or left by a dead scheduler in the last "
            "hour."
        ),
        panel="platform/tasks-killed",
        about=(INSTANCE,),
        runbook=Runbook(
            "tasks-killed",
            "Tasks are killed or orphaned",
            meaning=(
                f"More than {number(limit)} task instances ended in one of three ways in the last hour: their process "
                "was gone, their heartbeats stopped, or the scheduler that had queued them died and another one reset "
                "them. Several schedulers that send to one exporter count together."
            ),
            impact="Their work is lost, and is done anew where the tasks have retries; the others fail.",
            diagnosis=(
                "1. Which of the three?\n\n"
                + "".join(f"   `increase({counter.select()}[1h])`\n\n" for counter in counters)
                + f"2. `{killed}`: something ended the processes. Look for out-of-memory kills and for evictions and "
                "preempted nodes in Kubernetes.\n"
                f"3. `{lost}`: the worker died, or it could not reach Airflow's database or API for so long.\n"
                f"4. `{orphaned}`: why did a scheduler die? A deployment that was rolled out is harmless."
            ),
            mitigation=(
                "Give the tasks the memory that they use, and retries. Take nodes that can be preempted away from "
                f"tasks that run for hours. The threshold is `{TASKS_KILLED.name}`."
            ),
        ),
        cases=(
            *(
                Case(
                    f"one above the limit fires ({counter.statsd[0].name})",
                    {counter.select(*EXPORTER_TARGET): f"0 {more}"},
                    fires=(Firing(here, more),),
                )
                for counter in counters
            ),
            Case(
                "a counter that is new fires",
                {killed.select(*EXPORTER_TARGET): f"_x61 {more}", EXPORTER_UP: "1x61"},
                at="61m",
                fires=(Firing(here, more),),
            ),
            Case("as many as the limit are silent", {killed.select(*EXPORTER_TARGET): f"0 {number(limit)}"}),
            Case("those of long ago are silent", {killed.select(*EXPORTER_TARGET): f"{more}x61"}, at="61m"),
            Case(
                "a counter that a restart of the exporter reset is silent",
                {killed.select(*EXPORTER_TARGET): f"{more} 0"},
            ),
        ),
    )

"""Alerts on the latest run of each DAG."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.catalog.airflow import (
    DAG_RUN_FAILED_TASKS,
    DAG_RUN_LAST_SUCCESS,
    DAG_RUN_RUNNING_TOO_LONG,
    DAG_RUN_START,
    DAG_RUN_STATUS,
    TASK_STATUS,
)
from dashgen.catalog.labels import AIRFLOW_DAGS, DAG_ID, INSTANCE, TASK_ID, DagRunState, TaskState
from dashgen.rules.model import Alert, Case, Firing, Inhibition, Runbook
from dashgen.rules.phrases import (
    CRITICAL,
    DAG,
    GAP,
    ONE_DAG,
    PER_DAG,
    SALES,
    WARNING,
    delete,
    gone,
    labels_of,
    number,
)
from dashgen.settings import EVERY_DAG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.catalog.terms import Matcher
    from dashgen.settings import Settings, SuccessAge

NO_SUCCESS = "AirflowDagNoSuccess"

_DAG = f"DAG {DAG_ID.annotation} on {INSTANCE.annotation}"
_SALES = labels_of(AIRFLOW_DAGS, *SALES)

_STATUS = DAG_RUN_STATUS.fleet(*SALES)
_START = DAG_RUN_START.fleet(*SALES)
_LAST_SUCCESS = DAG_RUN_LAST_SUCCESS.fleet(*SALES)


def dag_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on DAGs."""
    return (
        _failed(),
        _running_too_long(settings.limit(DAG_RUN_RUNNING_TOO_LONG)),
        _no_success(settings.success_age),
    )


def _failed() -> Alert:
    return Alert(
        "AirflowDagRunFailed",
        expr=f"{DAG_RUN_STATUS.fleet()} == {DagRunState.FAILED}",
        keep_firing_for=GAP,
        severity=CRITICAL,
        owner=DAG_RUN_STATUS.owner,
        summary=f"DAG {DAG_ID.annotation} failed",
        description=f"The latest run of {_DAG} failed.",
        panel="v3/dags-failed",
        about=PER_DAG,
        # The run failed because its tasks did: one message tells it.
        inhibits=Inhibition((TASK_ID % ".+",), equal=PER_DAG),
        runbook=Runbook(
            "dag-run-failed",
            "A DAG run failed",
            meaning=(
                "The latest run of the DAG ended as failed. The alert ends when a run starts. It "
                "silences the alerts of this DAG's tasks."
            ),
            impact="The result of this run is missing, for people and for the DAGs that wait for it.",
            diagnosis=(
                "1. See which tasks failed:\n\n"
                f"   `{TASK_STATUS.fleet(ONE_DAG)} == {TaskState.FAILED}`\n"
                "2. None of them: the run was ended by its `dagrun_timeout`, or by hand, or by tasks "
                "that were killed before they could report. The run's page in Airflow tells which.\n"
                "3. How many task instances did not make it:\n\n"
                f"   `{DAG_RUN_FAILED_TASKS.fleet(ONE_DAG)}`\n"
                "4. Read the log of the task that failed first: the others often follow from it."
            ),
            mitigation=(
                "Mend the cause, then clear the failed tasks of the run in Airflow. If a newer run "
                "replaces this one's result, trigger that instead."
                f"{gone('DAG', AIRFLOW_DAGS)} Its tasks' groups likewise."
            ),
        ),
        cases=(
            Case("a failed run fires", {_STATUS: f"0 {DagRunState.FAILED}"}, fires=(Firing(_SALES, -1),)),
            Case("a run that started since is silent", {_STATUS: f"{DagRunState.FAILED} 0x5"}, at="6m"),
            Case("a run that succeeded is silent", {_STATUS: "0 1"}),
        ),
    )


def _running_too_long(limit: float) -> Alert:
    at_the_limit = f"{number(-limit)}x1"
    running = f"{DAG_RUN_STATUS.fleet()} == {DagRunState.RUNNING}"
    return Alert(
        "AirflowDagRunRunningTooLong",
        expr=f"time() - {DAG_RUN_START.fleet()} > {number(limit)}\nand {running}",
        keep_firing_for=GAP,
        severity=WARNING,
        owner=DAG_RUN_START.owner,
        summary=f"DAG {DAG_ID.annotation} runs too long",
        description=f"The latest run of {_DAG} started {{{{ $value | humanizeDuration }}}} ago.",
        panel="v3/running-dags",
        about=PER_DAG,
        runbook=Runbook(
            "dag-run-running-too-long",
            "A DAG run runs too long",
            meaning=(
                "The latest run started longer ago than the limit and has not ended. It sees what "
                "the alert on tasks can't: sensors that reschedule, mapped tasks, tasks that wait in "
                "the queue. Of runs that overlap it sees the one that started last."
            ),
            impact="The result is late, and runs that `max_active_runs` holds back are later still.",
            diagnosis=(
                "1. Open the run in Airflow and look at what is running, queued or scheduled.\n"
                "2. Running: see the runbook of the task that runs too long.\n\n"
                f"   `{TASK_STATUS.fleet(ONE_DAG)} == {TaskState.RUNNING}`\n"
                "3. A sensor that is up for reschedule: what it waits for has not come. Ask those who "
                "deliver it.\n"
                "4. Queued or scheduled for long: no free slot in the pool or the executor, or no "
                "worker. `airflow jobs check --job-type SchedulerJob` tells whether the scheduler "
                "lives."
            ),
            mitigation=(
                "End what hangs: mark the task as failed, or the run. Give the DAG a "
                "`dagrun_timeout` and its sensors a `timeout`. If this is its normal running time, "
                f"raise the threshold `{DAG_RUN_RUNNING_TOO_LONG.name}`."
                f"{gone('DAG', AIRFLOW_DAGS)}"
            ),
        ),
        cases=(
            Case(
                "a run that runs for longer than the limit fires",
                {_STATUS: "0x1", _START: at_the_limit},
                fires=(Firing(_SALES, limit + 60, grows=True),),
            ),
            Case("a run that ended is silent", {_STATUS: "1x1", _START: at_the_limit}),
        ),
    )


def _first_match_wins(ages: tuple[SuccessAge, ...]) -> Iterator[tuple[int, tuple[Matcher, ...]]]:
    """Yield each age with the matchers of the DAGs for which it is the first that matches."""
    earlier: list[Matcher] = []
    for entry in ages:
        if entry.dag_id == EVERY_DAG:
            yield entry.age, tuple(earlier)
            return
        yield entry.age, (*earlier, DAG_ID % entry.dag_id)
        earlier.append(DAG_ID.not_matching(entry.dag_id))


def _older_than(age: int, dags: tuple[Matcher, ...]) -> str:
    start, success = DAG_RUN_START.fleet(*dags), DAG_RUN_LAST_SUCCESS.fleet(*dags)
    # A DAG that never succeeded has no last success to be too old. An hour: it may have been in a gap.
    return (
        f"time() - {success} > {age}\n"
        "or\n"
        f"time() - (last_over_time({start}[1h] offset {durations.text(age)})\n"
        f"  and {start} unless {success}) >= {age}"
    )


def _no_success(ages: tuple[SuccessAge, ...]) -> Alert:
    age = next(entry.age for entry in ages if re.fullmatch(entry.dag_id, DAG.value))
    in_one_step = durations.text(age)
    step = 30 * 60
    # The look back by the age falls between the sample that is stale and the next.
    after_a_gap = (-(-age // step) + 1) * step
    return Alert(
        NO_SUCCESS,
        expr="\nor\n".join(_older_than(*entry) for entry in _first_match_wins(ages)),
        keep_firing_for=GAP,
        severity=CRITICAL,
        owner=DAG_RUN_LAST_SUCCESS.owner,
        summary=f"DAG {DAG_ID.annotation} has not succeeded for too long",
        description=f"{_DAG} has had no successful run for at least {{{{ $value | humanizeDuration }}}}.",
        panel="v3/last-success",
        about=PER_DAG,
        runbook=Runbook(
            "dag-no-success",
            "A DAG has not succeeded for too long",
            meaning=(
                "The DAG's last success is older than the age that the settings give it, or the DAG "
                "has run for that long and never succeeded (seen only within Prometheus' retention, "
                "which must be longer than the age). Unlike the alert on failed runs it also sees a "
                "DAG that no longer runs at all: paused, not scheduled, or gone."
            ),
            impact="Whoever reads the DAG's result reads an old one, and may not know it.",
            diagnosis=(
                "1. When did it run last, and how did it end?\n\n"
                f"   `time() - {DAG_RUN_START.fleet(ONE_DAG)}` and `{DAG_RUN_STATUS.fleet(ONE_DAG)}`\n"
                "2. It runs and fails: see the runbook of the failed DAG run.\n"
                "3. It does not run: is it paused in Airflow? Does its file still parse "
                "(`airflow dags list-import-errors`)? Does the scheduler live "
                "(`airflow jobs check --job-type SchedulerJob`)?\n"
                "4. It succeeded in Airflow and not here: its pushes don't arrive. See the runbooks "
                "of the Pushgateway."
            ),
            mitigation=(
                "Get one run to succeed. If it is meant to run more rarely, give it a longer age: an "
                "entry `[[success_age]]` in `dashgen.toml`. If it is gone for good, delete its group "
                f"from the Pushgateway: {delete(AIRFLOW_DAGS)}, and its tasks' groups likewise."
            ),
        ),
        cases=(
            Case(
                "a last success older than the age fires",
                {_START: f"{-age}x1", _LAST_SUCCESS: f"{-age}x1"},
                fires=(Firing(_SALES, age + 60, grows=True),),
            ),
            Case(
                "a DAG that has existed for the age and never succeeded fires",
                {_START: "0 0"},
                at=in_one_step,
                interval=in_one_step,
                fires=(Firing(_SALES, age, grows=True),),
            ),
            Case(
                "a DAG that never succeeded fires though a scrape was missed when it began",
                {_START: f"{after_a_gap - age} stale {after_a_gap - age}x{after_a_gap // step - 2}"},
                at=durations.text(after_a_gap),
                interval=durations.text(step),
                fires=(Firing(_SALES, age, grows=True),),
            ),
            Case(
                "a DAG that never succeeded and is younger than the age is silent",
                {_START: "_ 0"},
                at=in_one_step,
                interval=in_one_step,
            ),
            Case(
                "a DAG that never succeeded and is gone is silent",
                {_START: "0 _"},
                at=in_one_step,
                interval=in_one_step,
            ),
            Case(
                "a DAG that has succeeded just now is silent",
                {_START: "0 0", _LAST_SUCCESS: f"_ {age}"},
                at=in_one_step,
                interval=in_one_step,
            ),
        ),
    )

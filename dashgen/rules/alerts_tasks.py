"""Alerts on the latest state of each task."""

from __future__ import annotations

from dashgen.catalog.airflow import (
    DAG_RUN_START,
    TASK_LAST_FAILURE,
    TASK_STATUS,
)
from dashgen.catalog.labels import AIRFLOW_TASKS, DAG_ID, TaskState
from dashgen.catalog.recorded import (
    TASK_PARTLY_FAILED,
)
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import (
    DAG,
    GAP,
    LOAD,
    NAMED_TASK,
    ONE_DAG,
    ONE_TASK,
    PER_TASK,
    SALES,
    STAGE,
    TASK,
    WARNING,
    WHERE,
    gone,
    labels_of,
)

_LOAD = labels_of(AIRFLOW_TASKS, *LOAD)

_STATUS = TASK_STATUS.fleet(*LOAD)
_LAST_FAILURE = TASK_LAST_FAILURE.fleet(*LOAD)
_RUN_START = DAG_RUN_START.fleet(*SALES)


def task_alerts() -> tuple[Alert, ...]:
    """Define the alerts on tasks that failed."""
    return (_failed(), _partly_failed())


def _failed() -> Alert:
    return Alert(
        "AirflowTaskFailed",
        expr=f"{TASK_STATUS.fleet()} == {TaskState.FAILED}",
        keep_firing_for=GAP,
        severity=WARNING,
        owner=TASK_STATUS.owner,
        summary=f"Task {NAMED_TASK} failed",
        description=f"Task {NAMED_TASK} {WHERE} failed in its last attempt; Airflow will not retry it.",
        panel="v3/attention",
        about=PER_TASK,
        runbook=Runbook(
            "task-failed",
            "A task failed",
            meaning=(
                "The latest event of the task is a failure with no attempt left. The alert ends "
                "with the task's next event: a new attempt, or the next run."
            ),
            impact=(
                "What depends on the task in this run does not run, unless its trigger rule says "
                "otherwise. If the run fails too, the alert on the DAG run takes this one's place."
            ),
            diagnosis=(
                "1. Open the dashboard by the alert's link: it names the task, and since when.\n"
                "2. Follow the link on the DAG to Airflow, open the failed task instance and read "
                "the end of its log.\n"
                "3. Look whether it is alone: many tasks that failed in the same minutes share a "
                "cause outside of them (a database, credentials, a worker).\n\n"
                f"   `topk(10, sum by ({DAG_ID}) ({TASK_STATUS.fleet()} == bool "
                f"{TaskState.FAILED}))`\n"
                "4. No log at all: the process was killed. Look for out-of-memory kills on the "
                "worker at that time."
            ),
            mitigation=(
                "Mend the cause, then clear the task instance in Airflow: it and all that follows "
                "run again. If the result is no longer needed, mark it as success."
                f"{gone('task', AIRFLOW_TASKS)}"
            ),
        ),
        cases=(
            Case("a failed task fires", {_STATUS: f"0 {TaskState.FAILED}"}, fires=(Firing(_LOAD, -1),)),
            Case(
                "a mapped task fires whose failed instance ended last",
                {_STATUS: f"0 {TaskState.SUCCESS} {TaskState.FAILED}"},
                at="2m",
                fires=(Firing(_LOAD, -1),),
            ),
            Case("a task between two attempts is silent", {_STATUS: f"0 {TaskState.UP_FOR_RETRY}"}),
            Case("an upstream failure is silent", {_STATUS: f"0 {TaskState.UPSTREAM_FAILED}"}),
            Case(
                "a task that succeeded since is silent",
                {_STATUS: f"{TaskState.FAILED} {TaskState.SUCCESS}x5"},
                at="6m",
            ),
        ),
    )


def _partly_failed() -> Alert:
    return Alert(
        "AirflowTaskPartlyFailed",
        expr=f"{TASK_PARTLY_FAILED.select()} >= 0",
        keep_firing_for=GAP,
        severity=WARNING,
        owner=TASK_STATUS.owner,
        summary=f"Task {NAMED_TASK} failed in part",
        description=(
            f"An instance of the mapped task {NAMED_TASK} {WHERE}, or an earlier attempt that was "
            "cleared, failed in the current run, {{ $value | humanizeDuration }} ago. The task's own "
            "state is that of what reported last."
        ),
        panel="v3/attention",
        about=PER_TASK,
        runbook=Runbook(
            "task-partly-failed",
            "A task failed in part",
            meaning=(
                "The task failed since its DAG's latest run started, and yet its state is not "
                "failed. Either an instance of a mapped task failed, and another one reported after "
                "it; at the end of the run the state becomes that of the worst instance. Or the task "
                "is not mapped: an earlier attempt failed and was cleared while the run went on. The "
                "metrics can't tell the two apart."
            ),
            impact=(
                "Mapped: part of the data of this run is missing, and what follows the task does not "
                "run, unless its trigger rule says otherwise. Cleared: none, once the new attempt has "
                "succeeded."
            ),
            diagnosis=(
                "1. Open the task in Airflow. It is not mapped: look at its earlier attempts. Once the "
                "latest has succeeded there is nothing left to do, and the alert ends when the next "
                "run starts.\n"
                "2. It is mapped: open its list of mapped instances and filter it by failed.\n"
                "3. Read the log of one, then compare the inputs of those that failed with those "
                "that did not. None has failed any more: they were cleared; see 1.\n"
                "4. What the alert compares:\n\n"
                f"   `{TASK_LAST_FAILURE.fleet(*ONE_TASK)}` and "
                f"`{DAG_RUN_START.fleet(ONE_DAG)}`"
            ),
            mitigation=f"Mend the cause, and clear the failed instances only.{gone('task', AIRFLOW_TASKS)}",
        ),
        cases=(
            Case(
                "a failure before the last instance's success fires",
                {
                    _RUN_START: "0x3",
                    _STATUS: f"0 0 {TaskState.FAILED} {TaskState.SUCCESS}",
                    _LAST_FAILURE: "_ _ 120 120",
                },
                at="3m",
                fires=(Firing(_LOAD, 60, grows=True),),
            ),
            Case(
                "an attempt that failed and was cleared in this run fires as well",
                {
                    _RUN_START: "0x2",
                    _STATUS: f"0 {TaskState.FAILED} {TaskState.SUCCESS}",
                    _LAST_FAILURE: "_ 60 60",
                },
                at="2m",
                fires=(Firing(_LOAD, 60, grows=True),),
            ),
            Case(
                "a failure in the second in which the run started fires",
                {_RUN_START: "-60 60", _STATUS: "1 1", _LAST_FAILURE: "_ 60"},
                fires=(Firing(_LOAD, 0, grows=True),),
            ),
            Case(
                "a failure after the other instances' success is the alert on failed tasks'",
                {
                    _RUN_START: "0x3",
                    _STATUS: f"0 0 {TaskState.SUCCESS} {TaskState.FAILED}",
                    _LAST_FAILURE: "_ _ _ 180",
                },
                at="3m",
            ),
            Case(
                "a failure one second before the run started is silent",
                {_RUN_START: "0x1", _STATUS: "1x1", _LAST_FAILURE: "-1x1"},
            ),
            Case(
                "a failure before the run started is silent, whenever another deployment's run did",
                {
                    _RUN_START: "0x1",
                    DAG_RUN_START.fleet(DAG, STAGE): "60x1",
                    TASK_STATUS.fleet(DAG, TASK, STAGE): "1x1",
                    TASK_LAST_FAILURE.fleet(DAG, TASK, STAGE): "30x1",
                },
            ),
        ),
    )

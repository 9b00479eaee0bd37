"""From an event to groups: which metrics go into which group of which job."""

from __future__ import annotations

import pytest

from dashgen.catalog import airflow
from dashgen.catalog.labels import DagRunState, TaskState
from dashgen.catalog.model import FLEET, LAB, PER_RUN, Event, Generation
from dashgen.catalog.terms import Source
from dashgen_plugin import events
from dashgen_plugin.extractors import EXTRACTORS
from dashgen_plugin.facts import RunFacts, TaskFacts
from tests import conformance

GENERATIONS = (FLEET, PER_RUN, LAB)
# Not what can be, but of which nothing is unknown: what an event sets then is all that it can.
TASK = TaskFacts("etl", "group.load", "manual__1", 4, TaskState.SUCCESS, 2, 100.0, 160.0)
RUN = RunFacts("etl", "manual__1", DagRunState.SUCCESS, 100.0, 160.0, 3)

TASK_GROUP = {
    FLEET: ("airflow_tasks", "dag_id=etl task_id=group.load instance=here"),
    PER_RUN: ("airflow_task_runs", "dag_id=etl task_id=group.load map_index=4 run_id=manual__1 instance=here"),
    LAB: ("airflow_tasks_v1", "dag_id=etl task_id=group.load instance=here"),
}
RUN_GROUP = {
    FLEET: ("airflow_dags", "dag_id=etl instance=here"),
    PER_RUN: ("airflow_dag_runs", "dag_id=etl run_id=manual__1 instance=here"),
}
STARTED = {"task_status": 1, "task_start_timestamp_seconds": 100, "task_try_number": 2}
FINISHED = {**STARTED, "task_duration_seconds": 60}
RUN_STARTED = {"dag_run_status": 1, "dag_run_start_timestamp_seconds": 100}
RUN_FINISHED = {**RUN_STARTED, "dag_run_duration_seconds": 60, "dag_run_failed_tasks": 3}
SUCCEEDED = {"task_last_success_timestamp_seconds": 160}
RUN_SUCCEEDED = {"dag_run_last_success_timestamp_seconds": 160}
SETS = {
    airflow.ON_TASK_RUNNING.name: {FLEET: STARTED, PER_RUN: STARTED},
    airflow.ON_TASK_SUCCESS.name: {FLEET: FINISHED | SUCCEEDED, PER_RUN: FINISHED, LAB: {"lab_task_success_total": 1}},
    airflow.ON_TASK_RETRY.name: {FLEET: FINISHED, PER_RUN: FINISHED},
    airflow.ON_TASK_FAILED.name: {FLEET: FINISHED, PER_RUN: FINISHED, LAB: {"lab_task_failure_total": 1}},
    airflow.ON_TASK_SKIPPED.name: {FLEET: STARTED, PER_RUN: STARTED},
    airflow.ON_RUN_RUNNING.name: {FLEET: RUN_STARTED, PER_RUN: RUN_STARTED},
    airflow.ON_RUN_SUCCESS.name: {FLEET: RUN_FINISHED | RUN_SUCCEEDED, PER_RUN: RUN_FINISHED},
    airflow.ON_RUN_FAILED.name: {FLEET: RUN_FINISHED, PER_RUN: RUN_FINISHED},
    airflow.ON_RUN_OVERTAKEN.name: {FLEET: RUN_SUCCEEDED, PER_RUN: RUN_FINISHED},
    airflow.ON_TASK_RECONCILED.name: {FLEET: FINISHED | SUCCEEDED, PER_RUN: FINISHED},
}
PAIRS = [(event, generation) for event in airflow.EVENTS for generation in GENERATIONS]


def _pushed(
    event: Event, facts: TaskFacts | RunFacts, *generations: Generation
) -> dict[tuple[str, str], dict[str, float]]:
    pushes = events.pushes(event, facts, generations, "here")
    return {
        (push.job.name, " ".join(f"{name}={value}" for name, value in push.labels)): {
            metric.name: value for metric, value in push.values.items()
        }
        for push in pushes
    }


def _of_tasks(event: Event) -> bool:
    return event.name.startswith("task_")


@pytest.mark.parametrize(
    ("event", "generation"), PAIRS, ids=[f"{event.name}-{generation.name}" for event, generation in PAIRS]
)
def test_each_event_sets_its_metrics_in_its_group(event: Event, generation: Generation) -> None:
    """An event sets exactly its metrics, in one group of one job for each generation."""
    groups = TASK_GROUP if _of_tasks(event) else RUN_GROUP
    wanted = {groups[kind]: values for kind, values in SETS[event.name].items() if kind == generation}
    assert _pushed(event, TASK if _of_tasks(event) else RUN, generation) == wanted


def test_the_plugin_and_the_catalog_agree() -> None:
    """The hooks push for each event what the catalog says, as it is written on the wire."""
    assert conformance.problems() == []


def test_each_listener_metric_has_one_extractor() -> None:
    """Extractors and the listener's metrics are the same, and each is set by an event."""
    ours = {metric for metric in airflow.METRICS if metric.source is Source.LISTENER}
    assert set(EXTRACTORS) == ours
    assert {metric for event in airflow.EVENTS for metric in event.metrics} == ours


def test_generations_that_are_off_get_nothing() -> None:
    """Without a generation there is nothing to push."""
    assert _pushed(airflow.ON_TASK_SUCCESS, TASK) == {}


def test_a_task_that_is_not_mapped_has_no_map_index() -> None:
    """The label is absent, not empty: an empty one would be another group."""
    ((_, labels),) = _pushed(airflow.ON_TASK_RUNNING, TASK._replace(map_index=None), PER_RUN)
    assert labels == "dag_id=etl task_id=group.load run_id=manual__1 instance=here"


def test_the_first_mapped_instance_has_an_index() -> None:
    """Index 0 is an index."""
    ((_, labels),) = _pushed(airflow.ON_TASK_RUNNING, TASK._replace(map_index=0), PER_RUN)
    assert "map_index=0" in labels


def test_without_a_run_id_there_is_no_group_of_the_run() -> None:
    """The fleet is told all the same; a group of a run without its run would mix all runs."""
    of_task = _pushed(airflow.ON_TASK_SUCCESS, TASK._replace(run_id=None), *GENERATIONS)
    assert of_task.keys() == {TASK_GROUP[FLEET], TASK_GROUP[LAB]}
    of_run = _pushed(airflow.ON_RUN_SUCCESS, RUN._replace(run_id=None), *GENERATIONS)
    assert of_run.keys() == {RUN_GROUP[FLEET]}


def test_what_is_not_known_is_left_out() -> None:
    """A metric without a value is not pushed, and a group without any metric neither."""
    facts = TaskFacts("etl", "group.load", "manual__1", 4, TaskState.RUNNING, None, None, None)
    assert _pushed(airflow.ON_TASK_SUCCESS, facts, FLEET) == {TASK_GROUP[FLEET]: {"task_status": 0}}
    assert _pushed(airflow.ON_TASK_SUCCESS, facts._replace(state=None), FLEET) == {}

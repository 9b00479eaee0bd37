"""Every way that a task or a run can end, in real Airflows, as it shows on a real Pushgateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashgen.catalog import airflow as catalog
from dashgen.catalog.labels import TaskState
from dashgen.catalog.model import FLEET, LAB, PER_RUN
from tests.e2e.airflow import INSTANCE
from tests.e2e.scenarios import SCENARIOS, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.catalog.model import Generation, Metric
    from tests.e2e.gateway_state import Key
    from tests.e2e.performance import Performance

CASES = [(version, scenario.dag_id) for version in VERSIONS for scenario in SCENARIOS if version in scenario.versions]
JOBS = {job.name: job for metric in catalog.METRICS for job in metric.jobs}
METRICS = {metric.name: metric for metric in catalog.METRICS}


@pytest.mark.parametrize(("version", "dag_id"), CASES)
def test_scenario(performance: Performance, dag_id: str) -> None:
    """The gateway holds exactly what the catalog says, at each stage, and still when all has ended."""
    outcome = performance.outcomes[dag_id]
    assert outcome.missing == ""
    assert outcome.expected.difference(performance.state) == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_race(performance: Performance) -> None:
    """Of ten tasks that fail together V1 shows one, V2 all ten, V3 that the task is failed now."""
    of_race = performance.state.of_dag("e2e.race")
    (counted,) = [found[catalog.LAB_TASK_FAILURE.name] for found in _groups(of_race, LAB, catalog.LAB_TASK_FAILURE)]
    each = [found[catalog.TASK_STATUS.name] for found in _groups(of_race, PER_RUN, catalog.TASK_STATUS)]
    (task,) = _groups(of_race, FLEET, catalog.TASK_STATUS)
    (run,) = _groups(of_race, FLEET, catalog.DAG_RUN_START)

    assert counted == 1
    assert each == [TaskState.FAILED] * 10
    assert task[catalog.TASK_STATUS.name] == TaskState.FAILED
    assert task[catalog.TASK_LAST_FAILURE.name] >= run[catalog.DAG_RUN_START.name]


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_but_the_catalog(performance: Performance) -> None:
    """Job, grouping key, labels, names, types and help texts on the gateway are the catalog's, and no others."""
    assert performance.state.refused == frozenset()
    for (name, labels), samples in performance.state.groups.items():
        job, own = JOBS[name], dict(labels)
        assert own["instance"] == INSTANCE
        assert own.keys() <= {label.name for label in job.grouping}
        assert own.keys() >= {label.name for label in job.grouping if not label.optional}
        for metric, sample in samples.items():
            assert job in METRICS[metric].jobs
            assert (sample.type.lower(), sample.help) == (METRICS[metric].type.value, METRICS[metric].help)
            assert sample.labels == {"job": name, **own}


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_of_the_catalog(performance: Performance) -> None:
    """Every metric of the listener arrives, in every generation for which the catalog has it set by an event."""
    seen = {
        (JOBS[job].generation, METRICS[name])
        for (job, _), samples in performance.state.groups.items()
        for name in samples
    }
    promised = {
        (generation, metric)
        for event in catalog.EVENTS
        for generation, metrics in event.sets.items()
        for metric in metrics
    }
    assert seen == promised
    assert {metric for _, metric in seen} == set(catalog.METRICS)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_complaints(performance: Performance) -> None:
    """The plugin appears in no log of Airflow, but for the warning that V1 is on; no hook raised."""
    assert any("Marking run" in line for line in performance.said)
    complaints = [
        line for line in performance.said if "calling listener" in line or ("dashgen" in line and not _is_warning(line))
    ]
    assert complaints == []


def _is_warning(line: str) -> bool:
    return "AIRFLOW_VAR_ENABLE_V1_COUNTERS" in line


def _groups(
    groups: Mapping[Key, Mapping[str, float]], generation: Generation, metric: Metric
) -> list[Mapping[str, float]]:
    return [
        values for (job, _), values in groups.items() if JOBS[job].generation == generation and metric.name in values
    ]

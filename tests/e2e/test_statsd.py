"""Airflow's own metrics from real Airflows, as a real statsd_exporter makes them with the generated mapping."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.statsd import AIRFLOW_METRICS, dags, tasks
from tests.e2e import statsd_lines
from tests.e2e.scenarios import AIRFLOW_2, AIRFLOW_3, VERSIONS
from tests.e2e.statsd import BY_ITSELF
from tests.e2e.statsd import VERSIONS as NAMES
from tests.e2e.statsd_cannot import CANNOT, MAY
from tests.e2e.statsd_lines import Lines, ascii_only

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.e2e.performance import Performance
    from tests.e2e.rows import Row
    from tests.e2e.statsd_lines import Key

# Airflow 3 sends with tags and Airflow 2 without, as the generated airflow.env has it; the other way
# round is for tests/e2e/test_faults.py.
TAGGED = {AIRFLOW_3: True, AIRFLOW_2: False}
# What Airflow ends from outside: one of the versions says nothing of it over StatsD.
KILLED = frozenset({"e2e.killed", "e2e.stopped", "e2e.timeout"})
# Tasks of which one row does not tell all attempts, or whose instances do not all succeed.
AGAIN = frozenset({"e2e.retry", "e2e.sensor", "e2e.deferred", "e2e.overlap", "e2e.bad_first", "e2e.bad_last"})
# Airflow says nothing of a run that a person marks failed.
STOPPED = frozenset({"e2e.stopped"})
# Airflow 2 writes the end of a run once more, after it has sent how long it took.
ENDED_TWICE = frozenset({"e2e.timeout"})

LINES = {version: Lines(NAMES[version], tagged=tagged) for version, tagged in TAGGED.items()}


def ran(rows: Iterable[Row], state: str, *, apart: Iterable[str] = ()) -> list[Row]:
    """Return the rows of what ran and ended in a state, without some DAGs and those that the scheduler starts."""
    left_out = {*apart, *BY_ITSELF}
    return [row for row in rows if row.state == state and row.start is not None and row.dag_id not in left_out]


@pytest.mark.parametrize("version", VERSIONS)
def test_names_and_labels(performance: Performance, version: str) -> None:
    """Every series carries a catalogued name, and exactly the labels that the catalog gives it."""
    assert statsd_lines.wrong(performance.heard, tagged=TAGGED[version]) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_each_line_is_accounted_for(performance: Performance, version: str) -> None:
    """A line becomes a series, or is dropped because the catalog says so; nothing else is lost."""
    unexplained = LINES[version].unexplained(performance.heard)
    assert unexplained == dict.fromkeys(unexplained, 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_seen(performance: Performance, version: str) -> None:
    """Each metric that the version sends arrives, but for those that these DAGs cannot cause."""
    name = NAMES[version]
    sent = {metric.name for metric in AIRFLOW_METRICS if any(name in line.versions for line in metric.statsd)}
    seen = statsd_lines.seen(performance.heard)
    assert seen - sent == set()
    assert sent - seen - {metric.name for metric in MAY} == {metric.name for metric in CANNOT[name]}


@pytest.mark.parametrize("version", VERSIONS)
def test_task_instances(performance: Performance, version: str) -> None:
    """As many tries ended in each state as the database says."""
    found = statsd_lines.values(performance.heard, tasks.TI_FINISH.name, "state", "dag_id", "task_id")
    for state, apart in (("success", ()), ("failed", KILLED)):
        expected = Counter(LINES[version].ids(row) for row in ran(performance.rows.tasks, state, apart=apart))
        assert expected.total() > 0
        assert {key: found.get((state, *key), 0) for key in expected} == expected
    retried = [LINES[version].ids(row) for row in performance.rows.tasks if row.dag_id == "e2e.retry"]
    assert [found["up_for_retry", dag_id, task_id] for dag_id, task_id in retried] == [1]


@pytest.mark.parametrize("version", VERSIONS)
def test_operators(performance: Performance) -> None:
    """As many task instances succeeded, of all operators together, as the states say."""
    heard = performance.heard
    finished = statsd_lines.values(heard, tasks.TI_FINISH.name, "state")
    (successes,) = statsd_lines.values(heard, tasks.OPERATOR_SUCCESSES.name).values()
    assert successes == finished["success",]


@pytest.mark.parametrize("version", VERSIONS)
def test_runs(performance: Performance) -> None:
    """As many runs of each DAG ended in each state as the database says, and they took as long, in seconds."""
    name = dags.DAGRUN_DURATION.name
    count, total = (
        statsd_lines.values(performance.heard, f"{name}_{part}", "state", "dag_id") for part in ("count", "sum")
    )
    for state in ("success", "failed"):
        rows = ran(performance.rows.runs, state, apart=STOPPED)
        expected = Counter((state, ascii_only(row.dag_id)) for row in rows)
        seconds: dict[Key, float] = defaultdict(float)
        for row in (row for row in rows if row.dag_id not in ENDED_TWICE):
            seconds[state, ascii_only(row.dag_id)] += row.duration or 0
        assert expected.total() > 0
        assert {key: count.get(key, 0) for key in expected} == expected
        assert {key: total[key] for key in seconds} == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize("version", VERSIONS)
def test_task_durations(performance: Performance, version: str) -> None:
    """The durations of tasks are in seconds: at most the database's, which have the start of the process too."""
    found = statsd_lines.values(performance.heard, f"{tasks.TASK_DURATION.name}_sum", "dag_id", "task_id")
    seconds: dict[Key, float] = defaultdict(float)
    for row in ran(performance.rows.tasks, "success", apart=AGAIN):
        seconds[LINES[version].ids(row)] += row.duration or 0
    assert len(seconds) > 5
    assert [key for key, most in seconds.items() if not most / 100 < found[key] <= most] == []

"""Ids that are hard to tell apart in a StatsD name: which labels they end in."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashgen.render.statsd import files
from tests.integration.statsd.samples import found
from tests.programs import CHECKOUT
from tests.projects import builtin
from tests.statsd_exporter import StatsdExporter, statsd_exporter

if TYPE_CHECKING:
    from collections.abc import Iterator

# A line without its prefix, the metric and the labels that come of it.
Case = tuple[str, str, dict[str, str]]
NOTHING: dict[str, str] = {}

TASKS = "airflow_task_duration_seconds"
FINISH = "airflow_ti_finish_total"
START = "airflow_ti_start_total"
DELAY = "airflow_dagrun_first_task_scheduling_delay_seconds"
CHECK = "airflow_dagrun_dependency_check_seconds"
RUNS = "airflow_dagrun_duration_seconds"
PARSED = "airflow_dag_processing_last_duration_seconds"

PLAIN: list[Case] = [
    ("ti.start.my-dag.my-task:1|c", START, {"dag_id": "my-dag", "task_id": "my-task"}),
    ("ti.start.my__dag.my__task:1|c", START, {"dag_id": "my__dag", "task_id": "my__task"}),
    ("ti.start.grp.g1.g2.g3.g4.g5.load:1|c", START, {"dag_id": "grp", "task_id": "g1.g2.g3.g4.g5.load"}),
    # The two lines that no mapping can tell apart: DAG team.load with task x, and DAG team with task load.x.
    ("ti.start.team.load.x:1|c", START, {"dag_id": "team", "task_id": "load.x"}),
    ("ti.start.etl.load:1|c", START, {"dag_id": "etl", "task_id": "load"}),
    ("ti.start.etl_daily.load:1|c", START, {"dag_id": "etl_daily", "task_id": "load"}),
    ("ti.start.etl-daily.load:1|c", START, {"dag_id": "etl-daily", "task_id": "load"}),
    ("ti.start.ti.start:1|c", START, {"dag_id": "ti", "task_id": "start"}),
    ("ti.start.start.ti.start:1|c", START, {"dag_id": "start", "task_id": "ti.start"}),
    ("ti.start.tagged.airflow:1|c", START, {"dag_id": "tagged", "task_id": "airflow"}),
    ("ti.start.0.1:1|c", START, {"dag_id": "0", "task_id": "1"}),
    ("ti.finish.ti.finish.failed:1|c", FINISH, {"dag_id": "ti", "task_id": "finish", "state": "failed"}),
    ("ti.finish.d.success.success:1|c", FINISH, {"dag_id": "d", "task_id": "success", "state": "success"}),
    ("ti.finish.d.t.None:1|c", FINISH, {"dag_id": "d", "task_id": "t", "state": "None"}),
    ("ti.finish.d.g.t.up_for_retry:1|c", FINISH, {"dag_id": "d", "task_id": "g.t", "state": "up_for_retry"}),
    ("dag.d1.duration.duration:1000|ms", TASKS, {"dag_id": "d1", "task_id": "duration"}),
    ("dag.d1.g.duration.duration:1000|ms", TASKS, {"dag_id": "d1", "task_id": "g.duration"}),
    ("dag.d1.duration.t.duration:1000|ms", TASKS, {"dag_id": "d1", "task_id": "duration.t"}),
    ("dag.d1.queued_duration.duration:1000|ms", TASKS, {"dag_id": "d1", "task_id": "queued_duration"}),
    ("dag.dag.duration.duration:1000|ms", TASKS, {"dag_id": "dag", "task_id": "duration"}),
    ("dag.duration.duration.duration:1000|ms", TASKS, {"dag_id": "duration", "task_id": "duration"}),
    ("dagrun.a.b.first_task_scheduling_delay:1000|ms", DELAY, {"dag_id": "a.b"}),
    ("dagrun.duration.first_task_scheduling_delay:1000|ms", DELAY, {"dag_id": "duration"}),
    # The same again: the delay of a DAG of that name, and the check of a DAG called first_task_scheduling_delay.
    ("dagrun.dependency-check.first_task_scheduling_delay:1000|ms", CHECK, {"dag_id": "first_task_scheduling_delay"}),
    ("dagrun.duration.success.a.b.c:1000|ms", RUNS, {"dag_id": "a.b.c", "state": "success"}),
    ("dagrun.duration.failed.duration:1000|ms", RUNS, {"dag_id": "duration", "state": "failed"}),
    (
        "operator_failures_operator_failures_X:1|c",
        "airflow_operator_failures_total",
        {"operator_name": "operator_failures_X"},
    ),
    (
        "triggers.running.trg-0.trg.ns.svc.cluster.local:1|g",
        "airflow_triggers_running",
        {"hostname": "trg-0.trg.ns.svc.cluster.local"},
    ),
    ("pool.open_slots.pool.open:1|g", "airflow_pool_open_slots", {"pool_name": "pool.open"}),
    # Airflow 2.11's file my.file, in a mapping for Airflow 3, whose names have the bundle before the file.
    ("dag_processing.last_duration.my.file:1|ms", PARSED, {"bundle_name": "my", "file_name": "file"}),
    # Nothing comes of a line that is broken off, and of more dots than anyone has.
    ("ti.start.only:1|c", "", NOTHING),
    ("ti.start:1|c", "", NOTHING),
    ("ti.start.d.1.2.3.4.5.6.7.8.9:1|c", "", NOTHING),
    ("dag.d.duration:1000|ms", "", NOTHING),
]
TAGGED: list[Case] = [
    (f"ti.start,dag_id={dag},task_id={task}:1|c", START, {"dag_id": dag, "task_id": task})
    for dag, task in [
        ("team.load", "x"),
        ("team", "load.x"),
        ("a-b", "c__d"),
        ("ti", "start"),
        ("ti.start", "ti.finish"),
        ("tagged", "duration"),
        ("..", "-"),
        ("d" * 200, "1.2.3.4.5.6.7.8.9.10"),
        ("etl_ü", "läuft"),
    ]
]


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatsdExporter]:
    """Return an exporter with the mapping of the default settings."""
    mapping = files(builtin())["statsd/statsd_mapping.yml"]
    with statsd_exporter(tmp_path_factory.mktemp("exporter"), mapping) as running:
        yield running


@pytest.mark.parametrize(
    ("prefix", "case"), [*(("airflow", case) for case in PLAIN), *(("airflow.tagged", case) for case in TAGGED)]
)
def test_ids_end_in_their_labels(prefix: str, case: Case, exporter: StatsdExporter) -> None:
    """Each line is one series with exactly these labels, one more than before; or none."""
    line, name, labels = case
    before = found(exporter.series())

    exporter.send([f"{prefix}.{line}"])

    after = found(exporter.series())
    changed = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key)}
    assert changed == ({(name, frozenset(labels.items())): 1} if name else {})


def test_page_tells_the_same() -> None:
    """Each line in the page's table is one of these cases, and becomes what the page says."""
    page = (CHECKOUT / "docs/statsd.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^\| `(airflow\.[^`]*)` \| `?([^`|]+?)`? \|$", page, flags=re.MULTILINE))
    known = {
        f"{prefix}.{line.partition(':')[0]}": _series(name, labels)
        for prefix, cases in (("airflow", PLAIN), ("airflow.tagged", TAGGED))
        for line, name, labels in cases
    }
    assert "none" in stated.values()
    assert stated.items() <= known.items()


def _series(name: str, labels: dict[str, str]) -> str:
    pairs = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}" if name else "none"


ids = st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=100)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(ids, ids), min_size=1, max_size=30, unique=True))
def test_any_id_survives_as_a_tag(pairs: list[tuple[str, str]], exporter: StatsdExporter) -> None:
    """With tags every pair of ids that Airflow allows keeps its own series."""
    exporter.send(f"airflow.tagged.ti.finish,dag_id={dag},task_id={task},state=success:1|c" for dag, task in pairs)
    known = {key for name, key in found(exporter.series()) if name == FINISH}
    expected = {frozenset({"dag_id": dag, "task_id": task, "state": "success"}.items()) for dag, task in pairs}
    assert expected <= known
    assert all({label for label, _ in key} == {"dag_id", "task_id", "state"} for key in known)

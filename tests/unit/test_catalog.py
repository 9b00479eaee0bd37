"""The catalog: selectors, value codes, events, and every rule of its validation."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import airflow, labels, pipeline, recorded
from dashgen.catalog.model import FLEET, PER_RUN, Catalog, Counter, Event, Gauge, Job, Metric, Threshold
from dashgen.catalog.terms import Cardinality, Label, Source, Unit
from dashgen.catalog.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable

BUILT_IN = Catalog(
    (
        *airflow.METRICS,
        *pipeline.METRICS,
        *pipeline.SWEEPER_METRICS,
        *recorded.METRICS,
        *recorded.PER_RUN_METRICS,
    ),
    airflow.EVENTS,
)
JOB = Job("pushed", "A pushed job.", (labels.INSTANCE,), generation=FLEET, pushed=True)
FIELDS: dict[str, Any] = {
    "help": "Rows loaded",
    "read": "More is more.",
    "source": Source.CUSTOM,
    "owner": "team",
    "jobs": (JOB,),
}


def found(*metrics: Metric, events: tuple[Event, ...] = ()) -> str:
    """Return the messages of the problems of a catalog of these metrics."""
    return "\n".join(problem.message for problem in validate(Catalog(metrics, events)))


def test_built_in_catalog_is_sound() -> None:
    """The built-in catalog has no problem."""
    assert validate(BUILT_IN) == []


def test_selector_names_the_job_and_escapes_values() -> None:
    """A selector names its job first and quotes what a PromQL string must."""
    selector = airflow.TASK_STATUS.fleet(labels.DAG_ID % "$dag_id", labels.TASK_ID.is_('a"b\\c\n'))
    assert selector == 'task_status{job="airflow_tasks",dag_id=~"$dag_id",task_id="a\\"b\\\\c\\n"}'


def test_selector_over_several_jobs_is_a_regular_expression() -> None:
    """Without a choice of jobs, the selector names all of the metric's."""
    assert airflow.DAG_RUN_STATUS.select() == 'dag_run_status{job=~"airflow_dags|airflow_dag_runs"}'


def test_selector_of_a_generation_that_lacks_the_metric_is_refused() -> None:
    """A metric of the fleet only has no per-run selector."""
    with pytest.raises(LookupError, match="task_last_success_timestamp_seconds is not emitted by generation per_run"):
        airflow.TASK_LAST_SUCCESS.per_run()


def test_negative_matchers() -> None:
    """A label can be told to differ from a value or a pattern."""
    assert str(labels.RUN_ID.is_not("a")) == 'run_id!="a"'
    assert str(labels.RUN_ID.not_matching("a.*")) == 'run_id!~"a.*"'


def test_codes_print_as_numbers() -> None:
    """A value code in an expression is its number, on every Python."""
    assert f"{labels.TaskState.FAILED} {labels.TaskState.UP_FOR_RETRY!s}" == "-1 2"


def test_definition_remembers_its_line() -> None:
    """A metric knows the file and line of its own definition, not of the catalog's code."""
    metric = Gauge("rows_loaded", **FIELDS)
    assert metric.place.file == __file__
    assert metric.place.line > 0


@pytest.mark.parametrize("metric", [*airflow.METRICS], ids=str)
def test_every_listener_metric_is_set_by_an_event(metric: Metric) -> None:
    """The listener has an event for each metric, in each generation that carries it."""
    generations = {
        generation for event in airflow.EVENTS for generation, metrics in event.sets.items() if metric in metrics
    }
    assert generations == set(metric.generations)


def test_a_retry_is_no_failure() -> None:
    """The time of the last failure is not set by an attempt that will be retried."""
    retry = next(event for event in airflow.EVENTS if event.name == "task_retry")
    assert airflow.TASK_LAST_FAILURE not in retry.metrics


def test_fleet_has_no_unbounded_label() -> None:
    """No series of the fleet carries a label whose values grow with time."""
    fleet_jobs = [job for job in BUILT_IN.jobs.values() if job.generation == FLEET]
    assert len(fleet_jobs) == 2
    assert all(label.cardinality is Cardinality.BOUNDED for job in fleet_jobs for label in job.grouping)


def test_all_problems_are_found_at_once() -> None:
    """One run of the validation names the problems of every metric."""
    messages = found(Gauge("rows_ms", **FIELDS), Counter("rows", **FIELDS))
    assert "ms is no base unit" in messages
    assert "a counter's name ends in _total" in messages


WRONG_METRICS: dict[str, tuple[Callable[[], tuple[Metric, ...]], str]] = {
    "defined twice": (
        lambda: (Gauge("rows", **FIELDS), Gauge("rows", **FIELDS)),
        "metric rows: defined more than once",
    ),
    "no help": (lambda: (Gauge("rows", **{**FIELDS, "help": " "}),), "help and read must both say something"),
    "upper case": (lambda: (Gauge("Rows", **FIELDS),), "a name is lower case letters"),
    "colon": (lambda: (Gauge("a:b", **FIELDS),), "a name is lower case letters"),
    "foreign unit": (lambda: (Gauge("size_megabytes", **FIELDS),), "megabytes is no base unit"),
    "type in name": (lambda: (Gauge("rows_gauge", **FIELDS),), "the name repeats the type gauge"),
    "gauge with _total": (lambda: (Gauge("rows_total", **FIELDS),), "a counter's name ends in _total"),
    "reserved suffix": (lambda: (Gauge("rows_count", **FIELDS),), "the suffix is reserved"),
    "unit not in name": (lambda: (Gauge("age", **FIELDS, unit=Unit.SECONDS),), "the unit is seconds but the name"),
    "no job": (lambda: (Gauge("rows", **{**FIELDS, "jobs": ()}),), "has no job"),
    "recorded name": (
        lambda: (Gauge("rows", **{**FIELDS, "source": Source.RECORDING_RULE}),),
        "named level:metric:operation",
    ),
    "no cardinality": (
        lambda: (Gauge("rows", **FIELDS, labels=(Label("region", "The region."),)),),
        "label region does not say its cardinality",
    ),
    "unbounded in fleet": (
        lambda: (Gauge("rows", **FIELDS, labels=(labels.RUN_ID,)),),
        "label run_id is unbounded and may not be in generation fleet",
    ),
    "label twice": (lambda: (Gauge("rows", **FIELDS, labels=(labels.INSTANCE,)),), "label instance is there twice"),
    "label in two ways": (
        lambda: (
            Gauge("rows", **FIELDS, labels=(Label("region", "One.", Cardinality.BOUNDED),)),
            Gauge("lines", **FIELDS, labels=(Label("region", "Two.", Cardinality.BOUNDED),)),
        ),
        "label region is defined in two ways",
    ),
    "label name": (
        lambda: (Gauge("rows", **FIELDS, labels=(Label("le", "Less.", Cardinality.BOUNDED),)),),
        "'le' can't be the name of a label",
    ),
    "threshold is no code": (
        lambda: (
            Gauge(
                "state", **FIELDS, codes=labels.DagRunState, thresholds=(Threshold("bad_state", 7, Unit.NONE, "Bad."),)
            ),
        ),
        "threshold bad_state is 7, which is no code of its states",
    ),
    "renamed from what is there": (
        lambda: (Gauge("rows", **FIELDS), Gauge("lines", **FIELDS, renamed_from="rows")),
        "renamed_from rows, but that metric is still there",
    ),
    "renamed twice": (
        lambda: (Gauge("a_rows", **FIELDS, renamed_from="rows"), Gauge("b_rows", **FIELDS, renamed_from="rows")),
        "renamed_from rows, which another metric claims too",
    ),
}


@pytest.mark.parametrize(("metrics", "message"), WRONG_METRICS.values(), ids=WRONG_METRICS)
def test_a_wrong_metric_is_named(metrics: Callable[[], tuple[Metric, ...]], message: str) -> None:
    """Each rule of the validation finds what breaks it."""
    assert message in found(*metrics())


def test_an_event_outside_a_metrics_generations_is_named() -> None:
    """An event may set a metric only in a generation that carries it."""
    rows = Gauge("rows", **FIELDS)
    event = Event("loaded", "on_task_instance_success", "Loaded.", {PER_RUN: (rows,)})
    assert "event loaded sets rows in generation per_run, which does not carry it" in found(rows, events=(event,))


def test_an_event_that_sets_an_unknown_metric_is_named() -> None:
    """An event may set only what the catalog has, in the very form that it has."""
    rows = Gauge("rows", **FIELDS)
    event = Event("loaded", "on_task_instance_success", "Loaded.", {FLEET: (rows,)})
    changed = dataclasses.replace(rows, help="Other rows")
    assert "event loaded sets rows, which the catalog does not have" in found(changed, events=(event,))


def test_importing_the_catalog_loads_only_the_standard_library() -> None:
    """The plugin can import the catalog inside Airflow without any of the generator's libraries."""
    script = (
        "import sys; before = set(sys.modules); import dashgen.catalog, dashgen.catalog.airflow, "
        "dashgen.catalog.validate;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert loaded == ["dashgen"]

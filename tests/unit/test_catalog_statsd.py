"""The StatsD part of the catalog: names, lines, and every rule of its validation."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import airflow, pipeline, recorded, statsd
from dashgen.catalog.labels import DAG_ID, STATSD_EXPORTER, TASK_ID
from dashgen.catalog.model import Catalog, Counter, Gauge, Metric, Summary
from dashgen.catalog.statsd.labels import BUNDLE_NAME, STATE
from dashgen.catalog.statsd.sent import BOTH, V2_11, V3, Line, StatsdType
from dashgen.catalog.terms import MetricType, Source, Unit
from dashgen.catalog.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parents[2]
OTHERS = (
    *airflow.METRICS,
    *pipeline.METRICS,
    *pipeline.SWEEPER_METRICS,
    *recorded.METRICS,
    *recorded.PER_RUN_METRICS,
)
FIELDS: dict[str, Any] = {
    "help": "Rows loaded",
    "read": "More is more.",
    "source": Source.STATSD,
    "owner": "team",
    "jobs": (STATSD_EXPORTER,),
}
GAUGE, COUNTER, TIMER = StatsdType.GAUGE, StatsdType.COUNTER, StatsdType.TIMER


def found(*metrics: Metric) -> str:
    """Return the messages of the problems of a catalog of these metrics."""
    return "\n".join(problem.message for problem in validate(Catalog(metrics)))


def rows(*lines: Line, **fields: Any) -> Metric:  # noqa: ANN401  (the fields are Metric's)
    """Define a gauge of rows with these lines."""
    return Gauge("airflow_rows", **{**FIELDS, "statsd": lines, **fields})


@pytest.mark.parametrize("form", [tuple, statsd.as_histograms], ids=["summaries", "histograms"])
def test_the_catalog_is_sound(form: Callable[[Iterable[Metric]], tuple[Metric, ...]]) -> None:
    """The StatsD metrics have no problem beside all the others, whatever becomes of the timers."""
    assert validate(Catalog((*OTHERS, *form(statsd.METRICS)), airflow.EVENTS)) == []


def test_as_histograms_changes_timers_alone() -> None:
    """What was a summary is a histogram, defined at the same place, and nothing else is another."""
    for before, after in zip(statsd.METRICS, statsd.as_histograms(statsd.METRICS), strict=True):
        timer = before.type is MetricType.SUMMARY
        assert after == (replace(before, type=MetricType.HISTOGRAM) if timer else before)
        assert after.place == before.place
        assert timer == any(line.type is TIMER for line in before.statsd)


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (statsd.tasks.TI_FINISH, "airflow_ti_finish_total"),
        (statsd.dags.DAGRUN_DURATION, "airflow_dagrun_duration_seconds"),
        (statsd.dags.DAGRUN_DEPENDENCY_CHECK, "airflow_dagrun_dependency_check_seconds"),
        (statsd.scheduler.JOB_START, "airflow_job_start_total"),
        (statsd.dag_processing.DAG_PROCESSING_LAST_RUN_AGE, "airflow_dag_processing_last_run_age_seconds"),
        (statsd.internals.IO_LOAD_FILESYSTEMS, "airflow_io_load_filesystems_seconds"),
    ],
)
def test_names_are_the_registrys_with_unit_and_total(metric: Metric, name: str) -> None:
    """The Prometheus name follows the registry's: dashboards of users are written on it."""
    assert metric.name == name


def test_excluded_names_have_no_line_and_a_reason() -> None:
    """What is left out says why, and is not in the catalog after all."""
    names = {line.name for metric in statsd.METRICS for line in metric.statsd}
    assert statsd.EXCLUDED
    assert not names & statsd.EXCLUDED.keys()
    assert all(reason.strip() for reason in statsd.EXCLUDED.values())


def test_tags_are_labels_that_a_series_can_have() -> None:
    """A tag is among the labels of the series, after those that are always there."""
    assert statsd.tasks.TI_FAILURES.labels_in(STATSD_EXPORTER)[:3] == (*STATSD_EXPORTER.grouping, DAG_ID, TASK_ID)


def test_seconds_sent_as_milliseconds_are_scaled_in_their_version() -> None:
    """The scale of a line is that of its version, beside its own."""
    line = Line("rows", TIMER, seconds_as_ms=(V3,), scale=0.5)
    assert (line.scale_in(V3), line.scale_in(V2_11)) == (500, 0.5)


@pytest.mark.parametrize(
    ("package", "needs_airflow"),
    [("dashgen_plugin", "dashgen_plugin.plugin"), ("dashgen_sweeper", "dashgen_sweeper.dag")],
)
def test_what_runs_inside_airflow_does_not_load_it(package: str, needs_airflow: str) -> None:
    """Neither the plugin nor the sweeper pays for the StatsD catalog."""
    script = (
        "import importlib, pkgutil, sys; package = importlib.import_module(sys.argv[1])\n"
        "for each in pkgutil.walk_packages(package.__path__, sys.argv[1] + '.'):\n"
        "    if each.name != sys.argv[2]:\n"
        "        importlib.import_module(each.name)\n"
        "print(*sorted(name for name in sys.modules if name.startswith('dashgen.catalog')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, package, needs_airflow], check=True, capture_output=True, text=True, cwd=ROOT
    )
    loaded = done.stdout.split()
    assert "dashgen.catalog.labels" in loaded
    assert not [name for name in loaded if name.startswith("dashgen.catalog.statsd")]


WRONG_METRICS: dict[str, tuple[Callable[[], tuple[Metric, ...]], str]] = {
    "no line": (lambda: (rows(),), "comes over StatsD and has no line"),
    "lines of another source": (
        lambda: (rows(Line("rows", GAUGE), source=Source.STATSD_EXPORTER),),
        "has StatsD lines or tags, but comes from statsd_exporter",
    ),
    "tags of another source": (
        lambda: (rows(tags=(DAG_ID,), source=Source.STATSD_EXPORTER),),
        "has StatsD lines or tags",
    ),
    "name": (lambda: (rows(Line("lines", GAUGE)),), "is not named after any of its lines"),
    "unit not in name": (
        lambda: (rows(Line("rows", GAUGE), unit=Unit.BYTES),),
        "the unit is bytes but the name does not end so",
    ),
    "type": (lambda: (rows(Line("rows", TIMER)),), "line rows: a timer cannot become a gauge"),
    "timer without seconds": (
        lambda: (Summary("airflow_rows", **FIELDS, statsd=(Line("rows", TIMER),)),),
        "line rows: a timer is in seconds, not without a unit",
    ),
    "no version": (lambda: (rows(Line("rows", GAUGE, versions=())),), "versions are some of 2.11, 3"),
    "unknown version": (lambda: (rows(Line("rows", GAUGE, versions=("4",))),), "versions are some of 2.11, 3"),
    "unknown version of the bare name": (
        lambda: (rows(Line("rows", GAUGE, bare_in=(*BOTH, "4"))),),
        "versions are some of 2.11, 3",
    ),
    "legacy taken and dropped": (
        lambda: (rows(Line("rows", GAUGE, "rows.{dag_id}", dropped_legacy="rows.{run_id}"), labels=(DAG_ID,)),),
        "a legacy name is taken or dropped, not both",
    ),
    "labels in both names": (
        lambda: (rows(Line("rows.{dag_id}", GAUGE, "rows.of.{dag_id}"), labels=(DAG_ID,)),),
        "only one of its names may carry labels",
    ),
    "seconds of a gauge": (
        lambda: (rows(Line("rows", GAUGE, seconds_as_ms=(V3,))),),
        "only a timer can say milliseconds and mean seconds",
    ),
    "sent by no name": (
        lambda: (rows(Line("rows", GAUGE, bare_in=(V3,))),),
        "it is sent neither by its bare name nor by a legacy one",
    ),
    "placeholder is no label": (
        lambda: (rows(Line("rows", GAUGE, "rows.{dag_id}")),),
        "{dag_id} is no label of the metric",
    ),
    "fixed is no label": (
        lambda: (rows(Line("rows", GAUGE, fixed=((STATE, "success"),))),),
        "the fixed label state is no label of the metric",
    ),
    "fixed and in the name": (
        lambda: (rows(Line("rows", GAUGE, "rows.{state}", fixed=((STATE, "success"),)), labels=(STATE,)),),
        "label state is fixed and in the name",
    ),
    "label from nowhere": (
        lambda: (rows(Line("rows", GAUGE, "rows.{dag_id}"), labels=(DAG_ID, TASK_ID)),),
        "nothing in it says label task_id",
    ),
    "dropped tag is a tag": (
        lambda: (rows(Line("rows", GAUGE, dropped_tags=("dag_id",)), tags=(DAG_ID,)),),
        "the tag dag_id is dropped and yet a label of the metric",
    ),
    "label and tag": (
        lambda: (rows(Line("rows", GAUGE, "rows.{dag_id}"), labels=(DAG_ID,), tags=(DAG_ID,)),),
        "label dag_id is there twice",
    ),
    "two lines of one metric": (
        lambda: (
            rows(
                Line("rows", GAUGE, "rows.{dag_id}", bare_in=()),
                Line("rows.{state}", GAUGE),
                labels=(replace(DAG_ID, optional=True), replace(STATE, optional=True)),
            ),
        ),
        "Airflow 3 would send rows.* for airflow_rows as well",
    ),
    "two metrics of one line": (
        lambda: (
            rows(Line("rows", GAUGE)),
            Counter("airflow_rows_total", **FIELDS, statsd=(Line("rows", COUNTER, versions=(V3,)),)),
        ),
        "Airflow 3 would send rows for airflow_rows_total as well",
    ),
}


@pytest.mark.parametrize(("metrics", "message"), WRONG_METRICS.values(), ids=WRONG_METRICS)
def test_a_wrong_metric_is_named(metrics: Callable[[], tuple[Metric, ...]], message: str) -> None:
    """Each rule of the validation finds what breaks it."""
    assert message in found(*metrics())


@pytest.mark.parametrize(
    "metric",
    [
        rows(Line("rows", GAUGE, "rows.{dag_id}"), labels=(DAG_ID,)),
        rows(Line("rows", GAUGE, "rows.{dag_id}", bare_in=()), labels=(DAG_ID, BUNDLE_NAME), tags=(TASK_ID,)),
        rows(Line("rows", GAUGE, versions=(V3,)), Line("lines", GAUGE, versions=(V2_11,))),
        rows(Line("rows", GAUGE, dropped_legacy="rows.{job_id}", dropped_tags=("job_id",))),
        rows(Line("rows", GAUGE, versions=(V3,)), Line("rows", GAUGE, versions=(V2_11,), scale=0.1)),
    ],
)
def test_what_versions_and_tags_allow_is_no_problem(metric: Metric) -> None:
    """The forms that Airflow really has break no rule."""
    assert found(metric) == ""

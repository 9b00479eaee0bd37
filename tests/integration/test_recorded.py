"""What the recording rules record, by promtool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import recorded, recorded_statsd
from dashgen.render import prometheus
from dashgen.render.yamltext import dump
from tests.integration.rule_settings import OTHER_SETTINGS, run_promtool, told
from tests.projects import builtin, written

if TYPE_CHECKING:
    from pathlib import Path

TASK = 'dag_id="d",task_id="t",instance="i"'
RUN = 'dag_id="d",run_id="r",instance="i"'
EVERYTHING = {
    # A failed task, and one that runs, retries, was slow, and whose failure lies in this run.
    f'task_status{{job="airflow_tasks",{TASK}}}': "-1x61",
    'task_status{job="airflow_tasks",dag_id="d",task_id="u",instance="i"}': "0x61",
    'task_status{job="airflow_tasks",dag_id="d",task_id="v",instance="i"}': "2x61",
    'task_try_number{job="airflow_tasks",dag_id="d",task_id="v",instance="i"}': "3x61",
    'task_start_timestamp_seconds{job="airflow_tasks",dag_id="d",task_id="u",instance="i"}': "-40000x61",
    'task_last_failure_timestamp_seconds{job="airflow_tasks",dag_id="d",task_id="u",instance="i"}': "60x61",
    'dag_run_start_timestamp_seconds{job="airflow_dags",dag_id="d",instance="i"}': "0x61",
    f'task_duration_seconds{{job="airflow_tasks",{TASK}}}': "0.5x60 400",
    f'push_time_seconds{{job="airflow_tasks",{TASK}}}': "60x61",
    f'push_failure_time_seconds{{job="airflow_tasks",{TASK}}}': "120x61",
    'push_time_seconds{job="airflow_dags",dag_id="d",instance="i"}': "0x61",
    'push_failure_time_seconds{job="airflow_dags",dag_id="d",instance="i"}': "0x61",
    f'push_time_seconds{{job="airflow_dag_runs",{RUN}}}': "30x61",
    f'push_time_seconds{{job="airflow_task_runs",task_id="t",{RUN}}}': "40x61",
    f'task_status{{job="airflow_task_runs",task_id="t",{RUN}}}': "1x61",
    # A second deployment, of which nothing but its DAG is known.
    'push_time_seconds{job="airflow_dags",dag_id="d",instance="j"}': "90x61",
    'push_failure_time_seconds{job="airflow_dags",dag_id="d",instance="j"}': "0x61",
}
STATSD = 'job="statsd_exporter",instance="x"'
OF_DAG = f'{STATSD},dag_id="d"'
EVERYTHING |= {
    # What comes over StatsD: one of each a minute, and what is new since the last five.
    f"up{{{STATSD}}}": "1x61",
    f'airflow_ti_finish_total{{{OF_DAG},task_id="t",state="success"}}': "0+1x61",
    f'airflow_ti_finish_total{{{OF_DAG},task_id="u",state="success"}}': "_x59 3 3",
    f'airflow_ti_finish_total{{{OF_DAG},task_id="u",state="skipped"}}': "0x61",
    f'airflow_ti_finish_total{{{OF_DAG},task_id="u",state="queued"}}': "0+1x61",
    f'airflow_ti_start_total{{{OF_DAG},task_id="t"}}': "0+1x61",
    **{
        series: values
        for name, labels, seconds in (
            ("dagrun_duration", f'{OF_DAG},state="success"', 100),
            ("task_duration", f'{OF_DAG},task_id="t"', 60),
            ("task_queued_duration", f'{OF_DAG},task_id="t"', 2),
            ("task_scheduled_duration", f'{OF_DAG},task_id="t"', 4),
        )
        for series, values in (
            (f"airflow_{name}_seconds_sum{{{labels}}}", f"0+{seconds}x61"),
            (f"airflow_{name}_seconds_count{{{labels}}}", "0+1x61"),
        )
    },
    f'airflow_operator_failures_total{{{STATSD},operator_name="O"}}': "0+1x61",
    f'airflow_operator_successes_total{{{STATSD},operator_name="O"}}': "0+3x61",
    f'statsd_exporter_events_actions_total{{{STATSD},action="drop"}}': "0+1x61",
    f'statsd_exporter_events_actions_total{{{STATSD},action="map"}}': "0+3x61",
}
PER_DAG = '{instance="i",dag_id="d"}'
PER_INSTANCE = '{instance="i"}'
OVER_STATSD = '{instance="x",dag_id="d"}'
BY_STATE = '{instance="x",dag_id="d",state="%s"}'
OF_TASK = '{job="airflow_tasks",instance="i",dag_id="d",task_id="%s"}'
RECORDED: dict[str, dict[str, float]] = {
    "dag:task_status_failed:sum": {PER_DAG: 1},
    "dag:task_status_upstream_failed:sum": {PER_DAG: 0},
    "dag:task_status_up_for_retry:sum": {PER_DAG: 1},
    "dag:task_status_running:sum": {PER_DAG: 1},
    "dag:task_status_success:sum": {PER_DAG: 0},
    "dag:task_status:count": {PER_DAG: 3},
    "instance:task_status_failed:sum": {PER_INSTANCE: 1},
    "instance:task_status_upstream_failed:sum": {PER_INSTANCE: 0},
    "instance:task_status_up_for_retry:sum": {PER_INSTANCE: 1},
    "instance:task_status_running:sum": {PER_INSTANCE: 1},
    "instance:task_status_success:sum": {PER_INSTANCE: 0},
    "dag:task_run_status_failed:sum": {PER_DAG: 0},
    "dag:task_run_status_success:sum": {PER_DAG: 1},
    "dag:task_duration_seconds:max": {PER_DAG: 400},
    "task:task_duration_seconds:midnight": {},
    "task:task_duration_seconds:midnight offset 52m": {OF_TASK % "t": 0.5},
    "task:task_duration_seconds:max7d": {OF_TASK % "t": 0.5},
    "task:task_duration_seconds:ratio7d": {OF_TASK % "t": 400},
    "task:task_running_too_long:age_seconds": {OF_TASK % "u": 40000 + 3660},
    "task:task_partly_failed:age_seconds": {OF_TASK % "u": 3600},
    "task:task_retrying:try_number": {OF_TASK % "v": 3},
    "task:task_attention:worst": {OF_TASK % "t": 4, OF_TASK % "u": 3, OF_TASK % "v": 1},
    "instance:push_time_seconds:max": {'{instance="i"}': 60, '{instance="j"}': 90},
    "instance:push_failed_groups:sum": {'{instance="i"}': 1, '{instance="j"}': 0},
    "instance:groups:count": {'{instance="i"}': 4, '{instance="j"}': 1},
    "instance:per_run_groups:count": {'{instance="i"}': 2, '{instance="j"}': 0},
    "instance:per_run_series:count": {'{instance="i"}': 3, '{instance="j"}': 0},
    "instance:per_run_push_time_seconds:min": {'{instance="i"}': 30},
    "dag:airflow_ti_finish:increase5m": {BY_STATE % "success": 8, BY_STATE % "skipped": 0},
    "dag:airflow_ti_start:increase5m": {OVER_STATSD: 5},
    "dag:airflow_dagrun_duration_seconds_sum:increase5m": {BY_STATE % "success": 500},
    "dag:airflow_dagrun_duration_seconds_count:increase5m": {BY_STATE % "success": 5},
    "dag:airflow_task_duration_seconds_sum:increase5m": {OVER_STATSD: 300},
    "dag:airflow_task_duration_seconds_count:increase5m": {OVER_STATSD: 5},
    "dag:airflow_task_queued_duration_seconds_sum:increase5m": {OVER_STATSD: 10},
    "dag:airflow_task_queued_duration_seconds_count:increase5m": {OVER_STATSD: 5},
    "dag:airflow_task_scheduled_duration_seconds_sum:increase5m": {OVER_STATSD: 20},
    "dag:airflow_task_scheduled_duration_seconds_count:increase5m": {OVER_STATSD: 5},
    "operator:airflow_operator_failures:increase5m": {'{instance="x",operator_name="O"}': 5},
    "operator:airflow_operator_successes:increase5m": {'{instance="x",operator_name="O"}': 15},
    "dag:airflow_dagrun_duration_seconds:hourly": {OVER_STATSD: 100},
    "dag:airflow_dagrun_duration_seconds:hourly offset 52m": {},
    "dag:airflow_dagrun_duration_seconds:max8d": {OVER_STATSD: 100},
    "dag:airflow_dagrun_duration_seconds:ratio8d": {},
    "instance:statsd_exporter_events_dropped:ratio1h": {'{instance="x"}': 0.25},
}


def test_every_recorded_metric_is_expected() -> None:
    """No recording rule is left out below."""
    metrics = {metric.name for metric in (*recorded.METRICS, *recorded.PER_RUN_METRICS, *recorded_statsd.METRICS)}
    assert {expr.split(" ")[0] for expr in RECORDED} == metrics


@pytest.mark.parametrize("settings", OTHER_SETTINGS.values(), ids=OTHER_SETTINGS)
def test_every_rule_evaluates(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Whatever the settings, no rule ends in an error where there is something of everything."""
    project = builtin(**settings)
    folder = written(tmp_path, prometheus.files(project)) / "prometheus"
    data = {
        "rule_files": [str(file) for file in sorted((folder / "rules").iterdir())],
        "evaluation_interval": "1m",
        "group_eval_order": [group.name for group in (*project.recording, *project.alerts)],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in EVERYTHING.items()],
                "promql_expr_test": [
                    {"expr": "vector(1)", "eval_time": "61m", "exp_samples": [{"labels": "{}", "value": 1}]}
                ],
            }
        ],
    }
    file = tmp_path / "everything.yml"
    file.write_text(dump(data, "something of everything"), encoding="utf-8")
    done = run_promtool("test", "rules", file)
    assert done.returncode == 0, told(done)


def _recorded_test(folder: Path, series: dict[str, str], expected: dict[str, dict[str, float]]) -> Path:
    """Write the rules and a test of recorded series, at 01:01; return the test's path."""
    project = builtin()
    written(folder, prometheus.files(project))
    data = {
        "rule_files": [str(folder / "prometheus/rules/recording.yml")],
        "evaluation_interval": "1m",
        "group_eval_order": [group.name for group in project.recording],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": expr,
                        "eval_time": "61m",
                        "exp_samples": [
                            {"labels": (expr.split(" ")[0] + labels), "value": value}
                            for labels, value in samples.items()
                        ],
                    }
                    for expr, samples in expected.items()
                ],
            }
        ],
    }
    file = folder / "recorded.yml"
    file.write_text(dump(data, "what is recorded"), encoding="utf-8")
    return file


def test_what_is_recorded(tmp_path: Path) -> None:
    """Each recording rule makes exactly these series: 0 where there is none, absent where nothing arrives."""
    done = run_promtool("test", "rules", _recorded_test(tmp_path, EVERYTHING, RECORDED))
    assert done.returncode == 0, told(done)


def test_nothing_is_recorded_of_nothing(tmp_path: Path) -> None:
    """When nothing arrives, nothing is recorded: a 0 would hide the outage."""
    nothing: dict[str, dict[str, float]] = {expr: {} for expr in RECORDED}
    done = run_promtool("test", "rules", _recorded_test(tmp_path, {}, nothing))
    assert done.returncode == 0, told(done)


def test_usual_is_the_longest_of_seven_midnights(tmp_path: Path) -> None:
    """What took long between two midnights, eight days ago or in the last hour is not usual."""
    folder = written(tmp_path, prometheus.files(builtin())) / "prometheus"
    # By the hour, from midnight on: what stood at midnight is the first of each 24.
    days = ("100x23", "20x23", "30x23", "60x23", "20x22 900", "20x23", "20x23", "20x23", "200x23")
    by_the_hour = " ".join(days)
    values = {
        at: {OF_TASK % "t": longest}
        for at, longest in (("50h", 100), ("146h", 100), ("170h", 60), ("192h", 60), ("193h", 200))
    }
    data = {
        "rule_files": [str(folder / "rules/recording.yml")],
        "evaluation_interval": "1h",
        "group_eval_order": [group.name for group in builtin().recording],
        "tests": [
            {
                "interval": "1h",
                "input_series": [
                    {"series": f'task_duration_seconds{{job="airflow_tasks",{TASK}}}', "values": by_the_hour}
                ],
                "promql_expr_test": [
                    {
                        "expr": "task:task_duration_seconds:max7d",
                        "eval_time": at,
                        "exp_samples": [
                            {"labels": f"task:task_duration_seconds:max7d{labels}", "value": value}
                            for labels, value in samples.items()
                        ],
                    }
                    for at, samples in values.items()
                ],
            }
        ],
    }
    file = tmp_path / "usual.yml"
    file.write_text(dump(data, "usual"), encoding="utf-8")
    done = run_promtool("test", "rules", file)
    assert done.returncode == 0, told(done)


def test_a_weekly_dag_has_a_usual_duration(tmp_path: Path) -> None:
    """A run that takes three hours longer than that of the week before is compared with it; eight days count."""
    folder = written(tmp_path, prometheus.files(builtin())) / "prometheus"
    labels = '{instance="x",dag_id="d",state="success"}'
    # By the hour: a week is 168 of them, and a run of the second week ends three hours later.
    ends = {2: 3600, 2 + 168 + 3: 14400}
    seconds, runs = (" ".join(str(of.get(hour, 0)) for hour in range(370)) for of in (ends, dict.fromkeys(ends, 1)))
    expected = {
        "max8d": {"173h": 3600, "174h": 14400, "365h": 14400, "369h": None},
        "ratio8d": {"172h": None, "173h": 4},
    }
    recorded_as = "dag:airflow_dagrun_duration_seconds"
    data = {
        "rule_files": [str(folder / "rules/recording.yml")],
        "evaluation_interval": "1h",
        "group_eval_order": [group.name for group in builtin().recording],
        "tests": [
            {
                "interval": "1h",
                "input_series": [
                    {"series": f"{recorded_as}_sum:increase5m{labels}", "values": seconds},
                    {"series": f"{recorded_as}_count:increase5m{labels}", "values": runs},
                ],
                "promql_expr_test": [
                    {
                        "expr": f"{recorded_as}:{name}",
                        "eval_time": at,
                        "exp_samples": []
                        if value is None
                        else [{"labels": f"{recorded_as}:{name}{OVER_STATSD}", "value": value}],
                    }
                    for name, values in expected.items()
                    for at, value in values.items()
                ],
            }
        ],
    }
    file = tmp_path / "weekly.yml"
    file.write_text(dump(data, "weekly"), encoding="utf-8")
    done = run_promtool("test", "rules", file)
    assert done.returncode == 0, told(done)

"""The generated rules, read and tested by the real programs."""

from __future__ import annotations

import http.client
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import pipeline, recorded, recorded_statsd
from dashgen.catalog.model import FLEET
from dashgen.render import prometheus
from dashgen.render.yamltext import dump
from dashgen.settings import AlertSettings, StatsdSettings, SuccessAge
from tests.programs import CHECKOUT, pint, promtool
from tests.projects import builtin, written
from tests.pruned_rules import pruned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.servers import Pushgateway

HOUR = 3600
DAY = 86400


def _promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = (str(promtool()), *map(str, arguments))
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _told(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what the built-in project renders for Prometheus."""
    return written(tmp_path_factory.mktemp("rules"), prometheus.files(builtin())) / "prometheus"


def _tests(folder: Path, pattern: str = "*") -> Sequence[Path]:
    return sorted((folder / "tests").glob(f"{pattern}.yml"))


def test_promtool_accepts_rules_and_configuration(folder: Path) -> None:
    """Promtool finds no fault in the rules, nor in the configuration that names them."""
    rules = _promtool("check", "rules", "--lint=all", "--lint-fatal", *(folder / "rules").iterdir())
    assert rules.returncode == 0, _told(rules)
    configuration = _promtool("check", "config", "--lint=all", "--lint-fatal", folder / "prometheus.yml")
    assert configuration.returncode == 0, _told(configuration)
    assert "2 rule files found" in configuration.stdout


def test_pint_finds_nothing(folder: Path) -> None:
    """Pint reports nothing beyond what .pint.hcl switches off with a reason."""
    command = (str(pint()), "--config", str(CHECKOUT / ".pint.hcl"), "--offline", "--no-color", "lint")
    severity = ("--min-severity=info", "--fail-on=info")
    done = subprocess.run((*command, *severity, str(folder / "rules")), capture_output=True, text=True, check=False)
    assert done.returncode == 0, _told(done)
    assert "entries=" in done.stderr
    assert "level=WARN" not in done.stderr
    assert "Problems found" not in done.stderr


def test_pint_would_find_a_fault(tmp_path: Path) -> None:
    """Pint, started as above, reports an alert without a condition."""
    rules = dump({"groups": [{"name": "x", "rules": [{"alert": "X", "expr": "foo"}]}]}, "broken")
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    command = (str(pint()), "--config", str(CHECKOUT / ".pint.hcl"), "--offline", "--no-color", "lint")
    severity = ("--min-severity=info", "--fail-on=info")
    done = subprocess.run((*command, *severity, str(tmp_path)), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "alerts/comparison" in _told(done)


OTHER_SETTINGS: dict[str, dict[str, Any]] = {
    "built-in": {},
    "fleet only": {"generations": (FLEET,)},
    "no StatsD": {"statsd": StatsdSettings(enabled=False)},
    "timers as histograms": {"statsd": StatsdSettings(timers="histogram")},
    "other limits": {
        "thresholds": {
            "task_running_too_long": 90,
            "dag_run_running_too_long": 5 * DAY,
            "duration_factor": 2.5,
            "duration_floor": 10,
            "no_push": 7 * DAY,
            "sweeper_late": HOUR,
            "gateway_samples": 1_000,
            "gateway_memory": 3 * 10**9,
            "dag_parse_time": 30,
            "schedule_delay": HOUR,
            "run_duration_factor": 1.5,
            "run_duration_floor": 5,
            "operator_failure_share": 0.25,
            "operator_failures_least": 3,
            "tasks_killed": 0,
            "statsd_drop_share": 0.02,
        },
        "success_age": (SuccessAge("sal.*", 2 * DAY), SuccessAge(".*", 30 * DAY)),
    },
    "other holds": {
        "alerts": {
            name: AlertSettings(hold=hold, severity="info")
            for name, hold in (
                ("AirflowTaskFailed", "3m"),
                ("AirflowTaskPartlyFailed", "90s"),
                ("AirflowTaskRunningTooLong", "10m"),
                ("AirflowDagNoSuccess", "1h"),
                ("AirflowNotPushing", "30m"),
                ("AirflowTaskRetryingTooLong", "0m"),
                ("PushgatewayDown", "0s"),
                ("PushgatewaySweeperFailing", "2h"),
                ("AirflowSchedulerHeartbeatStopped", "0s"),
                ("AirflowPoolStarving", "1h"),
                ("StatsdExporterDown", "1m"),
                ("Watchdog", "2m"),
            )
        },
        "extra_labels": {"team": "a: b"},
        "grafana_url": "https://grafana.example",
    },
}


def _assert_pass(tests: Sequence[Path]) -> None:
    done = _promtool("test", "rules", *tests)
    assert done.returncode == 0, _told(done)
    assert done.stdout.count("SUCCESS") == len(tests)


def test_all_tests_pass_with_all_rules(folder: Path) -> None:
    """The generated tests hold for the generated rules, run as whoever has them does."""
    _assert_pass(_tests(folder))


@pytest.mark.parametrize("settings", OTHER_SETTINGS.values(), ids=OTHER_SETTINGS)
def test_every_alerts_tests_pass(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Whatever the settings, each alert's tests hold for it and what it reads of the generated rules."""
    project = builtin(**settings)
    assert list(prometheus.problems(project)) == []
    folder = written(tmp_path, prometheus.files(project)) / "prometheus"
    _assert_pass([pruned(test, tmp_path / test.stem) for test in _tests(folder)])


# Each is a change to the rules alone, and the alert whose tests must notice it.
MUTATIONS = {
    "== -1": ("AirflowTaskFailed", "alerts", r"(airflow_tasks\"}) == -1", r"\1 == 1"),
    "failed run": ("AirflowDagRunFailed", "alerts", r"(airflow_dags\"}) == -1", r"\1 == 0"),
    "partly, strict": ("AirflowTaskPartlyFailed", "recording", ">= on ", "> on "),
    "partly, any run": ("AirflowTaskPartlyFailed", "recording", r"on \(instance, ", "on ("),
    "partly, failed": ("AirflowTaskPartlyFailed", "recording", "!= -1", "!= 7"),
    "running limit": ("AirflowTaskRunningTooLong", "recording", "> 21600", "> 21660"),
    "alert's running limit": ("AirflowTaskRunningTooLong", "alerts", "> 21600", "> 21660"),
    "run limit": ("AirflowDagRunRunningTooLong", "alerts", "> 43200", "> 43260"),
    "run limit, inclusive": ("AirflowDagRunRunningTooLong", "alerts", "> 43200", ">= 43200"),
    "success age": ("AirflowDagNoSuccess", "alerts", "> 691200", "> 691260"),
    "success age, inclusive": ("AirflowDagNoSuccess", "alerts", "> 691200", ">= 691200"),
    "never succeeded, gap": (
        "AirflowDagNoSuccess_30m",
        "alerts",
        r"last_over_time\((dag_run_start[^\[]*)\[1h\] offset 8d\)",
        r"\1 offset 8d",
    ),
    "gap": ("AirflowTaskFailed", "alerts", r" +keep_firing_for: 5m\n", ""),
    "gap, longer": ("AirflowDagRunFailed", "alerts", "keep_firing_for: 5m", "keep_firing_for: 6m"),
    "never succeeded": ("AirflowDagNoSuccess_8d", "alerts", ">= 691200", "> 691200"),
    "still there": ("AirflowDagNoSuccess_8d", "alerts", r"\n *and dag_run_start[^ ]* unless", " unless"),
    "retry hold": ("AirflowTaskRetryingTooLong", "alerts", "for: 2h", "for: 119m"),
    "retry, first attempt": ("AirflowTaskRetryingTooLong", "recording", r"> 1(\n +and)", r">= 1\1"),
    "retry, gap in attempts": (
        "AirflowTaskRetryingTooLong",
        "recording",
        r"last_over_time\((task_try_number[^\[]*)\[5m\]\)",
        r"\1",
    ),
    "retry, gap in states": (
        "AirflowTaskRetryingTooLong",
        "recording",
        r"last_over_time\((task_status[^\[]*)\[5m\]\)",
        r"\1",
    ),
    "retry, gap in starts": (
        "AirflowTaskRetryingTooLong",
        "recording",
        r"last_over_time\((task_start[^\[]*)\[5m\]\)",
        r"\1",
    ),
    "retry, long attempt": ("AirflowTaskRetryingTooLong_30m", "recording", "<= 3600", "<= 7200"),
    "slow factor": ("AirflowTaskSlow", "recording", r"1\) > 3", "1) > 4"),
    "slow floor": ("AirflowTaskSlow", "recording", "> 300", ">= 300"),
    "no push": ("AirflowNotPushing", "alerts", "> 93600", ">= 93600"),
    "no push, forgotten": ("AirflowNotPushing_1h", "alerts", r"max_over_time\((.*)\[50h\]\)", r"\1"),
    "gateway hold": ("PushgatewayDown", "alerts", "for: 5m", "for: 6m"),
    "gateway absent": ("PushgatewayDown", "alerts", r"or\n *absent\(.*\)", ""),
    "samples": ("PushgatewayTooManySamples", "alerts", "> 500000", ">= 500000"),
    "memory": ("PushgatewayMemoryHigh", "alerts", "> 1073741824", ">= 1073741824"),
    "refused": ("PushgatewayPushesFailing", "alerts", r"sum\[5m\]\) > 0", "sum[5m]) > 1"),
    "refused, gap": (
        "PushgatewayPushesFailing",
        "alerts",
        r"last_over_time\((instance:push_failed_groups:sum)\[5m\]\)",
        r"\1",
    ),
    "first error": ("PushgatewayPushesFailing", "alerts", r"or\n +count by (?s:.*?\) > 0)", ""),
    "first error, old": ("PushgatewayPushesFailing", "alerts", r"\n +unless last_over_time\(.*", ""),
    "first error, new gateway": ("PushgatewayPushesFailing", "alerts", r"\n +and on \(instance\) up.*", ""),
    "status": ("PushgatewayPushesFailing", "alerts", r'code!~"2\.\."', 'code!~"4.."'),
    "sweeper late": ("PushgatewaySweeperMissing", "alerts", "<= 93600", "< 93600"),
    "sweeper of another": ("PushgatewaySweeperMissing", "alerts", r"max\(", "min("),
    "sweeper, gap": (
        "PushgatewaySweeperMissing",
        "alerts",
        r"last_over_time\((instance:per_run_groups:count)\[5m\]\)",
        r"\1",
    ),
    "sweeper never good": ("PushgatewaySweeperFailing", "alerts", r" or 0 \* [^)]*\)", ")"),
    "heartbeat": (
        "AirflowSchedulerHeartbeatStopped",
        "alerts",
        r"(scheduler_heartbeat_total{[^}]*}\[5m\]\)\)) == 0(\n +or)",
        r"\1 == 7\2",
    ),
    "heartbeat, window": (
        "AirflowSchedulerHeartbeatStopped_2m",
        "alerts",
        r"increase\((airflow_scheduler_heartbeat_total{[^}]*})\[5m\]\)\) == 0(\n +or)",
        r"increase(\1[9m])) == 0\2",
    ),
    "heartbeat, forgotten": ("AirflowTriggererStopped_2m", "alerts", r"count by (.*)\[1d\]", r"count by \1[5m]"),
    "triggerer, nothing deferred": (
        "AirflowTriggererStopped",
        "alerts",
        r"\n +unless on \(instance\) .*pool_deferred_slots.*",
        "",
    ),
    "triggerer, forgotten": (
        "AirflowTriggererStopped_2m",
        "alerts",
        r"\n +unless on \(instance\) .*pool_deferred_slots.*",
        "",
    ),
    "triggerer, deferred": ("AirflowTriggererStopped_2m", "alerts", r"(pool_deferred_slots.*) == 0", r"\1 >= 0"),
    "triggerer, moment": (
        "AirflowTriggererStopped",
        "alerts",
        r"min_over_time\((airflow_pool_deferred)",
        r"max_over_time(\1",
    ),
    "heartbeat, down": ("AirflowDagProcessorStopped_2m", "alerts", r"\n +and on \(instance\) max_over_time\(up.*", ""),
    "heartbeat, heard again": (
        "AirflowSchedulerHeartbeatStopped",
        "alerts",
        r"\n +unless on \(instance\) last_over_time\(airflow_scheduler.*",
        "",
    ),
    "import errors": ("AirflowDagImportErrors", "alerts", r"(import_errors.*) > 0", r"\1 > 1"),
    "import errors, gap": ("AirflowDagImportErrors", "alerts", r"max_over_time\((.*import_errors.*)\[5m\]\)", r"\1"),
    "import errors, overwritten": (
        "AirflowDagImportErrors_2m",
        "alerts",
        r"max_over_time\((.*import_errors)",
        r"last_over_time(\1",
    ),
    "import errors, gone": (
        "AirflowDagImportErrors",
        "alerts",
        r"\n +unless on .*scheduler_heartbeat.*\[5m\]\)\) == 0",
        "",
    ),
    "parse time, overwritten": (
        "AirflowDagParsingSlow_2m",
        "alerts",
        r"max_over_time\((.*total_parse_time)",
        r"last_over_time(\1",
    ),
    "parse time": ("AirflowDagParsingSlow", "alerts", "> 300", ">= 300"),
    "pool, full": ("AirflowPoolStarving", "alerts", r"(pool_open_slots.*) <= 0", r"\1 <= 1"),
    "pool, made smaller": ("AirflowPoolStarving", "alerts", r"(pool_open_slots.*) <= 0", r"\1 == 0"),
    "pool, without a limit": ("AirflowPoolStarving", "alerts", r"(pool_open_slots.*) <= 0", r"\1 != 1"),
    "pool, starved once": ("AirflowPoolStarving", "alerts", r"\n +and on \(instance\) .*tasks_starving.*", ""),
    "pool, starving": ("AirflowPoolStarving", "alerts", r"\n +or min_over_time\(airflow_pool_starving.*", ""),
    "pool, waiting": ("AirflowPoolStarving", "alerts", r"(pool_scheduled_slots.*) > 0\n +and", r"\1 >= 0\n      and"),
    "pool, moments": (
        "AirflowPoolStarving_2m",
        "alerts",
        r"quantile_over_time\(0.5, airflow_pool",
        "max_over_time(airflow_pool",
    ),
    "executor, full": ("AirflowExecutorFull", "alerts", r"(executor_open_slots.*) <= 0", r"\1 <= 1"),
    "executor, waiting": ("AirflowExecutorFull", "alerts", r"sum (.*pool_scheduled_slots.*) > 0", r"sum \1 >= 0"),
    "executor, queued": ("AirflowExecutorFull", "alerts", r"\n +or sum .*executor_queued_tasks.*", ""),
    "schedule delay": ("AirflowScheduleDelay", "alerts", "> 600", ">= 600"),
    "schedule delay, first": (
        "AirflowScheduleDelay",
        "alerts",
        r"\(airflow_dagrun_schedule_delay\S+ unless .*? or increase",
        "(increase",
    ),
    "run duration, factor": ("AirflowRunDurationHigh", "recording", r"(max8d, 1\)) > 3", r"\1 > 4"),
    "run duration, floor": ("AirflowRunDurationHigh", "recording", "> 600", ">= 600"),
    "run duration, usual": ("AirflowRunDurationHigh", "recording", r"(:hourly\[8d\]) offset 1h", r"\1"),
    "operator, share": ("AirflowOperatorFailureRate", "alerts", "> 50", ">= 50"),
    "operator, never good": (
        "AirflowOperatorFailureRate",
        "alerts",
        r"(increase5m\[1h\]\)\)) or sum by [^)]*\) \(sum_over_time[^)]*\)\)\)",
        r"\1)",
    ),
    "operator, least": ("AirflowOperatorFailureRate", "alerts", "/ 5 >= 10", "/ 5 >= 1"),
    "killed": ("AirflowTasksKilled", "alerts", "> 5", ">= 5"),
    "killed, first": (
        "AirflowTasksKilled",
        "alerts",
        r"\(airflow_scheduler_tasks_killed\S+ unless .*? or increase",
        "(increase",
    ),
    "killed, orphaned": ("AirflowTasksKilled", "alerts", r"\n +or\n +sum .*orphaned.*", ""),
    "exporter absent": ("StatsdExporterDown", "alerts", r"or\n *absent\(up{job=.statsd.*\)", ""),
    "exporter, lines": ("StatsdExporterReceivesNothing", "alerts", r"(lines_total.*) == 0", r"\1 >= 0"),
    "exporter, share": ("StatsdExporterDropsMore_30m", "alerts", "> 0.1", "> 0.02"),
    "exporter, before": (
        "StatsdExporterDropsMore_30m",
        "alerts",
        r"ratio1h - max_over_time(?s:.*?) > 0.1",
        "ratio1h > 0.1",
    ),
    "exporter, hours ago": ("StatsdExporterDropsMore_30m", "alerts", r"\[7d\]\s+offset\s+1d", "[7d] offset 1h"),
    "exporter, week": ("StatsdExporterDropsMore_30m", "alerts", r"\[7d\]\s+offset\s+1d", "[1d] offset 1d"),
    "exporter, first days": ("StatsdExporterDropsMore_30m", "alerts", r"\n +and last_over_time\(instance:.*", ""),
    "exporter, unmapped": ("StatsdExporterUnmapped", "alerts", r"(unmapped_total.*) > 0", r"\1 >= 0"),
    "severity": ("Watchdog", "alerts", "severity: none", "severity: warning"),
    "annotation": ("Watchdog", "alerts", "Alerts arrive", "Alerts come"),
}


@pytest.mark.parametrize(("tests", "file", "old", "new"), MUTATIONS.values(), ids=MUTATIONS)
def test_the_tests_notice_a_change(tmp_path: Path, tests: str, file: str, old: str, new: str) -> None:
    """A change of a threshold, a label, a hold or a text in the rules fails that alert's tests."""
    folder = written(tmp_path, prometheus.files(builtin())) / "prometheus"
    rules = folder / "rules" / f"{file}.yml"
    changed, count = re.subn(old, new, rules.read_text(encoding="utf-8"))
    assert count
    rules.write_text(changed, encoding="utf-8")
    (test,) = _tests(folder, tests)
    done = _promtool("test", "rules", pruned(test, tmp_path / "pruned"))
    assert done.returncode == 1, _told(done)
    assert "FAILED" in _told(done)
    assert "error" not in done.stderr.lower() or "exp:" in _told(done)


def test_what_the_gateway_marks_as_failed(pushgateway: Pushgateway) -> None:
    """Without the consistency check it marks timestamps, refuses what it can't read, and accepts contradictions."""

    def exposed() -> tuple[int, str]:
        status, body = pushgateway.request("GET", "/metrics")
        return status, body.decode()

    def is_marked() -> bool:
        return re.search(rf"(?m)^{pipeline.PUSH_FAILURE_TIME}{{.*}} [1-9]", exposed()[1]) is not None

    pushgateway.push("job/a/n/1", "answer 42\n")
    status, _ = pushgateway.request("POST", "/metrics/job/a/n/1", "no number here\n")
    assert status == http.client.BAD_REQUEST
    assert not is_marked()
    pushgateway.push("job/a/n/1", "answer 42 1000\n")
    _eventually(is_marked)
    pushgateway.push("job/a/n/2", "# TYPE answer counter\nanswer 42\n")
    _eventually(lambda: exposed()[0] == http.client.INTERNAL_SERVER_ERROR)


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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
    done = _promtool("test", "rules", file)
    assert done.returncode == 0, _told(done)


def _recorded_test(folder: Path, series: dict[str, str], expected: dict[str, dict[str, float]]) -> Path:
    """Write a test of recorded series, at 01:01."""
    project = builtin()
    data = {
        "rule_files": [str(folder / "rules/recording.yml")],
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


def test_what_is_recorded(folder: Path) -> None:
    """Each recording rule makes exactly these series: 0 where there is none, absent where nothing arrives."""
    done = _promtool("test", "rules", _recorded_test(folder, EVERYTHING, RECORDED))
    assert done.returncode == 0, _told(done)


def test_nothing_is_recorded_of_nothing(folder: Path) -> None:
    """When nothing arrives, nothing is recorded: a 0 would hide the outage."""
    nothing: dict[str, dict[str, float]] = {expr: {} for expr in RECORDED}
    done = _promtool("test", "rules", _recorded_test(folder, {}, nothing))
    assert done.returncode == 0, _told(done)


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
    done = _promtool("test", "rules", file)
    assert done.returncode == 0, _told(done)


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
    done = _promtool("test", "rules", file)
    assert done.returncode == 0, _told(done)


def test_each_dag_has_the_age_of_its_first_match(tmp_path: Path) -> None:
    """Of several ages, a DAG has that of the first entry that matches its whole id."""
    ages = (SuccessAge("hourly", 100), SuccessAge("hourly.*|x", 200), SuccessAge(".*", 400))
    folder = written(tmp_path, prometheus.files(builtin(success_age=ages))) / "prometheus"
    last_success = "dag_run_last_success_timestamp_seconds"
    series = [
        f'{last_success}{{job="airflow_dags",dag_id="{dag}",instance="i"}}' for dag in ("hourly", "hourly_b", "z")
    ]
    looks = {"2m": 1, "4m": 2, "7m": 3}
    data = {
        "rule_files": [str(folder / "rules/alerts.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": "0x10"} for name in series],
                "promql_expr_test": [
                    {
                        "expr": 'count(ALERTS{alertname="AirflowDagNoSuccess"})',
                        "eval_time": at,
                        "exp_samples": [{"labels": "{}", "value": count}],
                    }
                    for at, count in looks.items()
                ],
            }
        ],
    }
    file = tmp_path / "ages.yml"
    file.write_text(dump(data, "ages"), encoding="utf-8")
    done = _promtool("test", "rules", file)
    assert done.returncode == 0, _told(done)

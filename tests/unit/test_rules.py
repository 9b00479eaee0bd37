"""The rules' definitions, and the text that they become."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dashgen import durations, promql
from dashgen.catalog import airflow, pipeline, recorded, recorded_statsd, statsd
from dashgen.catalog.labels import PER_RUN_JOBS, PUSHGATEWAY_SWEEPER, STATSD_EXPORTER
from dashgen.catalog.model import FLEET, Threshold
from dashgen.render import alertmanager, prometheus, provisioning
from dashgen.render.ruletests import ended, lengthened
from dashgen.render.yamltext import load
from dashgen.rules.model import NO_HOLD, Alert, Case, Record
from dashgen.schema import check_provisioning
from dashgen.settings import AlertSettings, Settings, StatsdSettings, SuccessAge
from tests.programs import CHECKOUT
from tests.projects import builtin, with_alert

if TYPE_CHECKING:
    from dashgen.definitions import Project

HOUR = 3600
LOOKBACK_SECONDS = 300

PROJECT = builtin()
ALERTS = {alert.name: alert for alert in prometheus.alerts_of(PROJECT)}
RECORDS = [rule for group in PROJECT.recording for rule in group.rules if isinstance(rule, Record)]


def _rules(project: Project, file: str) -> dict[str, dict[str, Any]]:
    """Return the rendered rules of a file by name."""
    groups = load(prometheus.files(project)[f"prometheus/rules/{file}.yml"])["groups"]
    return {rule.get("record") or rule["alert"]: rule for group in groups for rule in group["rules"]}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_every_alert_is_proved_both_ways(alert: Alert) -> None:
    """An alert has a case in which it fires and, unless it never is, one in which it is silent."""
    assert any(case.fires for case in alert.cases)
    assert alert.heartbeat or any(not case.fires for case in alert.cases)


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_every_alert_leads_somewhere(alert: Alert) -> None:
    """An alert has a severity of ours, an owner, and a runbook whose every part says something."""
    assert alert.severity in ({"none"} if alert.heartbeat else {"critical", "warning", "info"})
    assert alert.owner
    assert all(vars(alert.runbook).values())


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_what_fires_is_named(alert: Alert) -> None:
    """Summary and description name the labels that the alert is about, and each case has them."""
    told = alert.summary + alert.description
    for label in alert.about:
        assert label.annotation in told
        assert all(label.name in firing.labels for case in alert.cases for firing in case.fires)


def test_every_recorded_metric_is_made_once() -> None:
    """The records and the catalog's recorded metrics are the same."""
    made = [record.metric for record in RECORDS]
    assert len(made) == len(set(made))
    assert set(made) == {*recorded.METRICS, *recorded.PER_RUN_METRICS, *recorded_statsd.METRICS}


def test_groups_stay_within_the_lookback() -> None:
    """Every group runs often enough for its series to be seen between two runs, in 30 s to 4 m."""
    intervals = [durations.parse(group.interval) for group in (*PROJECT.recording, *PROJECT.alerts)]
    assert min(intervals) >= 30
    assert max(intervals) <= 240 < LOOKBACK_SECONDS


def test_names_of_groups_are_unique() -> None:
    """The tests name the groups in their order, across both files."""
    names = [group.name for group in (*PROJECT.recording, *PROJECT.alerts)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", [*RECORDS, *ALERTS.values()], ids=lambda rule: getattr(rule, "name", None))
def test_every_expression_parses(rule: Record | Alert) -> None:
    """The expression is PromQL, and each of its selectors of a metric with jobs names one."""
    for selector in promql.parse(rule.expr).selectors:
        metric = PROJECT.catalog.by_name.get(selector.name)
        if metric is None or metric.jobs:
            assert any(matcher.label == "job" for matcher in selector.matchers)


def test_without_the_per_run_generation_nothing_reads_it() -> None:
    """With the fleet alone no rule selects a per-run job, and no alert links to V2."""
    project = builtin(generations=(FLEET,))
    told = [part for alert in prometheus.alerts_of(project) for part in vars(alert.runbook).values()]
    text = "".join((*prometheus.files(project).values(), *told))
    assert not [job.name for job in (*PER_RUN_JOBS, PUSHGATEWAY_SWEEPER) if job.name in text]
    assert "sweeper" not in text
    assert "heartbeat: schedule a DAG" in text
    assert not [alert.name for alert in prometheus.alerts_of(project) if alert.panel.startswith("v2/")]
    assert list(prometheus.problems(project)) == []


def test_without_statsd_nothing_reads_it() -> None:
    """With StatsD off no rule selects the exporter's job or a record of it, and no alert links to its dashboards."""
    project = builtin(statsd=StatsdSettings(enabled=False))
    text = "".join(prometheus.files(project).values())
    names = (STATSD_EXPORTER.name, *(metric.name for metric in recorded_statsd.METRICS))
    assert not [name for name in names if name in text]
    assert not [alert.name for alert in prometheus.alerts_of(project) if not alert.panel.startswith(("v2/", "v3/"))]
    assert list(prometheus.problems(project)) == []


def test_the_exporters_outage_silences_what_is_its_own() -> None:
    """While an exporter is down the heartbeats that it does not hear are told of by no alert, those of others are."""
    (rule,) = (
        rule
        for rule in load(alertmanager.files(PROJECT)["alertmanager/alertmanager.yml"])["inhibit_rules"]
        if rule["source_matchers"] == ['alertname="StatsdExporterDown"']
    )
    (matcher,) = rule["target_matchers"]
    silenced = matcher.removeprefix('alertname=~"').removesuffix('"').split("|")
    assert set(silenced) < ALERTS.keys()
    assert "AirflowSchedulerHeartbeatStopped" in silenced
    assert rule["equal"] == ["instance"]


THRESHOLDS = [limit for metric in (*airflow.METRICS, *pipeline.METRICS, *statsd.METRICS) for limit in metric.thresholds]


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda threshold: threshold.name)
def test_thresholds_come_from_the_settings(threshold: Threshold) -> None:
    """Changing a threshold changes the rules."""
    changed = builtin(thresholds={threshold.name: threshold.value * 1.5})
    rules = ("prometheus/rules/recording.yml", "prometheus/rules/alerts.yml")
    before, after = prometheus.files(PROJECT), prometheus.files(changed)
    assert [before[path] for path in rules] != [after[path] for path in rules]


def test_settings_change_an_alert() -> None:
    """The settings' hold and severity replace the definition's, and an alert can be switched off."""
    changes = {
        "AirflowTaskFailed": AlertSettings(hold="10m", severity="info"),
        "AirflowTaskSlow": AlertSettings(enabled=False),
        "Watchdog": AlertSettings(enabled=False),
    }
    rules = _rules(builtin(alerts=changes), "alerts")
    assert rules["AirflowTaskFailed"]["for"] == "10m"
    assert rules["AirflowTaskFailed"]["labels"]["severity"] == "info"
    assert _rules(PROJECT, "alerts").keys() - rules.keys() == {"AirflowTaskSlow", "Watchdog"}
    groups = load(prometheus.files(builtin(alerts=changes))["prometheus/rules/alerts.yml"])["groups"]
    assert "watchdog" not in [group["name"] for group in groups]


def test_the_first_matching_age_wins() -> None:
    """A DAG is under the first entry that matches; entries after one that matches all are out."""
    ages = (SuccessAge("hourly_.*", HOUR), SuccessAge(".*_a", 2 * HOUR), SuccessAge(".*", 3 * HOUR))
    expr = _rules(builtin(success_age=(*ages, SuccessAge("never", 1))), "alerts")["AirflowDagNoSuccess"]["expr"]
    success = "dag_run_last_success_timestamp_seconds"
    assert f'time() - {success}{{job="airflow_dags",dag_id=~"hourly_.*"}} > 3600' in expr
    assert f'time() - {success}{{job="airflow_dags",dag_id!~"hourly_.*",dag_id=~".*_a"}} > 7200' in expr
    assert f'time() - {success}{{job="airflow_dags",dag_id!~"hourly_.*",dag_id!~".*_a"}} > 10800' in expr
    assert "never" not in expr


def test_links_are_whole_and_chosen() -> None:
    """The annotations link to runbook and panel, with the variables of what fires filled in."""
    project = builtin(grafana_url="https://g.example/", runbook_base_url="https://r.example/b/")
    found = _rules(project, "alerts")["AirflowTaskFailed"]["annotations"]
    (board,) = (board for board in project.dashboards if board.key == "v3")
    assert found["runbook_url"] == "https://r.example/b/task-failed.md"
    assert found["dashboard_url"] == (
        f"https://g.example/d/{board.uid}?viewPanel={board.panel_id('attention')}"
        "&var-instance={{ $labels.instance | urlquery }}"
        "&var-dag_id={{ $labels.dag_id | urlquery }}&var-task_id={{ $labels.task_id | urlquery }}"
    )


def test_links_are_relative_without_addresses() -> None:
    """Without addresses in the settings the links are paths."""
    found = _rules(PROJECT, "alerts")["PushgatewayDown"]["annotations"]
    assert found["runbook_url"] == "docs/runbooks/gateway-down.md"
    assert found["dashboard_url"].startswith("/d/airflow-observability-v3?viewPanel=")
    assert "var-" not in found["dashboard_url"]


def test_extra_labels_are_on_every_alert() -> None:
    """The settings' labels are on each alert and on what Prometheus sends, whatever is in them."""
    hostile = 'a: "b" # ünï \\ {{ x }}'
    project = builtin(extra_labels={"team": hostile})
    assert {rule["labels"]["team"] for rule in _rules(project, "alerts").values()} == {hostile}
    config = load(prometheus.files(project)["prometheus/prometheus.yml"])
    assert config["global"]["external_labels"] == {"team": hostile}


def test_the_headers_name_the_definitions() -> None:
    """A generated file says which modules to edit, by paths that are the same on every machine."""
    files = prometheus.files(PROJECT)
    modules = "dashgen/rules/recording.py, dashgen/rules/recording_statsd.py"
    assert files["prometheus/rules/recording.yml"].startswith(f"# Generated by dashgen from {modules}:")
    assert not [path for path, text in files.items() if str(CHECKOUT) in text]


def test_prometheus_is_configured_for_pushed_series() -> None:
    """The gateway's scrape keeps the pushed job and instance; targets come from the settings."""
    project = builtin(pushgateway_targets=("a:1", "b:2"), alertmanager_targets=("c:3",))
    config = load(prometheus.files(project)["prometheus/prometheus.yml"])
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert jobs["pushgateway"]["honor_labels"] is True
    assert jobs["pushgateway"]["static_configs"] == [{"targets": ["a:1", "b:2"]}]
    assert config["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["c:3"]}]}]
    assert config["global"]["scrape_interval"] == "30s"
    assert jobs["pushgateway"]["scrape_timeout"] == "25s"


def test_alertmanager_has_what_the_alerts_inhibit() -> None:
    """Grouping, the heartbeat's own route and the inhibitions follow from the alerts."""
    config = load(alertmanager.files(PROJECT)["alertmanager/alertmanager.yml"])
    assert config["route"]["group_by"] == ["instance", "dag_id"]
    assert config["route"]["routes"][0]["matchers"] == ['alertname=~"Watchdog"']
    assert [rule["source_matchers"] for rule in config["inhibit_rules"]] == [
        ['alertname="AirflowDagRunFailed"'],
        ['alertname="PushgatewayDown"'],
        ['alertname="StatsdExporterDown"'],
    ]


def test_alertmanager_without_those_alerts() -> None:
    """Alerts that are switched off leave neither route nor inhibition behind."""
    off = AlertSettings(enabled=False)
    changes = dict.fromkeys(("Watchdog", "PushgatewayDown", "AirflowDagRunFailed", "StatsdExporterDown"), off)
    config = load(alertmanager.files(builtin(alerts=changes))["alertmanager/alertmanager.yml"])
    assert "routes" not in config["route"]
    assert "inhibit_rules" not in config


@pytest.mark.parametrize("kind", ["datasources", "dashboards"])
def test_provisioning_is_what_grafana_reads(kind: Any) -> None:  # noqa: ANN401  (a literal of two)
    """The provisioning files have no key that Grafana would silently ignore."""
    (text,) = (text for path, text in provisioning.files(PROJECT).items() if f"/{kind}/" in path)
    assert list(check_provisioning(load(text), kind)) == []


def test_provisioning_follows_the_settings() -> None:
    """The data source has the settings' uid and address; a dollar is no variable for Grafana."""
    files = provisioning.files(builtin(datasource_uid="prom", prometheus_url="http://p/$x", grafana_folder='A "B"'))
    (source,) = load(files["grafana/provisioning/datasources/prometheus.yaml"])["datasources"]
    (provider,) = load(files["grafana/provisioning/dashboards/airflow.yaml"])["providers"]
    assert (source["uid"], source["url"]) == ("prom", "http://p/$$x")
    assert provider["folder"] == 'A "B"'


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"panel": "v3/atention"}, "no dashboard has a panel v3/atention", "Did you mean v3/attention?"),
    ({"summary": "{{ $value | printf }}"}, "can't foresee what {{ $value | printf }} becomes", "humanizeDuration"),
    ({"hold": "2 h"}, "its hold: '2 h' is no duration", ""),
    ({"keep_firing_for": "5"}, "its keep_firing_for: '5' is no duration", ""),
    ({"cases": (Case("x", {}, at="soon"),)}, "case \"x\": at: 'soon' is no duration", ""),
    ({"cases": (Case("x", {}, interval="0m"),)}, 'case "x": interval: must be longer than 0', ""),
    (
        {"runbook": replace(ALERTS["Watchdog"].runbook, slug="task-failed")},
        "its runbook has the page task-failed of AirflowTaskFailed's, which differs",
        "slug",
    ),
]


@pytest.mark.parametrize(("change", "message", "hint"), WRONG, ids=[wrong[1] for wrong in WRONG])
def test_an_alert_that_leads_nowhere_is_a_problem(change: dict[str, Any], message: str, hint: str) -> None:
    """What is wrong with an alert is told with its place."""
    alert = replace(ALERTS["Watchdog"], name="Mine", **change)
    if "runbook" not in change:
        alert = replace(alert, runbook=replace(alert.runbook, slug="mine"))
    (problem,) = prometheus.problems(with_alert(PROJECT, alert))
    assert message in problem.message
    assert hint in problem.hint
    assert problem.place.subject == "alert Mine"
    assert problem.place.file.endswith("alerts_pipeline.py")
    assert problem.place.line


def test_the_built_in_alerts_have_no_problem() -> None:
    """Each built-in alert's panel exists."""
    assert list(prometheus.problems(PROJECT)) == []


@pytest.mark.parametrize(
    ("values", "steps", "longer"),
    [
        ("1", 3, "1x3"),
        ("0 -1", 3, "0 -1x3"),
        ("1x5", 3, "1x8"),
        ("0+1x1", 2, "0+1x3"),
        ("_x60 -5", 2, "_x60 -5x2"),
        ("-1 _", 2, "-1 _"),
        ("1 stale", 2, "1 stale"),
        ("1 2", 0, "1 2"),
    ],
)
def test_the_last_value_is_repeated(values: str, steps: int, longer: str) -> None:
    """A case's series goes on for as long as its alert is held."""
    assert lengthened(values, steps) == longer


def test_a_case_is_looked_at_on_both_sides_of_the_hold() -> None:
    """A firing case is looked at one step before it fires and when it fires, whatever the hold."""
    project = builtin(alerts={"PushgatewayDown": AlertSettings(hold="90s")})
    tests = load(prometheus.files(project)["prometheus/tests/PushgatewayDown.yml"])["tests"]
    looks = [(look["eval_time"], len(look["exp_alerts"])) for look in tests[0]["alert_rule_test"]]
    assert looks == [("2m", 0), ("3m", 1)]
    assert tests[0]["input_series"][0]["values"] == "1 0x2"


@pytest.mark.parametrize(
    ("values", "steps", "until_then"),
    [
        ("0 -1", 2, "0 -1 stale"),
        ("0 -1x3", 5, "0 -1x3 stale"),
        ("_x60 -5x1", 62, "_x60 -5x1 stale"),
        ("0+60x4", 5, "0+60x4 stale"),
        ("1", 3, "1 _x2 stale"),
        ("1x9", 2, "1x9 stale"),
    ],
)
def test_a_series_ends(values: str, steps: int, until_then: str) -> None:
    """A case's series ends after so many steps, and never in the middle of its values."""
    assert ended(values, steps) == until_then


def test_an_alert_that_outlives_a_gap_is_looked_at_in_it_and_after_it() -> None:
    """When all series end, the alert fires on for as long as it says, and no longer."""
    found = load(prometheus.files(PROJECT)["prometheus/tests/AirflowTaskFailed.yml"])["tests"][0]
    looks = [(look["eval_time"], len(look["exp_alerts"])) for look in found["alert_rule_test"]]
    assert looks == [("0s", 0), ("1m", 1), ("2m", 1), ("7m", 0)]
    assert found["input_series"][0]["values"] == "0 -1 stale"


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_no_gap_ends_an_alert_without_a_hold_on_what_is_pushed(alert: Alert) -> None:
    """An alert without a hold outlives a missed scrape, or looks back over it, or is no gateway's matter."""
    looks_back = "_over_time(" in alert.expr
    assert alert.hold != NO_HOLD or alert.heartbeat or alert.keep_firing_for != NO_HOLD or looks_back


@pytest.mark.parametrize("what", ["failed", "partly-failed", "running-too-long", "retrying-too-long"])
def test_runbooks_tell_how_to_forget_a_task(what: str) -> None:
    """A task that is gone keeps its last state on the gateway: the runbook has the command that ends it."""
    (runbook,) = (alert.runbook for alert in ALERTS.values() if alert.runbook.slug == f"task-{what}")
    group = "job/airflow_tasks/dag_id/DAG_ID/task_id/TASK_ID/instance/INSTANCE"
    assert f"curl -X DELETE GATEWAY/metrics/{group}`" in runbook.mitigation


@pytest.mark.parametrize("slug", ["dag-run-failed", "dag-run-running-too-long", "dag-no-success"])
def test_runbooks_tell_how_to_forget_a_dag(slug: str) -> None:
    """A DAG that is gone keeps its last state as well."""
    (runbook,) = (alert.runbook for alert in ALERTS.values() if alert.runbook.slug == slug)
    assert "curl -X DELETE GATEWAY/metrics/job/airflow_dags/dag_id/DAG_ID/instance/INSTANCE`" in runbook.mitigation


def test_a_long_attempt_is_measured_by_the_hold() -> None:
    """An attempt counts as a repeated one for half of the alert's hold, whatever the settings make that."""
    changed = builtin(alerts={"AirflowTaskRetryingTooLong": AlertSettings(hold="30m")})
    name = "task:task_retrying:try_number"
    assert "<= 3600" in _rules(PROJECT, "recording")[name]["expr"]
    assert "<= 900" in _rules(changed, "recording")[name]["expr"]


def test_rendering_does_not_change_with_what_ran_before() -> None:
    """The same project is rendered to the same text."""
    assert json.dumps(prometheus.files(PROJECT)) == json.dumps(prometheus.files(builtin()))


def test_defaults_name_no_generation_but_ours() -> None:
    """The defaults hold both generations, so that the tests above cover all rules."""
    assert Settings().per_run

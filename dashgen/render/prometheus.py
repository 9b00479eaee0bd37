"""Prometheus' configuration, its rules, and the unit tests of the alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashgen.catalog.labels import OWNER, PROMETHEUS, PUSHGATEWAY, SEVERITY, STATSD_EXPORTER
from dashgen.catalog.terms import closest
from dashgen.problems import Place, Problem
from dashgen.render.annotations import ALLOWED, unsupported
from dashgen.render.ruletests import malformed, rule_tests
from dashgen.render.yamltext import dump, generated_from
from dashgen.rules.model import NO_HOLD, Alert, Record
from dashgen.templating import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.dashboards.model import Dashboard
    from dashgen.definitions import Project
    from dashgen.rules.model import Group

FOLDER = "prometheus"
RULES = f"{FOLDER}/rules"
TESTS = f"{FOLDER}/tests"
RUNBOOKS = "docs/runbooks"


def files(project: Project) -> dict[str, str]:
    """Render everything that Prometheus reads, and the tests that promtool runs."""
    return {
        f"{FOLDER}/prometheus.yml": _configuration(project),
        f"{RULES}/recording.yml": _rules(project, project.recording),
        f"{RULES}/alerts.yml": _rules(project, project.alerts),
        **{
            f"{TESTS}/{name}": text
            for alert in alerts_of(project)
            for name, text in rule_tests(
                alert,
                labels=alert_labels(project, alert),
                annotations=annotation_templates(project, alert),
                groups=[group.name for group in (*project.recording, *project.alerts)],
            ).items()
        },
    }


def alerts_of(project: Project) -> tuple[Alert, ...]:
    """Return the project's alerts, in order."""
    rules = (rule for group in project.alerts for rule in group.rules)
    return tuple(rule for rule in rules if isinstance(rule, Alert))


def alert_labels(project: Project, alert: Alert) -> dict[str, str]:
    """Return the labels that the rule itself gives its alerts."""
    own = {SEVERITY.name: alert.severity, OWNER.name: alert.owner}
    return {**project.settings.extra_labels, **own}


def annotation_templates(project: Project, alert: Alert) -> dict[str, str]:
    """Return the templates of an alert's annotations, links included."""
    found = {"summary": alert.summary, "description": alert.description}
    page = f"{alert.runbook.slug}.md"
    base = project.settings.runbook_base_url.rstrip("/") or RUNBOOKS
    found["runbook_url"] = f"{base}/{page}"
    shown = _panel(project, alert)
    if shown:
        found["dashboard_url"] = _link(project, alert, *shown)
    return found


def _panel(project: Project, alert: Alert) -> tuple[Dashboard, str] | None:
    """Return the dashboard and the key of the panel that shows what the alert fires on."""
    name, _, key = alert.panel.partition("/")
    for dashboard in project.dashboards:
        if dashboard.key == name and any(panel.key == key for panel in dashboard.panels()):
            return dashboard, key
    return None


def _link(project: Project, alert: Alert, dashboard: Dashboard, key: str) -> str:
    """Link to the panel, with the dashboard's variables set to what the alert is about."""
    known = {variable.name for variable in dashboard.variables}
    chosen = "".join(
        f"&var-{label}={{{{ $labels.{label} | urlquery }}}}" for label in alert.about if label.name in known
    )
    base = project.settings.grafana_url.rstrip("/")
    return f"{base}/d/{dashboard.uid}?viewPanel={dashboard.panel_id(key)}{chosen}"


def _rules(project: Project, groups: Iterable[Group]) -> str:
    listed = list(groups)
    places = (rule.place for group in listed for rule in group.rules)
    return dump(rule_groups(project, listed), generated_from(places))


def rule_groups(project: Project, groups: Iterable[Group]) -> dict[str, Any]:
    """Return the content of a rule file."""
    return {
        "groups": [
            {
                "name": group.name,
                "interval": group.interval,
                "rules": [_rule(project, rule) for rule in group.rules],
            }
            for group in groups
        ]
    }


def _rule(project: Project, rule: Record | Alert) -> dict[str, Any]:
    if isinstance(rule, Record):
        return {"record": rule.metric.name, "expr": rule.expr}
    times = {"for": rule.hold, "keep_firing_for": rule.keep_firing_for}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        **{key: time for key, time in times.items() if time != NO_HOLD},
        "labels": alert_labels(project, rule),
        "annotations": annotation_templates(project, rule),
    }


def _configuration(project: Project) -> str:
    settings = project.settings
    return render(
        "prometheus/prometheus.yml.j2",
        external_labels=dict(settings.extra_labels),
        alertmanagers=list(settings.alertmanager_targets),
        pushgateway=PUSHGATEWAY,
        pushgateways=list(settings.pushgateway_targets),
        statsd_exporter=STATSD_EXPORTER,
        statsd_exporters=list(settings.statsd.targets) if settings.statsd.enabled else [],
        prometheus=PROMETHEUS,
    )


def problems(project: Project) -> Iterator[Problem]:
    """Find alerts that lead nowhere, and what :func:`files` could not render."""
    panels = [f"{board.key}/{panel.key}" for board in project.dashboards for panel in board.panels()]
    pages: dict[str, Alert] = {}
    for alert in alerts_of(project):
        place = Place(alert.place.file, alert.place.line, f"alert {alert.name}")
        if alert.panel not in panels:
            near = closest(alert.panel, panels)
            hint = f"Did you mean {near}?" if near else f"There are: {', '.join(sorted(panels))}."
            yield Problem(place, "alert-panel", f"no dashboard has a panel {alert.panel}", hint)
        first = pages.setdefault(alert.runbook.slug, alert)
        if first.runbook != alert.runbook:
            message = f"its runbook has the page {alert.runbook.slug} of {first.name}'s, which differs"
            yield Problem(place, "alert-runbook", message, "Give it a slug of its own.")
        for text in (alert.summary, alert.description):
            for action in unsupported(text):
                message = f"its unit test can't foresee what {action} becomes"
                yield Problem(place, "alert-annotation", message, ALLOWED)
        for message in malformed(alert):
            yield Problem(place, "alert-case", message)

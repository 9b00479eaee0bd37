"""What a metric, an alert or a panel is, who emits it, and what uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.catalog.terms import Cardinality, Unit, closest
from dashgen.problems import DashgenError, Place, Problem
from dashgen.render.prometheus import RUNBOOKS, alerts_of
from dashgen.rules.model import Record
from dashgen.rules.phrases import group_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashgen.catalog.model import Job, Metric, Threshold
    from dashgen.catalog.statsd.sent import Line
    from dashgen.catalog.terms import Label
    from dashgen.dashboards.model import Dashboard, Panel
    from dashgen.definitions import Project
    from dashgen.rules.model import Alert
    from dashgen.usage import Uses

RULE = "explain"


@dataclass(frozen=True)
class Explanation:
    """One thing: its kind, its name, where it is defined, and the facts under their headings."""

    kind: str
    name: str
    place: Place
    facts: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        """Read as a heading and an indented list; headings without facts are left out."""
        lines = [f"{self.kind} {self.name}   {self.place}"]
        for heading, facts in self.facts.items():
            texts = [line for fact in facts for line in fact.splitlines()]
            lines += [f"  {heading}", *(f"    {line}".rstrip() for line in texts)] if texts else []
        return "\n".join(lines)


def explain(project: Project, uses: Mapping[str, Uses], name: str) -> tuple[Explanation, ...]:
    """Explain everything of this name; panels go by ``dashboard key/panel key`` and by title.

    Raises:
        DashgenError: nothing has this name; the hint is the nearest that something has.

    """
    alerts, panels = alerts_of(project), list(_panels(project))
    found = (
        *(_metric(project, uses, metric) for metric in project.catalog if metric.name == name),
        *(_alert(project, uses, alert) for alert in alerts if alert.name == name),
        *(_panel(project, uses, *panel) for panel in panels if name in _names_of(*panel)),
    )
    if not found:
        known = [*project.catalog.by_name, *(alert.name for alert in alerts)]
        known += [each for panel in panels for each in _names_of(*panel)]
        near = closest(name, known)
        message = "no metric, alert or panel has this name"
        raise DashgenError([Problem(Place(subject=name), RULE, message, f"Did you mean {near}?" if near else "")])
    return found


def _panels(project: Project) -> Iterator[tuple[Dashboard, Panel]]:
    return ((dashboard, panel) for dashboard in project.dashboards for panel in dashboard.panels())


def _names_of(dashboard: Dashboard, panel: Panel) -> tuple[str, str]:
    return f"{dashboard.key}/{panel.key}", panel.content.title


def _metric(project: Project, uses: Mapping[str, Uses], metric: Metric) -> Explanation:
    used = uses.get(metric.name)
    events = project.catalog.events_setting(metric)
    rules = (rule for group in project.recording for rule in group.rules)
    facts = {
        "What": (f"{metric.help}.", metric.read),
        "Type": (f"{metric.type.value}, {metric.unit.value or 'no unit'}",),
        "Emitted by": (metric.source.value,),
        "Owner": (metric.owner,),
        "Set on": tuple(f"{event.name} ({event.hook}): {event.help}" for event in events),
        "Made by": tuple(rule.expr for rule in rules if isinstance(rule, Record) and rule.metric == metric),
        "Series": tuple(_series(metric)),
        "Sent as": tuple(_sent(line) for line in metric.statsd),
        "Pushed to": tuple(_group(job) for job in metric.jobs if job.pushed),
        "Values": tuple(f"{code} {code.word}" for code in metric.codes) if metric.codes else (),
        "Thresholds": tuple(_threshold(project, threshold) for threshold in metric.thresholds),
        "Renamed from": (metric.renamed_from,) if metric.renamed_from else (),
        "On panels": tuple(f"{each.document}: {each.name}" for each in used.panels) if used else (),
        "In variables": tuple(f"{each.document}: {each.name}" for each in used.variables) if used else (),
        "In annotations": tuple(f"{each.document}: {each.name}" for each in used.annotations) if used else (),
        "In alerts": tuple(each.name for each in used.alerts) if used else (),
        "Recorded into": tuple(each.name for each in used.records) if used else (),
        "Not used": (metric.unused_because,) if metric.unused_because else (),
    }
    return Explanation("metric", metric.name, metric.place, facts)


def _group(job: Job) -> str:
    """Write the path of a job's groups; what only some groups have stands in brackets."""
    optional = (label for label in job.grouping if label.optional)
    return group_path(job) + "".join(f"[/{label}/{label.name.upper()}]" for label in optional)


def _series(metric: Metric) -> Iterator[str]:
    """Write the labels of the series, by job; those that are unbounded or come with tags only are marked."""
    for job in metric.jobs or (None,):
        labels = ", ".join(label.name + _mark(label, metric) for label in metric.labels_in(job))
        generation = f", generation {job.generation.name} ({job.generation.title})" if job and job.generation else ""
        yield f"in job {job.name}{generation}: {labels}" if job else labels or "one, without labels"


def _mark(label: Label, metric: Metric) -> str:
    if label.cardinality is Cardinality.UNBOUNDED:
        return f" ({label.cardinality.value})"
    return " (with tags)" if label in metric.tags else ""


def _sent(line: Line) -> str:
    """Write the names under which Airflow sends a metric over StatsD, and the versions that do."""
    legacy = f" or {line.legacy}" if line.legacy else ""
    return f"{line.name}{legacy} ({line.type.value}, Airflow {' and '.join(line.versions)})"


def _threshold(project: Project, threshold: Threshold) -> str:
    value = project.settings.limit(threshold)
    limit = durations.text(round(value)) if threshold.unit is Unit.SECONDS else f"{value:,.10g}"
    return f"{threshold.name} = {limit}: {threshold.help}"


def _alert(project: Project, uses: Mapping[str, Uses], alert: Alert) -> Explanation:
    titles = {_names_of(*panel)[0]: f"{panel[0].title}: {panel[1].content.title}" for panel in _panels(project)}
    facts = {
        "What": (alert.summary, alert.description),
        "Expression": (alert.expr,),
        "Fires after": (alert.hold,),
        "Severity": (alert.severity,),
        "Owner": (alert.owner,),
        "Panel": (f"{alert.panel} ({titles[alert.panel]})",) if alert.panel in titles else (alert.panel,),
        "Runbook": (f"{RUNBOOKS}/{alert.runbook.slug}.md",),
        "Metrics": tuple(
            metric for metric, used in uses.items() if any(each.name == alert.name for each in used.alerts)
        ),
    }
    return Explanation("alert", alert.name, alert.place, facts)


def _panel(project: Project, uses: Mapping[str, Uses], dashboard: Dashboard, panel: Panel) -> Explanation:
    key, title = _names_of(dashboard, panel)
    facts = {
        "Title": (title,),
        "Dashboard": (f"{dashboard.title} (uid {dashboard.uid}, panel id {dashboard.panel_id(panel.key)})",),
        "What": (panel.content.description or "",),
        "Queries": tuple(target.expr for target in getattr(panel.content, "targets", ())),
        "Metrics": tuple(
            metric
            for metric, used in uses.items()
            if any((each.document, each.name) == (dashboard.title, title) for each in used.panels)
        ),
        "Shown by alerts": tuple(alert.name for alert in alerts_of(project) if alert.panel == key),
        "Empty when": (panel.may_be_empty,) if panel.may_be_empty else (),
    }
    return Explanation("panel", key, panel.place, facts)

"""The documentation: every metric, every alert, and a runbook for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dashgen.catalog.model import Catalog
from dashgen.catalog.statsd import EXCLUDED
from dashgen.catalog.terms import Source, Unit
from dashgen.durations import text
from dashgen.render.prometheus import alerts_of
from dashgen.templating import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.catalog.model import Metric, Threshold
    from dashgen.definitions import Project
    from dashgen.rules.model import Alert, Runbook
    from dashgen.usage import Uses

FOLDER = "docs"
RUNBOOKS = f"{FOLDER}/runbooks"
METRICS = "metrics.md"
STATSD_METRICS = "statsd_metrics.md"

_STATSD = (Source.STATSD, Source.STATSD_EXPORTER)

_LABEL_ACTION = re.compile(r"\{\{ *\$labels\.(\w+).*?\}\}")
_VALUE_ACTION = re.compile(r"\{\{ *\$value.*?\}\}")


def files(project: Project, uses: Mapping[str, Uses]) -> dict[str, str]:
    """Render the metric reference, the alert reference and the runbooks."""
    alerts = alerts_of(project)
    titles = {
        f"{board.key}/{panel.key}": f"{panel.content.title} ({board.title})"
        for board in project.dashboards
        for panel in board.panels()
    }
    return {
        **_metrics(project, uses),
        f"{FOLDER}/alerts.md": render(
            "docs/alerts.md.j2",
            alerts=alerts,
            texts={alert.name: [_readable(text) for text in (alert.summary, alert.description)] for alert in alerts},
            panels={alert.name: titles.get(alert.panel, alert.panel) for alert in alerts},
        ),
        **{f"{RUNBOOKS}/{book.slug}.md": _runbook(book, alerts) for book in _runbooks(alerts)},
    }


def _readable(annotation: str) -> str:
    """Write ‹its name› for a label and ‹value› for the value, where an annotation has an action."""
    return _VALUE_ACTION.sub("‹value›", _LABEL_ACTION.sub(r"‹\1›", annotation))


def _metrics(project: Project, uses: Mapping[str, Uses]) -> dict[str, str]:
    """Render the metric reference: a page of what Airflow and its exporter send over StatsD, and one of all else."""
    over_statsd = [metric for metric in project.catalog if metric.source in _STATSD]
    others = [metric for metric in project.catalog if metric.source not in _STATSD]
    pages = {METRICS: _page("docs/metrics.md.j2", project, uses, others, statsd_page=bool(over_statsd))}
    if over_statsd:
        pages[STATSD_METRICS] = _page("docs/statsd_metrics.md.j2", project, uses, over_statsd, excluded=EXCLUDED)
    return {f"{FOLDER}/{name}": text for name, text in pages.items()}


def _page(template: str, project: Project, uses: Mapping[str, Uses], metrics: list[Metric], **more: object) -> str:
    shown = Catalog(tuple(metrics), project.catalog.events)
    jobs = shown.jobs.values()
    thresholds = (threshold for metric in shown for threshold in metric.thresholds)
    return render(
        template,
        metrics=shown.metrics,
        jobs=jobs,
        generations=dict.fromkeys(job.generation for job in jobs if job.generation),
        labels=shown.labels.values(),
        events={metric.name: [event.name for event in shown.events_setting(metric)] for metric in shown},
        limits={threshold.name: _limit(project, threshold) for threshold in thresholds},
        uses={metric.name: _named(uses.get(metric.name)) for metric in shown},
        **more,
    )


def _limit(project: Project, threshold: Threshold) -> str:
    value = project.settings.limit(threshold)
    return text(int(value)) if threshold.unit is Unit.SECONDS else f"{value:,.10g}"


def _named(found: Uses | None) -> dict[str, list[str]]:
    if found is None:
        return {"panels": [], "alerts": [], "records": []}
    return {
        "panels": [f"{panel.name} ({panel.document})" for panel in found.panels],
        "alerts": [alert.name for alert in found.alerts],
        "records": [record.name for record in found.records],
    }


def _runbooks(alerts: tuple[Alert, ...]) -> tuple[Runbook, ...]:
    return tuple(dict.fromkeys(alert.runbook for alert in alerts))


def _runbook(book: Runbook, alerts: tuple[Alert, ...]) -> str:
    names = dict.fromkeys(alert.name for alert in alerts if alert.runbook == book)
    return render("docs/runbook.md.j2", runbook=book, alerts=list(names))

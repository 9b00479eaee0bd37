"""Every kind of panel, as grafanalib makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafanalib import core

from dashgen.dashboards.grafana import StatusHistory

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
STEPS = [core.Threshold("green", 0, 0.0), core.Threshold("red", 1, 80.0), core.Threshold("blue", 2, 99.5)]
# Each kind of panel that grafanalib can make for us, once plain and once with all that it offers.
PANELS: dict[str, Callable[..., Any]] = {
    "bargauge": core.BarGauge,
    "bargauge, full": lambda **given: core.BarGauge(
        label="Age",
        limit=5,
        dataLinks=[{"title": "Airflow", "url": "/dags"}],
        valueMaps=[{"type": "value", "options": {"1": {"text": "ok", "color": "green"}}}],
        **given,
    ),
    "gauge": core.GaugePanel,
    "gauge, full": lambda **given: core.GaugePanel(label="Age", limit=5, decimals=1, thresholdLabels=True, **given),
    "piechart": core.PieChartv2,
    "piechart, full": lambda **given: core.PieChartv2(
        legendDisplayMode="hidden", legendValues=["percent"], custom={}, unit="s", **given
    ),
    "stat": core.Stat,
    "stat, full": lambda **given: core.Stat(
        thresholds=STEPS,
        mappings=[
            core.StatValueMappings(core.StatValueMappingItem("ok", "1", "green")),
            core.StatRangeMappings("some", 0, 5, "red"),
            {"type": "range", "options": {"from": 5, "to": None, "result": {"text": "many"}}},
        ],
        **given,
    ),
    "state-timeline": core.StateTimeline,
    "state-timeline, full": lambda **given: core.StateTimeline(legendDisplayMode="hidden", thresholds=STEPS, **given),
    "status-history": StatusHistory,
    "status-history, full": lambda **given: StatusHistory(mergeValues=False, thresholds=STEPS, **given),
    "table": core.Table,
    "table, full": lambda **given: core.Table(
        displayMode="color-background",
        mappings=[{"type": "special", "options": {"match": "null", "result": {"text": "never"}}}],
        sortBy=[core.TableSortByField("Age", desc=True)],
        transformations=[{"id": "limit", "options": {"limitField": None}}],
        overrides=[{"matcher": {"id": "byName", "options": "Age"}, "properties": [{"id": "min", "value": None}]}],
        **given,
    ),
    "text": lambda **given: core.Text(content="# Words", **given),
    "timeseries": core.TimeSeries,
    "timeseries, full": lambda **given: core.TimeSeries(
        legendDisplayMode="hidden",
        stacking={"mode": "normal", "group": "A"},
        scaleDistributionType="log",
        axisSoftMin=0,
        valueMax=10,
        thresholds=STEPS,
        maxDataPoints=500,
        repeat=core.Repeat("h", "instance", 4),
        transparent=True,
        links=[{"title": "Runbook", "url": "/runbook", "targetBlank": True}],
        **given,
    ),
}

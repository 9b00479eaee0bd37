"""Linting what someone else wrote: dashboards as Grafana saves them, and rule files by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.checks import LINT_ONLY, run
from dashgen.checks.document import Document
from dashgen.settings import Settings
from tests.command import dashgen
from tests.unit.checks.examples import CATALOG, DATASOURCE, SOUND, alert, dashboard, on_panel, panel, rules, target

if TYPE_CHECKING:
    from pathlib import Path

Data = dict[str, Any]

LOKI = {"type": "loki", "uid": "${logs}"}
EXPRESSION = {"type": "__expr__", "uid": "__expr__"}
MIXED = {"type": "datasource", "uid": "-- Mixed --"}
BUILT_IN = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "name": "Annotations & Alerts",
    "target": {"limit": 100, "matchAny": False, "tags": [], "type": "dashboard"},
    "type": "dashboard",
}
BUILDER = {
    "disableTextWrap": False,
    "editorMode": "builder",
    "exemplar": False,
    "expr": SOUND,
    "fullMetaSearch": False,
    "includeNullMetadata": True,
    "legendFormat": "__auto",
    "range": True,
    "refId": "A",
    "useBackend": False,
}
SCRAPED = {
    "record": "etl:tasks:failed",
    "expr": 'sum by (dag_id, instance) (task_status{job="airflow_tasks"} == bool -1)',
}


def _saved(*panels: Data, **fields: object) -> Document:
    """Make a dashboard as Grafana saves it, with panels below each other."""
    placed = [
        {**each, "id": number, "gridPos": {"x": 0, "y": 8 * number, "w": 12, "h": 8}}
        for number, each in enumerate(panels)
    ]
    variables: list[Data] = [
        {"name": "logs", "type": "datasource", "query": "loki", "current": {}, "hide": 0, "options": [], "refresh": 1},
        {"name": "by", "type": "groupby", "datasource": DATASOURCE, "defaultValue": None, "options": []},
    ]
    more = {"annotations": {"list": [BUILT_IN]}, "id": None, "refresh": "", "editable": True, "weekStart": ""}
    return Document.dashboard(dashboard(*placed, variables=variables, **{**more, **fields}), "saved.json")


def _told(*documents: Document, settings: Settings | None = None) -> list[str]:
    found = run(documents, CATALOG, settings or Settings(), foreign=True)
    return [f"{problem.rule}: {problem.message}. {problem.hint}" for problem in found]


@pytest.mark.parametrize(
    "saved",
    [
        panel(targets=[BUILDER]),
        panel(type="heatmap", options={"calculate": True}),
        panel(
            type="logs", datasource=LOKI, targets=[{"refId": "A", "expr": '{app="x"} |= `$1`', "queryType": "range"}]
        ),
        panel(
            datasource=MIXED,
            targets=[
                target(SOUND),
                {"refId": "B", "datasource": LOKI, "expr": '{app="x"} |~ "$end"', "format": "logs"},
                {"refId": "C", "datasource": EXPRESSION, "type": "math", "expression": "$A * 2 + ${B}"},
            ],
        ),
        panel(
            datasource={"type": "grafana-postgresql-datasource", "uid": "${logs}"},
            targets=[
                {"refId": "A", "format": 1, "rawSql": "SELECT $$x$$", "sql": {"columns": []}, "expr": "no PromQL"}
            ],
        ),
        panel(
            datasource={"type": "datasource", "uid": "-- Dashboard --"},
            targets=[{"refId": "A", "panelId": 3, "datasource": {"type": "datasource", "uid": "-- Dashboard --"}}],
        ),
        {"libraryPanel": {"uid": "abc", "name": "Shared"}, "title": "", "targets": None},
        {
            "type": "row",
            "title": "Closed",
            "collapsed": True,
            "datasource": {"type": "prometheus", "uid": "P1809F7"},
            "targets": [{"refId": "A", "datasource": {"type": "prometheus", "uid": "P1809F7"}}],
            "panels": [panel(id=90, targets=[BUILDER])],
        },
        {"type": "alertlist", "title": "Alerts", "description": "What fires.", "options": {"alertName": "x"}},
        panel(datasource="${datasource}", targets=[{"refId": "A", "expr": SOUND}]),
    ],
    ids=lambda saved: saved.get("type", "library"),
)
def test_what_grafana_saves_passes(saved: Data) -> None:
    """What Grafana's own editor writes is no fault, nor what other data sources are asked."""
    assert _told(_saved(saved)) == []


def test_an_exported_dashboard_passes() -> None:
    """What is put in at import is a variable."""
    exported = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
    inputs = [{"name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus"}]
    assert _told(_saved(panel(datasource=exported, targets=[BUILDER]), __inputs=inputs, __requires=[])) == []


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        (panel(options={"colorMode": "backgroundd"}), "grafana-schema: panels[0]"),
        (panel(targets=[{**BUILDER, "format": "tables"}]), "grafana-schema: panels[0]"),
        (panel(targets=[{**BUILDER, "instant": "yes"}]), "grafana-schema: panels[0]"),
        (panel(targets=[{**BUILDER, "expr": "nowhere"}]), "unknown-metric: metric nowhere"),
        (panel(title="${dagid}"), "unknown-variable: there is no variable dagid"),
        (panel(targets=[{"refId": "A", "datasource": EXPRESSION, "expression": "$Z"}]), ""),
        (
            panel(datasource=LOKI, targets=[{"refId": "A", "expr": "${dagid}"}]),
            "unknown-variable: there is no variable dagid",
        ),
        (panel(datasource=MIXED, targets=[{"refId": "A", "expr": SOUND}]), "datasource: target A names no data source"),
        (
            panel(datasource={"type": "loki", "uid": "P8E80F9"}, targets=[{"refId": "A", "expr": "{}"}]),
            'datasource: the panel is bound to the data source P8E80F9 of one Grafana. Write {"type": "loki",',
        ),
        (panel(fieldConfig=None), "panel-unit: the panel says no unit"),
        (panel(description=None), "panel-description: the panel has no description"),
    ],
)
def test_what_is_wrong_anywhere_is_told_once(saved: Data, told: str) -> None:
    """Wrong values, unknown names and what a panel lacks are faults of foreign dashboards too."""
    found = _told(_saved(saved))
    assert len(found) == (1 if told else 0), found
    assert "".join(found).startswith(told)


@pytest.mark.parametrize("key", ["targets", "panels"])
def test_our_own_dashboards_are_held_strictly(key: str) -> None:
    """The same options in what we generate are a fault."""
    strange = {"targets": [{**BUILDER, "datasource": DATASOURCE}]} if key == "targets" else {"type": "heatmap"}
    problems = run([_saved(panel(**strange))], CATALOG, Settings())
    assert {"grafana-schema"} <= {problem.rule for problem in problems}


def test_series_that_the_files_record_are_known() -> None:
    """Their labels are those that the expressions leave, through several rules, in any order."""
    document = rules(
        {"record": "etl:tasks:worst", "expr": "max by (dag_id) (etl:tasks:failed)", "labels": {"team": "a"}},
        SCRAPED,
        labels={"shard": "1"},
    )
    used = on_panel('etl:tasks:worst{team="a",shard="1",dag_id="x"} + on (dag_id) sum by (dag_id) (etl:tasks:failed)')
    assert _told(document, used) == []
    found = _told(document, on_panel('etl:tasks:worst{instance="x"}'), on_panel("etl:tasks:worts", id=2))
    assert [each for each in found if not each.startswith("duplicate")] == [
        "unknown-label: etl:tasks:worst has no label instance there. It has __name__, dag_id, shard, team.",
        "unknown-metric: metric etl:tasks:worts is not in the catalog. Did you mean etl:tasks:worst?",
    ]


def test_recorded_series_without_known_labels_may_have_any() -> None:
    """What is recorded from itself, or from what the catalog does not have, can carry anything."""
    document = rules({"record": "a", "expr": "a"}, {"record": "b", "expr": "{__name__=~'$x'}"})
    assert _told(document, on_panel('a{x="1"} + on (y) b{z="2"}')) == []


def test_what_the_catalog_records_stays_as_it_is() -> None:
    """A foreign rule that makes one of the catalog's series must leave its labels."""
    assert _told(
        rules({"record": "instance:groups:count", "expr": 'count(push_time_seconds{job="airflow_tasks"})'})
    ) == ["recorded-series: instance:groups:count should have label instance, which the rule drops. "]


def test_our_conventions_for_alerts_bind_only_us() -> None:
    """A foreign alert says what is wrong; owner, severity and runbook are its authors' matter."""
    said = alert(labels={}, annotations={"summary": "Failed"})
    assert _told(rules(said)) == []
    assert _told(rules(alert(annotations={"runbook_url": "https://example.com"}))) == [
        "alert-complete: the alert does not say what is wrong. Add a summary or description to its annotations."
    ]
    assert _told(rules(alert(**{"for": "soon"}))) == ["alert-complete: `for: soon` is no duration. Write 5m or 1h."]


def test_alerts_can_carry_any_label() -> None:
    """Alert rules set the labels of their alerts; those of ours are in the catalog."""
    asked = on_panel('ALERTS{team="x",alertname="A"}')
    assert _told(asked) == []
    assert [problem.rule for problem in run([asked], CATALOG, Settings(), skip=LINT_ONLY)] == ["unknown-label"]


def test_files_that_are_named_are_foreign(tmp_path: Path) -> None:
    """`dashgen lint FILE` is lenient, with rule files and dashboards looked at together."""
    (tmp_path / "saved.json").write_text(json.dumps(dashboard(panel("etl:tasks:failed", type="heatmap"))))
    (tmp_path / "mine.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": [SCRAPED]}]}))
    done = dashgen("lint", "saved.json", "mine.yml", cwd=tmp_path)
    assert (done.code, done.stdout) == (0, "2 files checked: no problems\n")


def test_a_folder_without_anything_to_lint_is_told(tmp_path: Path) -> None:
    """Nothing was checked, which must not look like success."""
    (tmp_path / "empty").mkdir()
    done = dashgen("lint", "empty", cwd=tmp_path)
    assert done.code == 2
    assert done.stderr.startswith(
        "empty: no dashboard and no rule file there [lint]\n    Name a folder that holds some"
    )

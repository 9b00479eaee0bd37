"""What a change means: each kind of change, told once, with nothing beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dashgen import contract, manifest
from dashgen.build import build
from dashgen.diff.difference import difference
from dashgen.diff.markdown import markdown
from dashgen.diff.model import Change, Detail, Difference
from dashgen.problems import DashgenError
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json = dict[str, Any]

PROJECT = builtin()
MADE = build(PROJECT).files
NOW: dict[str, str] = {
    **MADE,
    manifest.NAME: manifest.dump(manifest.of(MADE, contract.contract(PROJECT.catalog))),
}
V3 = "grafana/dashboards/airflow_v3_low_cardinality.json"
ALERTS = "prometheus/rules/alerts.yml"
RECORDING = "prometheus/rules/recording.yml"
TITLE = "Airflow V3: the fleet"


def compared(old: Mapping[str, str], new: Mapping[str, str] = NOW, **renamed: str) -> Difference:
    """Compare two outputs; ``renamed`` maps old names of metrics to new ones."""
    return difference(old, new, renamed, "HEAD:out")


def edited_json(path: str, edit: Callable[[Any], object]) -> dict[str, str]:
    """Return today's output with one JSON file edited."""
    data = json.loads(NOW[path])
    edit(data)
    return {**NOW, path: json.dumps(data)}


def edited_yaml(path: str, edit: Callable[[Any], object]) -> dict[str, str]:
    """Return today's output with one YAML file edited."""
    data = yaml.safe_load(NOW[path])
    edit(data)
    return {**NOW, path: yaml.safe_dump(data)}


def terms(edit: Callable[[Any], object]) -> dict[str, str]:
    """Return today's output with an edited contract."""
    return edited_json(manifest.NAME, lambda data: edit(data["contract"]))


def panel(data: Json, title: str) -> Json:
    """Return a panel of a dashboard by its title."""
    inside = [each for row in data["panels"] for each in (row, *row.get("panels", ()))]
    found: Json
    (found,) = [each for each in inside if each["title"] == title]
    return found


def rule(data: Json, name: str) -> Json:
    """Return an alert of a rule file by its name."""
    found: Json
    (found,) = [each for group in data["groups"] for each in group["rules"] if each.get("alert") == name]
    return found


def group_of(data: Json, name: str) -> Json:
    """Return the group that an alert of a rule file is in."""
    found: Json
    (found,) = [group for group in data["groups"] if rule(data, name) in group["rules"]]
    return found


def moved(data: Json, name: str) -> Json:
    """Take an alert out of its group."""
    found = rule(data, name)
    group_of(data, name)["rules"].remove(found)
    return found


def test_nothing_changes() -> None:
    """The same output twice is no difference."""
    assert not compared(NOW)


# Each case: what is edited in the contract, and what is told, seen from the edited one to today's.
METRICS: dict[str, tuple[Callable[[Any], object], list[Change]]] = {
    "added": (
        lambda found: found.pop("task_status"),
        [
            Change(
                "added",
                "task_status",
                (
                    Detail("type", new="gauge"),
                    Detail("labels in job airflow_task_runs", new="dag_id, instance, map_index, run_id, task_id"),
                    Detail("labels in job airflow_tasks", new="dag_id, instance, task_id"),
                    Detail("codes", new="-1 failed, 2 retrying, 0 running, 3 skipped, 1 success, -2 upstream failed"),
                ),
            )
        ],
    ),
    "removed": (
        lambda found: found.update(old_status=found["task_status"]),
        [Change("removed", "old_status", (Detail("the metric is gone", breaking=True),))],
    ),
    "type": (
        lambda found: found["task_status"].update(type="counter"),
        [Change("changed", "task_status", (Detail("its type was counter and is gauge", breaking=True),))],
    ),
    "label added": (
        lambda found: found["task_status"]["jobs"]["airflow_tasks"].remove("task_id"),
        [Change("changed", "task_status", (Detail("its label task_id is new in job airflow_tasks"),))],
    ),
    "label removed": (
        lambda found: found["task_status"]["jobs"]["airflow_tasks"].append("pool"),
        [Change("changed", "task_status", (Detail("its label pool is gone in job airflow_tasks", breaking=True),))],
    ),
    "job added": (
        lambda found: found["task_status"]["jobs"].pop("airflow_tasks"),
        [Change("changed", "task_status", (Detail("its series in job airflow_tasks are new"),))],
    ),
    "code added": (
        lambda found: found["task_status"]["codes"].pop("skipped"),
        [Change("changed", "task_status", (Detail("its code 3 (skipped) is new"),))],
    ),
    "code with another meaning": (
        lambda found: found["task_status"]["codes"].update(cancelled=found["task_status"]["codes"].pop("skipped")),
        [Change("changed", "task_status", (Detail("its code 3 meant cancelled and means skipped", breaking=True),))],
    ),
}


@pytest.mark.parametrize("case", METRICS)
def test_metrics(case: str) -> None:
    """Each change of the contract is told, and breaks what a build would refuse to break."""
    edit, expected = METRICS[case]
    found = compared(terms(edit))
    assert found == Difference(metrics=tuple(expected))
    assert bool(found.breaking) == any(detail.breaking for change in expected for detail in change.details)


def test_renamed_metric() -> None:
    """A metric that says what it was called before is one change, and breaks nothing."""
    old = terms(lambda found: found.update(old_status=found.pop("task_status")))
    found = compared(old, old_status="task_status")
    assert found.metrics == (Change("renamed", "task_status", (Detail("name", "old_status", "task_status"),)),)
    assert not found.breaking
    assert {change.kind for change in compared(old).metrics} == {"added", "removed"}


def test_renamed_metric_that_loses_a_label() -> None:
    """A metric that is renamed still keeps the contract of the old name, or breaks it."""

    def edit(found: Json) -> None:
        found["old_status"] = found.pop("task_status")
        found["old_status"]["jobs"]["airflow_tasks"].append("pool")

    (change,) = compared(terms(edit), old_status="task_status").breaking
    assert change.kind == "renamed"
    assert change.details[-1] == Detail("its label pool is gone in job airflow_tasks", breaking=True)


def test_rename_of_long_ago() -> None:
    """What a metric was called before is no news when the old output has the new name already."""
    assert not compared(NOW, old_status="task_status")


def test_rename_of_what_is_still_there() -> None:
    """A metric that is kept was not renamed, whatever another one says."""
    assert not compared(NOW, task_status="task_duration_seconds")


FAILED_EXPR = panel(json.loads(NOW[V3]), "Tasks failed")["targets"][0]["expr"]
FAILED_STEPS = "green, red from 1"

# Each case: what is edited in the dashboard, and what is told, seen from the edited one to today's.
DASHBOARD: dict[str, tuple[Callable[[Any], object], Change]] = {
    "query": (
        lambda data: panel(data, "Tasks failed")["targets"][0].update(expr="up"),
        Change("changed", "Tasks failed", (Detail("query A", "up", FAILED_EXPR),)),
    ),
    "query added": (
        lambda data: panel(data, "Tasks failed").update(targets=[]),
        Change("changed", "Tasks failed", (Detail("query A", None, FAILED_EXPR),)),
    ),
    "query removed": (
        lambda data: panel(data, "Tasks failed")["targets"].append({"refId": "B", "expr": "up"}),
        Change("changed", "Tasks failed", (Detail("query B", "up", None),)),
    ),
    "options of a query": (
        lambda data: panel(data, "Tasks failed")["targets"][0].update(instant=False),
        Change("changed", "Tasks failed", (Detail("its options of query A changed"),)),
    ),
    "thresholds": (
        lambda data: panel(data, "Tasks failed")["fieldConfig"]["defaults"]["thresholds"]["steps"][1].update(value=9),
        Change("changed", "Tasks failed", (Detail("thresholds", "green, red from 9", FAILED_STEPS),)),
    ),
    "title": (
        lambda data: panel(data, "Tasks failed").update(title="Broken"),
        Change("changed", "Tasks failed", (Detail("title", "Broken", "Tasks failed"),)),
    ),
    "unit": (
        lambda data: panel(data, "Tasks failed")["fieldConfig"]["defaults"].update(unit="s"),
        Change("changed", "Tasks failed", (Detail("unit", "s", "none"),)),
    ),
    "description": (
        lambda data: panel(data, "Tasks failed").update(description="?"),
        Change("changed", "Tasks failed", (Detail("its description changed"),)),
    ),
    "looks": (
        lambda data: panel(data, "Tasks failed")["options"].update(colorMode="value"),
        Change("changed", "Tasks failed", (Detail("its looks changed"),)),
    ),
    "added": (
        lambda data: data["panels"].remove(panel(data, "Tasks failed")),
        Change(
            "added",
            "Tasks failed",
            (
                Detail("title", new="Tasks failed"),
                Detail("type", new="stat"),
                Detail("unit", new="none"),
                Detail("thresholds", new=FAILED_STEPS),
                Detail("query A", new=FAILED_EXPR),
            ),
        ),
    ),
    "removed": (
        lambda data: data["panels"].append({**panel(data, "Tasks failed"), "id": 5, "title": "Old"}),
        Change("removed", "Old"),
    ),
}


@pytest.mark.parametrize("case", DASHBOARD)
def test_panels(case: str) -> None:
    """Each change of a panel is told, with what it was and what it is."""
    edit, expected = DASHBOARD[case]
    assert compared(edited_json(V3, edit)) == Difference(dashboards=(Change("changed", TITLE, (), (expected,)),))


def test_moved_panel_is_the_same() -> None:
    """A panel is known by its id: neither its place nor the order of panels matters."""

    def edit(data: Json) -> None:
        panel(data, "Tasks failed")["gridPos"].update(x=20, y=40)
        data["panels"].reverse()

    assert not compared(edited_json(V3, edit))


def test_dashboard_comes_and_goes() -> None:
    """A dashboard that is added brings its panels along; one that is removed is only named."""
    without = {path: text for path, text in NOW.items() if path != V3}
    (added,) = compared(without).dashboards
    (removed,) = compared(NOW, without).dashboards
    assert (added.kind, added.name) == ("added", TITLE)
    assert "Tasks failed" in [part.name for part in added.parts]
    assert removed == Change("removed", TITLE)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda data: data.update(title="Fleet"), Detail("title", "Fleet", TITLE)),
        (lambda data: data.update(refresh="5m"), Detail("refresh", "5m", "1m")),
        (lambda data: data["time"].update({"from": "now-1h"}), Detail("time range", "now-1h to now", "now-6h to now")),
        (
            lambda data: data["templating"]["list"].append({"name": "pool", "query": "label_values(pool)"}),
            Detail("variable pool", "label_values(pool)", None),
        ),
        (
            lambda data: data["templating"]["list"][1].update(multi=False),
            Detail("its options of variable instance changed"),
        ),
        (lambda data: data["annotations"].update(list=[]), None),
        (lambda data: data.update(tags=["x"]), Detail("its other settings changed")),
    ],
)
def test_dashboards(edit: Callable[[Any], object], expected: Detail | None) -> None:
    """Each change of a dashboard itself is told."""
    (change,) = compared(edited_json(V3, edit)).dashboards
    assert (change.name, change.parts) == (TITLE, ())
    if expected is None:
        assert [detail.what for detail in change.details] == ["annotation Alerts"]
    else:
        assert change.details == (expected,)


LONG_HOLD = "AirflowTaskRetryingTooLong"
TOO_LONG = "AirflowTaskRunningTooLong"
TOO_LONG_EXPR = rule(yaml.safe_load(NOW[ALERTS]), TOO_LONG)["expr"]
TOO_LONG_GROUP = group_of(yaml.safe_load(NOW[ALERTS]), TOO_LONG)

ALERT: dict[str, tuple[Callable[[Any], object], Change]] = {
    "threshold": (
        lambda data: rule(data, TOO_LONG).update(expr=TOO_LONG_EXPR.replace("21600", "3600")),
        Change("changed", TOO_LONG, (Detail("threshold", "3600", "21600"),)),
    ),
    "expr": (
        lambda data: rule(data, TOO_LONG).update(expr="up > 21600"),
        Change("changed", TOO_LONG, (Detail("expr", "up > 21600", TOO_LONG_EXPR),)),
    ),
    "another operator": (
        lambda data: rule(data, TOO_LONG).update(expr=TOO_LONG_EXPR.replace(">", ">=")),
        Change("changed", TOO_LONG, (Detail("expr", TOO_LONG_EXPR.replace(">", ">="), TOO_LONG_EXPR),)),
    ),
    "for": (
        lambda data: rule(data, LONG_HOLD).update({"for": "1h"}),
        Change("changed", LONG_HOLD, (Detail("for", "1h", "2h"),)),
    ),
    "severity": (
        lambda data: rule(data, TOO_LONG)["labels"].update(severity="info"),
        Change("changed", TOO_LONG, (Detail("label severity", "info", "warning"),)),
    ),
    "annotation": (
        lambda data: rule(data, TOO_LONG)["annotations"].update(summary="?"),
        Change("changed", TOO_LONG, (Detail("its annotation summary changed"),)),
    ),
    "another group": (
        lambda data: data["groups"].append(
            {**group_of(data, TOO_LONG), "name": "slow", "rules": [moved(data, TOO_LONG)]}
        ),
        Change("changed", TOO_LONG, (Detail("group", "slow", TOO_LONG_GROUP["name"]),)),
    ),
    "removed": (
        lambda data: data["groups"][0]["rules"].append({"alert": "Old", "expr": "up"}),
        Change("removed", "Old"),
    ),
}


@pytest.mark.parametrize("case", ALERT)
def test_alerts(case: str) -> None:
    """Each change of an alert is told; a limit that moves is a threshold, not a query."""
    edit, expected = ALERT[case]
    assert compared(edited_yaml(ALERTS, edit)) == Difference(alerts=(expected,))


def test_added_alert() -> None:
    """A new alert is told with its expression, its times and its labels."""

    def edit(data: Json) -> None:
        for group in data["groups"]:
            group["rules"] = [each for each in group["rules"] if each["alert"] != LONG_HOLD]

    (change,) = compared(edited_yaml(ALERTS, edit)).alerts
    assert (change.kind, change.name) == ("added", LONG_HOLD)
    assert [detail.what for detail in change.details] == [
        "expr",
        "group",
        "interval",
        "for",
        "label severity",
        "label owner",
    ]


@pytest.mark.parametrize(("path", "of"), [(ALERTS, "alerts"), (RECORDING, "recording_rules")])
def test_interval_of_a_group(path: str, of: str) -> None:
    """How often a group is evaluated is told of each of its rules, in words that Markdown has, too."""
    found = compared(edited_yaml(path, lambda data: data["groups"][0].update(interval="7m")))
    group = yaml.safe_load(NOW[path])["groups"][0]
    detail = Detail("interval", "7m", group["interval"])
    names = [each.get("alert", each.get("record")) for each in group["rules"]]
    assert found == Difference(**{of: tuple(Change("changed", name, (detail,)) for name in names)})
    assert f"- changed `{names[0]}`\n  - interval: `7m` → `{group['interval']}`\n" in markdown(found, "HEAD")


def test_group_without_interval() -> None:
    """An interval that a group of the old output does not have, because it was the server's, is new."""
    (change, *_) = compared(edited_yaml(ALERTS, lambda data: data["groups"][0].pop("interval"))).alerts
    assert change.details == (Detail("interval", None, "1m"),)


def test_alerts_of_one_name_are_kept_apart() -> None:
    """Of two alerts with one name, the one that changed is told, and the other is not."""
    twice = yaml.safe_load(NOW[ALERTS])
    twice["groups"][0]["rules"].append({"alert": TOO_LONG, "expr": "up", "labels": {"severity": "info"}})
    new = {**NOW, ALERTS: yaml.safe_dump(twice)}
    twice["groups"][0]["rules"][-1]["labels"]["severity"] = "critical"
    found = compared({**NOW, ALERTS: yaml.safe_dump(twice)}, new)
    assert found.alerts == (Change("changed", TOO_LONG, (Detail("label severity", "critical", "info"),)),)


def test_recording_rules() -> None:
    """A recorded series of another expression is told among the recording rules."""

    def edit(data: Json) -> None:
        data["groups"][0]["rules"][0]["expr"] = "up"

    (change,) = compared(edited_yaml(RECORDING, edit)).recording_rules
    assert change.details[0].old == "up"
    assert not compared(edited_yaml(RECORDING, edit)).alerts


def test_other_files_are_named() -> None:
    """Files that are not looked into are named, whatever came of them."""
    old = {path: text for path, text in NOW.items() if path != "compose/compose.yaml"}
    old |= {"docs/metrics.md": "?", "old.txt": ""}
    assert compared(old).files == (
        Change("added", "compose/compose.yaml"),
        Change("changed", "docs/metrics.md"),
        Change("removed", "old.txt"),
    )


def test_broken_files_are_all_named() -> None:
    """Files of the old output that can't be understood are problems, all at once."""
    old = {**NOW, V3: "{", ALERTS: "groups: [", RECORDING: "groups: 5"}
    with pytest.raises(DashgenError) as caught:
        compared(old)
    assert caught.value.exit_code == 2
    assert [problem.place.file for problem in caught.value.problems] == [
        f"HEAD:out:{path}" for path in (V3, ALERTS, RECORDING)
    ]

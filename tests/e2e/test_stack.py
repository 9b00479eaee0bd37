"""The whole stack, live: what the command, Prometheus, Alertmanager and the sweeper say of one run of everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dashgen.render.prometheus import alerts_of
from demo.airflow import INSTANCE
from tests.e2e.stack_cannot import CANNOT, MAY, UNRECORDED
from tests.e2e.stack_command import findings
from tests.e2e.stack_run import ON_FLEET, REFUSED, V3, played
from tests.e2e.stack_watchers import ELSEWHERE
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.stack_run import Played

ALERTS = sorted(alert.name for alert in alerts_of(builtin()))
ASKED = ("prometheus", "victoriametrics", "swept", "swept elsewhere")
# All those of the rules as they are, without or with a delay of up to two minutes; {spare} is an exporter.
FIRING = (
    {"alertname": "Watchdog"},
    {"alertname": "AirflowTaskFailed", "instance": INSTANCE, "dag_id": "billing_invoices", "task_id": "make"},
    {"alertname": "AirflowTaskPartlyFailed", "instance": INSTANCE, "dag_id": "customer_exports", "task_id": "export"},
    {"alertname": "AirflowDagRunFailed", "instance": INSTANCE, "dag_id": "billing_invoices"},
    {"alertname": "AirflowDagNoSuccess", "instance": INSTANCE, "dag_id": "billing_invoices"},
    {"alertname": "PushgatewaySweeperFailing", "instance": REFUSED},
    {"alertname": "AirflowSchedulerHeartbeatStopped", "instance": "{spare}"},
    {"alertname": "AirflowTriggererStopped", "instance": "{spare}"},
    {"alertname": "AirflowDagProcessorStopped", "instance": "{spare}"},
)
# What depends on how busy the machine is, and what the end of the run causes, which is not waited for.
MAY_FIRE = {"AirflowScheduleDelay", "PushgatewayPushesFailing", "PushgatewayDown", "StatsdExporterDown"}
ABOUT = ("alertname", "instance", "dag_id", "task_id")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Played:
    """Return what was seen of the run; made once."""
    return played(tmp_path_factory, wheel)


def panels(out: Path) -> dict[str, set[int]]:
    """Return the ids of the panels of each generated dashboard, by its uid."""
    found: dict[str, set[int]] = {}
    for file in (out / "grafana" / "dashboards").iterdir():
        board = json.loads(file.read_text(encoding="utf-8"))
        listed = [inner for outer in board["panels"] for inner in (outer, *outer.get("panels", ()))]
        found[board["uid"]] = {panel["id"] for panel in listed}
    return found


def about(labels: dict[str, str]) -> dict[str, str]:
    """Return what an alert is about."""
    return {name: labels[name] for name in ABOUT if name in labels}


@pytest.mark.parametrize("asked", ASKED)
def test_verify_finds_nothing(seen: Played, asked: str) -> None:
    """Every query of all dashboards and rules returns something, or nothing where that is fine."""
    queries = seen.verified[asked]
    assert [(each["subject"], each["message"]) for each in findings(queries)] == []
    assert sum(each["status"] == "ok" for each in queries) > 40


def test_everything_is_verified(seen: Played) -> None:
    """All four dashboards and both rule files are asked for in Prometheus, V3 and the rules in VictoriaMetrics."""
    files = {asked: {each["file"].rpartition("/")[2] for each in queries} for asked, queries in seen.verified.items()}
    boards = {file.name for file in (seen.out / "grafana" / "dashboards").iterdir()}
    rules = {"alerts.yml", "recording.yml"}
    assert len(boards) == 4
    assert files["prometheus"] == boards | rules
    assert files["victoriametrics"] == {V3.rpartition("/")[2]} | rules


def test_live_check_finds_nothing(seen: Played) -> None:
    """All that arrives is what the catalog says; what has not happened is an info."""
    assert [each for each in seen.live if each["level"] != "info"] == []


def test_those_alerts_fire_and_no_others(seen: Played) -> None:
    """By the rules as they are, what should fire does, and what should not doesn't."""
    expected = [{name: value.format(spare=seen.spare) for name, value in each.items()} for each in FIRING]

    def order(labels: dict[str, str]) -> list[tuple[str, str]]:
        return sorted(labels.items())

    assert sorted((about(labels) for labels in seen.firing), key=order) == sorted(expected, key=order)


def test_all_is_drawn(seen: Played) -> None:
    """The package's own page draws every dashboard in a browser, light and dark, and no panel fails."""
    code, said = seen.drawn
    assert code == 0, said
    files = {f"{uid}.{theme}.png" for uid in panels(seen.out) for theme in ("light", "dark")}
    assert {file.name for file in seen.pictures.iterdir()} == files


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_fires(seen: Played, alert: str) -> None:
    """Every alert fires, in a thousandth of its time at most."""
    assert alert in seen.fired


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_notified(seen: Played, alert: str) -> None:
    """Alertmanager has it with owner and severity, its texts filled in, and links that lead somewhere."""
    found = [each for each in seen.notified.values() if each["labels"]["alertname"] == alert]
    assert found
    boards = panels(seen.out)
    for each in found:
        assert {"severity", "owner"} <= each["labels"].keys()
        annotations: dict[str, str] = each["annotations"]
        assert [text for text in annotations.values() if not text or "<no value>" in text or "<error" in text] == []
        assert (seen.out / annotations["runbook_url"]).is_file()
        link = urlsplit(annotations["dashboard_url"])
        assert int(parse_qs(link.query)["viewPanel"][0]) in boards[link.path.rpartition("/")[2]]


def test_both_paces_are_notified(seen: Played) -> None:
    """The rules as they are reach Alertmanager without the label by which the others are told."""
    assert len(seen.notified_of("thousandfold")) >= len(ALERTS) - 1
    assert seen.notified_of(None) - MAY_FIRE == {each["alertname"] for each in FIRING}


def test_alerts_of_victoriametrics_are_notified(seen: Played) -> None:
    """With VictoriaMetrics in Prometheus' place, the same fires of V3, and nothing that does not there."""
    found = seen.notified_of(ELSEWHERE)
    assert found >= ON_FLEET
    assert found - MAY_FIRE <= {each["alertname"] for each in FIRING}


def test_sweep(seen: Played) -> None:
    """The sweeper's DAG removes the per-run groups that have expired; those of a run that goes on stay."""
    before, after = ({tuple(sorted(labels.items())) for labels in groups} for groups in seen.groups)
    assert seen.swept == "success"
    gone = {dict(labels)["dag_id"] for labels in before - after}
    assert gone >= {"billing_invoices", "sales_orders", "sales_report", "rates_import"}
    running = {dict(labels).get("task_id", "") for labels in after if dict(labels)["dag_id"] == "customer_exports"}
    assert running >= {"", "archive"}


def empty_panels(seen: Played) -> Iterator[str]:
    """Yield the panels that may be empty and were each time that they were asked for."""
    asked = [
        each for name in ("prometheus", "faster", "one DAG") for each in seen.verified[name] if each["kind"] == "panel"
    ]
    showed = {(each["file"].rpartition("/")[2], panel(each)) for each in asked if each["series"]}
    for each in asked:
        if (each["file"].rpartition("/")[2], panel(each)) not in showed:
            yield panel(each)


def panel(query: dict[str, Any]) -> str:
    """Return the title of the panel that a query belongs to."""
    return str(query["subject"]).partition('"')[2].rpartition('"')[0]


def test_each_rule_records(seen: Played) -> None:
    """Each recording rule makes something at least once, but for what such a run causes only at times, or never."""
    asked = [each for name in ("prometheus", "faster") for each in seen.verified[name]]
    rules = [each for each in asked if each["kind"] == "recording rule"]
    made = {each["subject"] for each in rules if each["series"]}
    idle = {each["subject"].rpartition(" ")[2].strip('"') for each in rules if each["subject"] not in made}
    assert idle <= UNRECORDED.keys()


def test_each_panel_shows_something(seen: Played) -> None:
    """Each panel that may be empty has data at least once, but for what such a run cannot cause."""
    assert set(empty_panels(seen)) - MAY.keys() == CANNOT.keys()

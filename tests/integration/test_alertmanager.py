"""The generated routing and inhibition, in the real Alertmanager."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.render import alertmanager
from tests.programs import amtool
from tests.projects import builtin
from tests.servers import HOST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import Server

CONFIG = alertmanager.files(builtin())["alertmanager/alertmanager.yml"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the generated configuration as a file."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def _amtool(*arguments: str) -> str:
    done = subprocess.run((str(amtool()), *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_amtool_accepts_the_configuration(config: Path) -> None:
    """Amtool finds no fault, and sees the receivers and inhibitions."""
    told = _amtool("check-config", str(config))
    assert "SUCCESS" in told
    assert "3 inhibit rules" in told
    assert "2 receivers" in told


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=Watchdog",), "heartbeat"),
        (("alertname=AirflowTaskFailed", "instance=prod", "dag_id=d", "task_id=t"), "default"),
        (("alertname=PushgatewayDown", "severity=critical"), "default"),
    ],
)
def test_alerts_reach_their_receiver(config: Path, labels: tuple[str, ...], receiver: str) -> None:
    """The watchdog goes to the heartbeat, all else to the default receiver."""
    told = _amtool("config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receiver}", *labels)
    assert told.split() == [receiver]


def _inhibited(server: Server, *alerts: dict[str, str]) -> dict[str, bool]:
    """Send alerts, wait until all are there, and return which of them, by name and DAG, are inhibited."""
    body = json.dumps([{"labels": labels} for labels in alerts])
    status, answer = _post(server, body)
    assert status == http.client.OK, answer
    deadline = time.monotonic() + 20
    found: list[dict[str, Any]] = []
    while len(found) < len(alerts) and time.monotonic() < deadline:
        found = server.get_json("/api/v2/alerts")
        time.sleep(0.1)
    # It may have an alert before it has seen whom that one inhibits.
    time.sleep(1)
    found = server.get_json("/api/v2/alerts")
    return {
        f"{alert['labels']['alertname']} {alert['labels'].get('dag_id', '')}".strip(): bool(
            alert["status"]["inhibitedBy"]
        )
        for alert in found
    }


def _post(server: Server, body: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    try:
        connection.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _alert(name: str, **labels: str) -> dict[str, str]:
    return {"alertname": name, "severity": "warning", **labels}


def test_a_failed_run_inhibits_its_tasks(start_alertmanager: Callable[[str], Server]) -> None:
    """Alerts on the tasks of a DAG whose run failed are inhibited; those of other DAGs and deployments are not."""
    found = _inhibited(
        start_alertmanager(CONFIG),
        _alert("AirflowDagRunFailed", instance="prod", dag_id="bad"),
        _alert("AirflowTaskFailed", instance="prod", dag_id="bad", task_id="t"),
        _alert("AirflowTaskSlow", instance="prod", dag_id="other", task_id="t"),
        _alert("AirflowTaskPartlyFailed", instance="stage", dag_id="bad", task_id="t"),
        _alert("AirflowDagRunRunningTooLong", instance="prod", dag_id="bad"),
        _alert("PushgatewayMemoryHigh", instance="gateway:9091"),
    )
    assert found == {
        "AirflowDagRunFailed bad": False,
        "AirflowTaskFailed bad": True,
        "AirflowTaskSlow other": False,
        "AirflowTaskPartlyFailed bad": False,
        "AirflowDagRunRunningTooLong bad": False,
        "PushgatewayMemoryHigh": False,
    }


def test_a_dead_gateway_inhibits_what_follows_from_it(start_alertmanager: Callable[[str], Server]) -> None:
    """While the gateway is down, alerts on missing pushes and old successes are inhibited, and no others."""
    found = _inhibited(
        start_alertmanager(CONFIG),
        _alert("PushgatewayDown", instance="gateway:9091"),
        _alert("AirflowNotPushing", instance="prod"),
        _alert("AirflowDagNoSuccess", instance="prod", dag_id="d"),
        _alert("AirflowDagRunFailed", instance="prod", dag_id="d"),
        _alert("Watchdog"),
    )
    assert found == {
        "PushgatewayDown": False,
        "AirflowNotPushing": True,
        "AirflowDagNoSuccess d": True,
        "AirflowDagRunFailed d": False,
        "Watchdog": False,
    }


def test_without_a_cause_nothing_is_inhibited(start_alertmanager: Callable[[str], Server]) -> None:
    """The same alerts go out when neither the gateway is down nor a run failed."""
    found = _inhibited(
        start_alertmanager(CONFIG),
        _alert("AirflowNotPushing", instance="prod"),
        _alert("AirflowTaskFailed", instance="prod", dag_id="bad", task_id="t"),
    )
    assert set(found.values()) == {False}

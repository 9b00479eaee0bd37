"""The Compose file's services, started here: same programs, flags and files, without containers.

Grafana can't be had here. Hosts are replaced by loopback, and nothing else.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from dashgen.render.compose import PATH
from tests import servers
from tests.composed import services, started
from tests.projects import built, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILES = dict(built())
SERVICES = services(FILES[PATH])
PROMETHEUS, PUSHGATEWAY, ALERTMANAGER, EXPORTER = (
    SERVICES["prometheus"],
    SERVICES["pushgateway"],
    SERVICES["alertmanager"],
    SERVICES["statsd-exporter"],
)
# The exporter's ports for StatsD are fixed unless told otherwise, and another test may have taken them.
ON_FREE_PORTS = {EXPORTER.name: ("--statsd.listen-udp=127.0.0.1:0", "--statsd.listen-tcp=")}
SCRAPED_WITHIN_SECONDS = 90.0


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait until something holds, or too long."""
    deadline = time.monotonic() + SCRAPED_WITHIN_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[dict[str, servers.Server]]:
    """Return the running services by name; Prometheus finds the others on loopback."""
    with ExitStack() as running:
        found: dict[str, servers.Server] = {}
        files = dict(FILES)
        for service in (PUSHGATEWAY, EXPORTER, ALERTMANAGER, PROMETHEUS):
            folder = tmp_path / service.name
            folder.mkdir()
            out = written(tmp_path / "out", files)
            flags = ON_FREE_PORTS.get(service.name, ())
            found[service.name] = running.enter_context(started(service, folder, out, *flags))
            host = f"{service.name}:{service.data['ports'][0].rpartition(':')[2]}"
            address = found[service.name].url.removeprefix("http://")
            files["prometheus/prometheus.yml"] = files["prometheus/prometheus.yml"].replace(host, address)
        yield found


def test_services_work_together(stack: dict[str, servers.Server]) -> None:
    """Prometheus has loaded every rule group, scrapes the gateway and knows the Alertmanager."""
    server = stack["prometheus"]
    prometheus = servers.Prometheus(server.port, server.process, server.log)
    groups = {group["name"] for group in prometheus.rule_groups()}
    assert {"task_alerts", "watchdog", "airflow_task_attention"} <= groups

    alertmanagers = f"{stack['alertmanager'].url}/api/v2/alerts"
    assert eventually(
        lambda: (
            alertmanagers
            in [each["url"] for each in prometheus.get_json("/api/v1/alertmanagers")["data"]["activeAlertmanagers"]]
        )
    )
    jobs = {"pushgateway", "statsd_exporter"}
    assert eventually(lambda: jobs <= {each.labels["job"] for each in prometheus.query("up == 1")})


def test_gateway_runs_as_it_should(tmp_path: Path) -> None:
    """The gateway checks nothing on a push, and still has its groups after a restart."""
    out = written(tmp_path / "out", FILES)
    with started(PUSHGATEWAY, tmp_path, out) as server:
        gateway = servers.Pushgateway(server.port, server.process, server.log)
        flags = gateway.get_json("/api/v1/status")["data"]["flags"]
        assert flags["push.disable-consistency-check"] == "true"
        assert flags["persistence.file"].startswith(str(tmp_path.resolve()))
        gateway.push("job/j/instance/i", "answer 42\n")
        # The answer comes before the push is applied.
        assert eventually(lambda: b'answer{instance="i",job="j"} 42' in gateway.request("GET", "/metrics")[1])
    with started(PUSHGATEWAY, tmp_path, out) as server:
        assert b'answer{instance="i",job="j"} 42' in server.request("GET", "/metrics")[1]

"""The ways to a gateway: connections, proxies, TLS, path prefixes, and the gateway's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashgen_plugin import delivery, environment
from tests import certificates, faulty, hooks, servers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashgen_plugin.listener import Listener

    Lines = Callable[[], list[str]]
    Settings = Callable[..., None]

PREFIX = "/monitoring/push"


def test_connection_is_kept(
    plugin: Listener, settings: Settings, pushgateway: servers.Pushgateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task's pushes and a run's use one connection."""
    monkeypatch.setattr(delivery, "IDLE_SECONDS", 1)
    with faulty.relay(pushgateway.port) as gateway:
        settings(gateway.url)
        plugin.on_task_instance_running(hooks.task(state="running"))
        plugin.on_task_instance_success(hooks.task())
        plugin.on_dag_run_success(hooks.run())
        plugin.before_stopping()
        assert gateway.accepted == 1
    assert hooks.eventually(lambda: hooks.statuses(pushgateway) == {"load": 1, "": 1})


def test_closed_connection_is_made_anew(
    plugin: Listener, lines: Lines, settings: Settings, pushgateway: servers.Pushgateway
) -> None:
    """A connection that the gateway closed meanwhile costs no push."""
    with faulty.answering(then=pushgateway.port, closes_after=1) as gateway:
        settings(gateway.url, 10)
        plugin.on_task_instance_running(hooks.task(state="running"))
        plugin.on_task_instance_success(hooks.task())
        plugin.on_dag_run_success(hooks.run())
        plugin.before_stopping()
        assert gateway.accepted == len(gateway.requests) >= 4
    assert hooks.eventually(lambda: hooks.statuses(pushgateway) == {"load": 1, "": 1})
    assert lines() == []


def test_changed_address_holds_at_once(plugin: Listener, settings: Settings, pushgateway: servers.Pushgateway) -> None:
    """Settings are read at each event: a new address gets the next push."""
    with faulty.answering(202) as before:
        settings(before.url)
        plugin.on_dag_run_running(hooks.run())
        plugin.before_stopping()
        settings(pushgateway.url)
        plugin.on_dag_run_running(hooks.run())
        plugin.before_stopping()
    assert len(before.requests) == 2
    assert hooks.eventually(lambda: hooks.statuses(pushgateway) == {"": 0})


@pytest.mark.parametrize(("no_proxy", "used"), [("", True), ("example.org", True), ("127.0.0.1", False), ("*", False)])
def test_http_proxy(  # noqa: PLR0913, PLR0917  (fixtures)
    plugin: Listener,
    settings: Settings,
    pushgateway: servers.Pushgateway,
    monkeypatch: pytest.MonkeyPatch,
    no_proxy: str,
    used: bool,  # noqa: FBT001  (a parameter of the test)
) -> None:
    """Pushes go by the environment's proxy, with its credentials, unless the gateway is among the exceptions."""
    with faulty.proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://me:pass%40word@"))
        monkeypatch.setenv("no_proxy", no_proxy)
        settings(pushgateway.url.replace("://", "://user:secret@"))
        plugin.on_dag_run_failed(hooks.run())
        plugin.before_stopping()
    assert hooks.eventually(lambda: hooks.statuses(pushgateway) == {"": -1})
    assert len(proxy.requests) == (2 if used else 0)
    for request in proxy.requests:
        assert request.target.startswith(f"{pushgateway.url}/metrics/job/airflow_dag")
        assert request.headers["proxy-authorization"] == "Basic bWU6cGFzc0B3b3Jk"
        assert request.headers["authorization"] == "Basic dXNlcjpzZWNyZXQ="


@pytest.mark.parametrize("proxied", [False, True])
def test_https_with_own_authority(  # noqa: PLR0913, PLR0917  (fixtures)
    plugin: Listener,
    lines: Lines,
    settings: Settings,
    pushgateway: servers.Pushgateway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    proxied: bool,  # noqa: FBT001  (a parameter of the test)
) -> None:
    """A gateway behind TLS of a private authority takes pushes, directly and by a proxy's tunnel."""
    made = certificates.made(tmp_path)
    with faulty.proxy() as proxy, faulty.answering(then=pushgateway.port, tls=made.server) as gateway:
        if proxied:
            monkeypatch.setenv("https_proxy", proxy.url.replace("://", "://me:word@"))
        monkeypatch.setenv(environment.CA_FILE, str(made.authority))
        settings(gateway.url.replace("://", "://user:secret@"))
        plugin.on_dag_run_failed(hooks.run())
        plugin.before_stopping()
        assert gateway.accepted == 1
    assert hooks.eventually(lambda: hooks.statuses(pushgateway) == {"": -1})
    assert {request.headers["authorization"] for request in gateway.requests} == {"Basic dXNlcjpzZWNyZXQ="}
    assert [(request.method, request.target) for request in proxy.requests] == (
        [("CONNECT", f"{servers.HOST}:{gateway.port}")] if proxied else []
    )
    assert all("proxy-authorization" not in request.headers for request in gateway.requests)
    assert lines() == []


@pytest.mark.parametrize("end", ["", "/"])
def test_path_prefix(plugin: Listener, lines: Lines, settings: Settings, tmp_path: Path, end: str) -> None:
    """A gateway below a path prefix takes pushes at the address with that prefix."""
    with servers.pushgateway(tmp_path, f"--web.route-prefix={PREFIX}") as gateway:
        settings(gateway.url + PREFIX + end)
        plugin.on_dag_run_failed(hooks.run())
        plugin.before_stopping()
        assert lines() == []
        assert hooks.eventually(lambda: len(gateway.get_json(f"{PREFIX}/api/v1/metrics")["data"]) == 2)


@pytest.mark.parametrize("check", [False, True])
def test_consistency_check(plugin: Listener, lines: Lines, settings: Settings, tmp_path: Path, *, check: bool) -> None:
    """A whole run arrives at a gateway with the consistency check and at one without."""
    with servers.pushgateway(tmp_path, consistency_check=check) as gateway:
        settings(gateway.url)
        plugin.on_dag_run_running(hooks.run())
        for index in range(3):
            plugin.on_task_instance_running(hooks.task(state="running", map_index=index))
            plugin.on_task_instance_success(hooks.task(map_index=index))
        plugin.on_dag_run_success(hooks.run())
        plugin.before_stopping()
        assert hooks.eventually(lambda: len(hooks.groups(gateway)) == 6)
        assert hooks.eventually(lambda: hooks.statuses(gateway) == {"load": 1, "": 1})
    assert lines() == []

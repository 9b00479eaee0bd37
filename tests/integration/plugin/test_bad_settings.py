"""Settings that can't be used cost no time, and are told without credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dashgen_plugin import environment
from tests import certificates, faulty, hooks
from tests.integration.plugin.bounds import AT_ONCE, DEADLINE, SECRET, SILENCE, ends_task, with_credentials, within

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashgen_plugin.listener import Listener

    Lines = Callable[[], list[str]]
    Settings = Callable[..., None]


def test_unknown_host(plugin: Listener, lines: Lines, settings: Settings) -> None:
    """A name that does not resolve is told as such."""
    settings(f"http://user:{SECRET}@gateway.invalid:9091", DEADLINE)
    ends_task(plugin)
    (line,) = lines()
    assert line.startswith("http://***@gateway.invalid:9091: lost airflow_tasks")
    assert "the host is not known" in line


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://user:{SECRET}@localhost",
        f"http://user:{SECRET}@[::1",
        f"http://user:{SECRET}@localhost:port",
        f"http://user:{SECRET}@/metrics",
        f"http://user:{SECRET}@localhost/?token={SECRET}",
        f"http://user:{SECRET}@local host",
        f"user:{SECRET}@localhost:99999",
    ],
)
def test_invalid_address(plugin: Listener, lines: Lines, settings: Settings, url: str) -> None:
    """An address that is none costs no time and is told without its credentials."""
    settings(url)
    with within(AT_ONCE):
        plugin.on_task_instance_running(hooks.task(state="running"))
        plugin.on_task_instance_success(hooks.task())
    assert lines()
    for line in lines():
        assert "lost airflow_tasks dag_id='etl'" in line
        assert SECRET not in line


def test_wrong_authority(
    plugin: Listener, lines: Lines, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that another authority signed ends the attempt at once; nothing is sent."""
    for folder in ("ours", "another"):
        (tmp_path / folder).mkdir()
    another = certificates.made(tmp_path / "another")
    with faulty.answering(200, tls=certificates.made(tmp_path / "ours").server) as gateway:
        monkeypatch.setenv(environment.CA_FILE, str(another.authority))
        settings(with_credentials(gateway.url), 10)
        plugin.on_dag_run_success(hooks.run())
        with within(5):
            plugin.before_stopping()
    (line,) = lines()
    assert gateway.requests == []
    assert gateway.accepted == 1
    assert "certificate verify failed" in line
    assert SECRET not in line


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_unusable_authority(  # noqa: PLR0913, PLR0917  (fixtures)
    plugin: Listener,
    lines: Lines,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
) -> None:
    """A CA file that is missing, or holds no certificate, is told by its name."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    monkeypatch.setenv(environment.CA_FILE, str(file))
    settings("https://localhost:1")
    with within(AT_ONCE):
        plugin.on_dag_run_success(hooks.run())
        plugin.before_stopping()
    (line,) = lines()
    assert f"'{file}' can't be used" in line


def test_hanging_proxy(plugin: Listener, lines: Lines, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that hangs is a gateway that hangs."""
    with faulty.hanging() as proxy, faulty.answering(200) as gateway:
        monkeypatch.setenv("http_proxy", with_credentials(proxy.url))
        settings(gateway.url, DEADLINE)
        ends_task(plugin)
    (line,) = lines()
    assert gateway.accepted == 0
    assert re.search(SILENCE, line)
    assert SECRET not in line


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_refusing_proxy(
    plugin: Listener, lines: Lines, settings: Settings, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """What a proxy answers is told, as a gateway's own answer is."""
    with faulty.answering(407) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", with_credentials(proxy.url))
        settings(f"{scheme}://gateway.invalid", DEADLINE)
        ends_task(plugin)
    assert lines()
    assert all("407" in line and SECRET not in line for line in lines())

"""Each fault of a gateway: no hook raises or waits longer than it may, and each loss is one line."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests import faulty, hooks, servers
from tests.integration.plugin.bounds import AT_ONCE, DEADLINE, SECRET, SILENCE, ends_task, with_credentials, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from dashgen_plugin.listener import Listener
    from tests.wire import Server

    Lines = Callable[[], list[str]]
    Settings = Callable[..., None]
    Fault = tuple[Callable[[], AbstractContextManager[Server]], str]

SLOW_FAULTS: dict[str, Fault] = {
    "refused": (faulty.refused, "Connection refused"),
    "hangs": (faulty.hanging, SILENCE),
    "drips": (lambda: faulty.dripping(0.1), SILENCE),
    "resets": (faulty.resetting, "Connection reset by peer"),
    "closes": (faulty.closing, "closed connection without response"),
    "429": (lambda: faulty.answering(429, text="slow\ndown"), "429 slow down"),
    "500": (lambda: faulty.answering(500), "500"),
    "503": (lambda: faulty.answering(503, text="<h1>busy</h1>"), "503 <h1>busy</h1>"),
}
REFUSALS: dict[str, Fault] = {
    "400": (lambda: faulty.answering(400, text="invalid\ngroup"), "400 invalid group"),
    "413": (lambda: faulty.answering(413), "413"),
}
REFUSALS_OF_ALL: dict[str, Fault] = {
    "401": (lambda: faulty.answering(401), "401"),
    "404": (lambda: faulty.answering(404, text="x" * 10_000), "404 x{200}$"),
}


@contextmanager
def dropped_packets() -> Iterator[Server]:
    """Let attempts to connect hang."""
    with faulty.blackhole(0) as (server, _):
        yield server


SLOW_FAULTS["drops packets"] = (dropped_packets, SILENCE)


@pytest.mark.parametrize("fault", SLOW_FAULTS)
def test_task_loses_its_state_in_one_line(plugin: Listener, lines: Lines, settings: Settings, fault: str) -> None:
    """The end of a task waits for the deadline and no longer, and one line tells of all that was lost."""
    server, why = SLOW_FAULTS[fault]
    with server() as gateway:
        settings(with_credentials(gateway.url), DEADLINE)
        ends_task(plugin)
        (line,) = lines()

    assert re.search(r"lost airflow_tasks dag_id='etl' task_id='load' .* and 1 more: ", line)
    assert re.search(why, line)
    assert SECRET not in line


@pytest.mark.parametrize("fault", SLOW_FAULTS)
def test_run_loses_its_state_in_one_line(plugin: Listener, lines: Lines, settings: Settings, fault: str) -> None:
    """A DAG run's hook returns at once, and one line tells of its loss when the deadline has passed."""
    server, why = SLOW_FAULTS[fault]
    with server() as gateway:
        settings(with_credentials(gateway.url), DEADLINE)
        with within(AT_ONCE):
            plugin.on_dag_run_failed(hooks.run())
        assert lines() == []
        assert hooks.eventually(lambda: bool(lines()))
        (line,) = lines()

    assert re.search(r"lost airflow_dags dag_id='etl' .* and 1 more: ", line)
    assert re.search(why, line)
    assert SECRET not in line


@pytest.mark.parametrize("fault", REFUSALS)
def test_refusal_is_final(plugin: Listener, lines: Lines, settings: Settings, fault: str) -> None:
    """What the gateway refuses is asked once: each group is one request and one line."""
    server, why = REFUSALS[fault]
    with server() as gateway:
        settings(with_credentials(gateway.url))
        with within(AT_ONCE):
            plugin.on_dag_run_failed(hooks.run())
        assert hooks.eventually(lambda: len(lines()) == 2)
        plugin.before_stopping()

    assert len(gateway.requests) == len(set(gateway.targets)) == 2
    fleet, per_run = lines()
    assert re.search("lost airflow_dags dag_id='etl' instance='airflow-local': " + why, fleet)
    assert re.search("lost airflow_dag_runs dag_id='etl' run_id='manual__1' instance='airflow-local': " + why, per_run)
    assert SECRET not in fleet + per_run


@pytest.mark.parametrize("fault", REFUSALS_OF_ALL)
def test_wrong_address_or_password_is_one_line(plugin: Listener, lines: Lines, settings: Settings, fault: str) -> None:
    """What is wrong for every group is asked once, and told in one line for all that waits."""
    server, why = REFUSALS_OF_ALL[fault]
    with server() as gateway:
        settings(with_credentials(gateway.url))
        plugin.on_dag_run_failed(hooks.run())
        assert hooks.eventually(lambda: len(lines()) == 1)
        plugin.before_stopping()

    assert len(gateway.requests) == 1
    (line,) = lines()
    assert re.search("lost airflow_dags dag_id='etl' .* and 1 more: " + why, line)
    assert SECRET not in line


@pytest.mark.parametrize("fault", [*REFUSALS, *REFUSALS_OF_ALL])
def test_refusal_ends_the_wait(plugin: Listener, lines: Lines, settings: Settings, fault: str) -> None:
    """The end of a task does not wait for what was refused."""
    with {**REFUSALS, **REFUSALS_OF_ALL}[fault][0]() as gateway:
        settings(gateway.url, 10)
        with within(5):
            plugin.on_task_instance_running(hooks.task(state="running"))
            plugin.on_task_instance_success(hooks.task())

    # A running push that its task's end superseded meanwhile is no loss.
    assert 1 <= len(lines()) <= len(gateway.requests)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(plugin: Listener, lines: Lines, settings: Settings, status: int) -> None:
    """A redirect is a loss: nothing is ever sent to where it points."""
    with faulty.answering(200) as elsewhere, faulty.answering(status, headers={"Location": elsewhere.url}) as gateway:
        settings(gateway.url)
        ends_task(plugin)

    assert elsewhere.accepted == 0
    # A running push that its task's end superseded meanwhile is no loss.
    assert 1 <= len(lines()) <= len(gateway.requests)
    assert all(f": {status} (a redirect, which is not followed)" in line for line in lines())


def test_no_other_hook_waits(plugin: Listener, settings: Settings) -> None:
    """While the gateway hangs, no hook waits but a task's end in its own process."""
    with faulty.hanging() as gateway:
        settings(gateway.url, 1)
        for hook in ("on_dag_run_running", "on_dag_run_success", "on_dag_run_failed"):
            with within(AT_ONCE):
                getattr(plugin, hook)(hooks.run())
        # No task started in this process: that is how the scheduler tells of a killed one.
        for hook in ("success", "failed", "skipped"):
            with within(AT_ONCE):
                getattr(plugin, f"on_task_instance_{hook}")(hooks.task())
        assert hooks.eventually(lambda: bool(gateway.requests))
        with within(AT_ONCE):
            plugin.on_task_instance_running(hooks.task())


@pytest.mark.parametrize(
    ("server", "arriving"),
    [
        (lambda port: faulty.answering(503, 503, then=port), 4),
        (lambda port: faulty.answering(500, then=port), 3),
        (lambda port: faulty.answering(429, then=port), 3),
        (lambda port: faulty.resetting(times=2, then=port), 4),
    ],
    ids=["503", "500", "429", "reset"],
)
def test_passing_trouble_is_outlived(  # noqa: PLR0913, PLR0917  (fixtures)
    plugin: Listener,
    lines: Lines,
    settings: Settings,
    pushgateway: servers.Pushgateway,
    server: Callable[[int], AbstractContextManager[Server]],
    arriving: int,
) -> None:
    """What fails in passing is tried again: when the gateway recovers, both groups arrive, and nothing is told."""
    with server(pushgateway.port) as gateway:
        settings(gateway.url, 10)
        plugin.on_dag_run_failed(hooks.run())
        plugin.before_stopping()

    assert hooks.eventually(lambda: len(hooks.groups(pushgateway)) == 2)
    assert len(gateway.requests) == arriving
    assert lines() == []


@pytest.mark.parametrize("mode", ["refuse", "reset", "hang"])
def test_gateway_comes_back_in_time(
    plugin: Listener, lines: Lines, settings: Settings, pushgateway: servers.Pushgateway, mode: str
) -> None:
    """A gateway that can't be reached at a task's start, and can at its end, has the task's state."""
    with faulty.relay(pushgateway.port) as gateway:
        gateway.mode = mode
        settings(gateway.url, 10)
        plugin.on_task_instance_running(hooks.task(state="running"))
        time.sleep(0.2)
        gateway.mode = "pass"
        plugin.on_task_instance_failed(hooks.task(state="failed"))

    assert hooks.eventually(lambda: hooks.statuses(pushgateway) == {"load": -1})
    assert lines() == []


def test_killed_gateway(plugin: Listener, lines: Lines, settings: Settings, tmp_path: Path) -> None:
    """A gateway that is killed while it is pushed to costs that state; the next event's is on the one after it."""
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    with faulty.relay(0) as gateway:
        settings(gateway.url, DEADLINE)
        with servers.pushgateway(tmp_path / "first") as first:
            gateway.target_port = first.port
            os.kill(first.process.pid, signal.SIGSTOP)
            plugin.on_dag_run_running(hooks.run())
            assert hooks.eventually(lambda: gateway.accepted == 1)
            first.process.kill()
            assert hooks.eventually(lambda: bool(lines()))
        (line,) = lines()
        assert "lost airflow_dags" in line
        with servers.pushgateway(tmp_path / "second") as second:
            gateway.target_port = second.port
            plugin.on_dag_run_failed(hooks.run())
            assert hooks.eventually(lambda: hooks.statuses(second) == {"": -1})
    assert len(lines()) == 1

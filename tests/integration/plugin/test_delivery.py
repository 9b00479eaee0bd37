"""The delivery of what the hooks put in: order, superseding, bounds, and the thread that does it."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog import airflow
from dashgen.catalog.labels import AIRFLOW_DAGS
from dashgen_plugin import delivery, environment
from dashgen_plugin.events import Push
from tests import faulty, hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashgen_plugin.listener import Listener
    from tests import servers
    from tests.wire import Request

    Lines = Callable[[], list[str]]
    Settings = Callable[..., None]

FLEET = ("airflow_tasks", frozenset({("dag_id", "etl"), ("task_id", "load"), ("instance", "airflow-local")}))
START = hooks.START.timestamp()


def delivers() -> bool:
    """Whether the delivery's thread lives."""
    return any(thread.name == "dashgen" for thread in threading.enumerate())


def holds(gateway: servers.Pushgateway, values: dict[str, float]) -> bool:
    """Whether the task's group in the fleet has these values, perhaps in a moment."""
    return hooks.eventually(lambda: values.items() <= hooks.groups(gateway).get(FLEET, {}).items())


def test_terminal_push_comes_last(plugin: Listener, settings: Settings, pushgateway: servers.Pushgateway) -> None:
    """A push that the gateway is slow to take is not overtaken by the one that follows."""

    def slow_at_first(_: Request) -> None:
        if len(slow.requests) <= 2:
            time.sleep(0.4)

    with faulty.answering(then=pushgateway.port, before=slow_at_first) as slow:
        settings(slow.url, 10)
        plugin.on_task_instance_running(hooks.task(state="running"))
        assert hooks.eventually(lambda: bool(slow.requests))
        plugin.on_task_instance_success(hooks.task())
        values = hooks.groups(pushgateway)[FLEET]

    assert values["task_status"] == 1
    bodies = [re.search(rb"^task_status (.*)$", request.body, re.MULTILINE) for request in slow.requests]
    assert [float(found[1]) for found in bodies if found][:1] == [0]
    assert slow.accepted == 1


@pytest.mark.parametrize("fault", ["refused", "drops packets"])
def test_terminal_push_supersedes(
    plugin: Listener, lines: Lines, settings: Settings, pushgateway: servers.Pushgateway, fault: str
) -> None:
    """What could not be sent yet is merged with what follows: each group is pushed once, with the values of both."""
    running = hooks.task(state="running", try_number=2)
    ended = hooks.task(start_date=None, try_number=None)
    with faulty.answering(then=pushgateway.port) as recording:
        if fault == "refused":
            with faulty.relay(recording.port) as gateway:
                gateway.mode = "refuse"
                settings(gateway.url, 10)
                plugin.on_task_instance_running(running)
                timer = threading.Timer(0.3, setattr, (gateway, "mode", "pass"))
                timer.start()
                plugin.on_task_instance_success(ended)
                timer.join()
        else:
            with faulty.blackhole(recording.port) as (gateway, open_up):
                settings(gateway.url, 10)
                plugin.on_task_instance_running(running)
                timer = threading.Timer(0.3, open_up)
                timer.start()
                plugin.on_task_instance_success(ended)
                timer.join()

    assert len(recording.requests) == len(set(recording.targets)) == 2
    assert holds(pushgateway, {"task_status": 1, "task_try_number": 2, "task_start_timestamp_seconds": START})
    assert lines() == []


def test_one_deadline_for_all(plugin: Listener, settings: Settings) -> None:
    """A task's end waits for its own push, its start's, and those of both generations, no longer than one deadline."""
    with faulty.hanging() as gateway:
        settings(gateway.url, 1.2)
        plugin.on_task_instance_running(hooks.task(state="running"))
        assert hooks.eventually(lambda: bool(gateway.requests))
        started = time.monotonic()
        plugin.on_task_instance_success(hooks.task())
        # The two pushes would take 2.4 s one after the other.
        assert time.monotonic() - started < 1.8


def test_newest_state_wins(plugin: Listener, settings: Settings, pushgateway: servers.Pushgateway) -> None:
    """Of many events of a group that wait, one push is made; what only an earlier one says, stays."""
    with faulty.answering(then=pushgateway.port) as recording, faulty.relay(recording.port) as gateway:
        gateway.mode = "hang"
        settings(gateway.url, 10)
        plugin.on_dag_run_running(hooks.run("other"))
        assert hooks.eventually(lambda: gateway.accepted == 1)
        for attempt in range(1, 50):
            plugin.on_task_instance_failed(hooks.task(state="up_for_retry", try_number=attempt))
        plugin.on_task_instance_success(hooks.task(try_number=None))
        gateway.mode = "pass"
        plugin.before_stopping()

    assert len(recording.requests) == len(set(recording.targets)) == 4
    assert holds(pushgateway, {"task_status": 1, "task_try_number": 49})


def test_queue_is_bounded(
    plugin: Listener,
    lines: Lines,
    settings: Settings,
    pushgateway: servers.Pushgateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of more groups than may wait the oldest are dropped, which is told, but not for each."""
    monkeypatch.setattr(delivery, "MOST_WAITING", 8)
    with faulty.relay(pushgateway.port) as gateway:
        gateway.mode = "hang"
        settings(gateway.url, 10)
        for number in range(100):
            plugin.on_dag_run_running(hooks.run(f"dag{number:02}"))
        gateway.mode = "pass"
        plugin.before_stopping()
        plugin.on_dag_run_running(hooks.run("last"))
        plugin.before_stopping()

    told = lines()
    assert 1 <= len(told) <= 3
    assert all(re.search(r"more than 8 groups wait for the Pushgateway: dropped \d+$", line) for line in told)
    arrived = {dict(labels)["dag_id"] for _, labels in hooks.groups(pushgateway)}
    assert arrived >= {"dag97", "dag98", "dag99", "last"}
    # What is on its way, what waits, and what is taken in meanwhile, in both generations.
    assert len(arrived) < 40


def test_drops_are_counted(plugin: Listener, lines: Lines, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that was dropped is told by the end, at most once a minute until then."""
    monkeypatch.setattr(delivery, "MOST_WAITING", 2)
    with faulty.hanging() as gateway:
        settings(gateway.url, 1)
        plugin.on_dag_run_running(hooks.run("first"))
        assert hooks.eventually(lambda: bool(gateway.requests))
        for number in range(100):
            plugin.on_dag_run_running(hooks.run(f"dag{number}"))
        plugin.before_stopping()
    told = [int(line.rpartition("dropped ")[2]) for line in lines() if "dropped" in line]
    # Two of a hundred events are left; of their four groups two are dropped where the thread has taken them in.
    assert sum(told) in {98, 100}
    assert len(told) <= 2


def test_the_group_without_news_for_longest_is_dropped(
    settings: Settings, pushgateway: servers.Pushgateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that came first and has news since stays; the one that has none goes."""
    monkeypatch.setattr(delivery, "MOST_WAITING", 3)
    settings(pushgateway.url, 10)
    pushes = [
        Push(AIRFLOW_DAGS, (("dag_id", dag_id), ("instance", "airflow-local")), {airflow.DAG_RUN_STATUS: 1})
        for dag_id in ("a", "b", "c", "a", "d")
    ]
    delivery.put(lambda: pushes, environment.read().target)
    delivery.flush(10)
    arrived = hooks.eventually(lambda: len(hooks.groups(pushgateway)) == 3)
    assert arrived
    assert {dict(labels)["dag_id"] for _, labels in hooks.groups(pushgateway)} == {"a", "c", "d"}


def test_what_is_being_worked_out_is_told(plugin: Listener, lines: Lines, settings: Settings) -> None:
    """Work that the thread has taken, and not worked out by the deadline, is lost in one line and not sent later."""
    taken, go_on = threading.Event(), threading.Event()

    def work() -> list[Push]:
        if not taken.is_set():
            taken.set()
            go_on.wait(10)
        return [Push(AIRFLOW_DAGS, (("dag_id", "slow"), ("instance", "i")), {airflow.DAG_RUN_STATUS: 1})]

    with faulty.answering(202) as gateway:
        settings(gateway.url)
        delivery.put(work, environment.read().target)
        assert taken.wait(10)
        delivery.flush(0.1)
        (line,) = lines()
        go_on.set()
        plugin.on_dag_run_running(hooks.run())
        plugin.before_stopping()
        assert len(gateway.requests) == 2
    assert "lost airflow_dags dag_id='slow' instance='i': not sent within 0.1 s" in line
    assert lines() == [line]


def test_reason_of_the_latest_attempt(plugin: Listener, lines: Lines, settings: Settings) -> None:
    """A flush that ends before the delivery gives up tells why the latest attempt failed."""
    with faulty.answering(503, text="busy") as gateway:
        settings(gateway.url, 1)
        plugin.on_dag_run_running(hooks.run())
        assert hooks.eventually(lambda: len(gateway.requests) > 1)
        delivery.flush(0.1)
        (line,) = lines()
    assert line.endswith(": not sent within 0.1 s (503 busy)")


def test_thread_ends_when_idle(plugin: Listener, settings: Settings, pushgateway: servers.Pushgateway) -> None:
    """A thread lives only while there is something to send; the next event makes another."""
    settings(pushgateway.url)
    for try_number in (1, 2):
        plugin.on_task_instance_failed(hooks.task(state="up_for_retry", try_number=try_number))
        assert delivers()
        assert holds(pushgateway, {"task_try_number": try_number})
        assert hooks.eventually(lambda: not delivers())


def test_no_thread_to_be_had(
    plugin: Listener,
    lines: Lines,
    settings: Settings,
    pushgateway: servers.Pushgateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the system gives no thread the event is lost, in one line, and the next one is delivered."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    settings(pushgateway.url)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        plugin.on_task_instance_running(hooks.task(state="running"))
    assert len(lines()) == 1
    assert "can't start new thread" in lines()[0]
    plugin.on_task_instance_success(hooks.task())
    assert holds(pushgateway, {"task_status": 1})
    assert len(lines()) == 1


def test_before_stopping_sends_what_waits(
    plugin: Listener, settings: Settings, pushgateway: servers.Pushgateway
) -> None:
    """When a component stops, what waits has been sent."""
    with faulty.answering(then=pushgateway.port, before=lambda _: time.sleep(0.3)) as slow:
        settings(slow.url, 10)
        plugin.on_dag_run_running(hooks.run())
        plugin.before_stopping()
        assert len(slow.requests) == 2
        assert hooks.statuses(pushgateway) == {"": 0}

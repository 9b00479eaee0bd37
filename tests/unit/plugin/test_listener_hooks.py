"""The listener's hooks as Airflow calls them, with the delivery replaced by a list."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import airflow
from dashgen_plugin import delivery, environment, facts, listener, own_metrics, reconciliation
from dashgen_plugin.listener import Listener
from tests import hooks
from tests.hookspecs import LINES, registered

if TYPE_CHECKING:
    from collections.abc import Callable

    import pluggy

URL = "http://user:s3cret@gateway:9091"
NO_EVENT = {"before_stopping"}
HOOKS = {name for name, _ in inspect.getmembers(Listener, inspect.isfunction) if not name.startswith("_")}
TASK_HOOKS = sorted(name for name in HOOKS if name.startswith("on_task"))
RUN_HOOKS = sorted(name for name in HOOKS if name.startswith("on_dag_run"))
WAITING = ["on_task_instance_failed", "on_task_instance_skipped", "on_task_instance_success"]
PUT, FLUSH = "put", "flush"


class Broken:
    """An object of which nothing at all can be read."""

    def __getattribute__(self, name: str) -> object:
        """Raise what is no AttributeError."""
        raise RuntimeError(name)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Return what the hooks do with the delivery, in its order."""
    found: list[tuple[str, Any]] = []
    for name in environment.DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(environment.URL, URL)
    monkeypatch.setattr(delivery, "put", lambda work, target: found.append((PUT, (work, target))))
    monkeypatch.setattr(delivery, "flush", lambda seconds: found.append((FLUSH, seconds)))
    monkeypatch.setattr(listener, "_said", set())
    monkeypatch.setattr(own_metrics, "_PROCESSES", {})
    return found


@pytest.fixture(params=LINES)
def line(request: pytest.FixtureRequest) -> int:
    """Return each major version of Airflow."""
    number: int = request.param
    return number


def _call(manager: pluggy.PluginManager, hook: str, thing: object) -> None:
    """Call a hook with all that Airflow passes to it; Airflow 2 knows one hook less."""
    arguments = {"task_instance": thing, "dag_run": thing, "component": thing, "msg": "x", "error": "x"}
    arguments |= {"previous_state": None, "session": None}
    called = getattr(manager.hook, hook)
    if called.spec is None:
        assert hook == "on_task_instance_skipped"
        return
    called(**{name: arguments[name] for name in called.spec.argnames})


def _object_for(hook: str) -> object:
    return hooks.run() if hook in RUN_HOOKS else hooks.task()


def _pushed(done: list[tuple[str, Any]]) -> list[Any]:
    return [list(work()) for what, (work, _) in done if what == PUT]


def test_every_event_has_its_hook_and_every_hook_its_event() -> None:
    """The catalog's events name the listener's hooks, and no hook is there for nothing."""
    named = {hook for event in airflow.EVENTS for hook in event.hook.split(", ")}
    assert named | NO_EVENT == HOOKS


def test_both_lines_of_airflow_take_the_listener(line: int) -> None:
    """Every hook that a line has is one of ours, with arguments that the line passes."""
    hook = registered(Listener(), line).hook
    unknown = {name for name in HOOKS if getattr(hook, name).spec is None}
    assert unknown == (set() if line == 3 else {"on_task_instance_skipped"})
    assert all("session" not in inspect.signature(getattr(Listener, name)).parameters for name in HOOKS)


@pytest.mark.parametrize("hook", [*TASK_HOOKS, *RUN_HOOKS])
def test_a_hook_puts_one_work(hook: str, line: int, done: list[tuple[str, Any]]) -> None:
    """Each hook of a task or a run hands over one piece of work, for the gateway of the settings."""
    _call(registered(Listener(), line), hook, _object_for(hook))
    if line == 2 and hook == "on_task_instance_skipped":
        assert done == []
    else:
        ((what, (_, target)),) = done
        assert (what, target.url) == (PUT, URL)


@pytest.mark.parametrize("hook", [*TASK_HOOKS, *RUN_HOOKS])
def test_twice_is_once(hook: str, done: list[tuple[str, Any]]) -> None:
    """A hook that fires twice for one event sets the same."""
    for _ in range(2):
        _call(registered(Listener()), hook, _object_for(hook))
    first, second = _pushed(done)
    assert first == second != []


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_no_hook_raises(hook: str, line: int, done: list[tuple[str, Any]], caplog: pytest.LogCaptureFixture) -> None:
    """An object of which nothing can be read is one line in the log, without a traceback."""
    _call(registered(Listener(), line), hook, Broken())
    assert not [what for what, _ in done if what == PUT]
    if hook not in NO_EVENT and not (line == 2 and hook == "on_task_instance_skipped"):
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert record.exc_info is None
        assert "was not pushed" in record.getMessage()


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_no_hook_raises_when_the_delivery_does(
    hook: str, done: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what can't happen is caught."""

    def fail(*_: object) -> None:
        done.append(("failed", None))
        raise MemoryError

    monkeypatch.setattr(delivery, "put", fail)
    monkeypatch.setattr(delivery, "flush", fail)
    _call(registered(Listener()), hook, _object_for(hook))
    assert done == [("failed", None)]


@pytest.mark.parametrize("hook", WAITING)
def test_a_tasks_own_process_waits_at_its_end(hook: str, done: list[tuple[str, Any]]) -> None:
    """The start never waits; the end waits, at most as long as the settings say."""
    manager = registered(Listener())
    _call(manager, "on_task_instance_running", hooks.task())
    assert [what for what, _ in done] == [PUT]
    _call(manager, hook, hooks.task())
    assert [what for what, _ in done] == [PUT, PUT, FLUSH]
    assert done[-1] == (FLUSH, 2.0)


@pytest.mark.parametrize("hook", [*WAITING, *RUN_HOOKS])
def test_elsewhere_no_hook_waits(hook: str, done: list[tuple[str, Any]]) -> None:
    """In the scheduler and the API server, where no task starts, nothing waits for the gateway."""
    _call(registered(Listener()), hook, _object_for(hook))
    assert FLUSH not in [what for what, _ in done]


def test_a_process_that_stops_waits(done: list[tuple[str, Any]]) -> None:
    """What is still to be sent when a component stops has as long as the settings say."""
    _call(registered(Listener()), "before_stopping", None)
    assert done == [(FLUSH, 2.0)]


@pytest.mark.parametrize(
    "off",
    [
        {environment.URL: ""},
        {environment.ENABLED: "false"},
        {environment.FLEET_ON: "false"},
    ],
    ids=["no address", "disabled", "no generation"],
)
@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_switched_off(
    hook: str, off: dict[str, str], done: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing to push, or nowhere to push it to, no object is even read."""
    for name, value in off.items():
        monkeypatch.setenv(name, value)
    _call(registered(Listener()), hook, Broken())
    assert done == []


@pytest.mark.parametrize(
    ("settings", "level", "said"),
    [
        ({environment.URL: ""}, logging.INFO, "nothing is pushed"),
        ({environment.LAB_ON: "true"}, logging.WARNING, "wrong by design"),
        ({environment.TIMEOUT: "soon"}, logging.WARNING, "no number of seconds"),
    ],
    ids=["no address", "lab", "wrong"],
)
@pytest.mark.usefixtures("done")
def test_what_is_odd_is_said_once(
    settings: dict[str, str], level: int, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting that a person should look at is one line per process, not one per event."""
    caplog.set_level(logging.INFO)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for _ in range(3):
        _call(registered(Listener()), "on_dag_run_running", hooks.run())
    assert [(record.levelno, said in record.getMessage()) for record in caplog.records] == [(level, True)]


@pytest.mark.parametrize(("state", "code"), [("up_for_retry", 2), ("failed", -1), ("running", -1)])
def test_only_the_state_tells_a_retry(state: str, code: int, done: list[tuple[str, Any]]) -> None:
    """The same hook reports an attempt that failed for good and one that is retried."""
    _call(registered(Listener()), "on_task_instance_failed", hooks.task(state=state))
    ((push,),) = _pushed(done)
    assert push.values[airflow.TASK_STATUS] == code
    assert (airflow.TASK_LAST_FAILURE in push.values) == (code == -1)


def test_failed_or_retried_is_not_guessed(done: list[tuple[str, Any]], caplog: pytest.LogCaptureFixture) -> None:
    """Where the state can't be read nothing is pushed, and one line says so."""
    _call(registered(Listener()), "on_task_instance_failed", hooks.task(state=None))
    assert _pushed(done) == []
    assert ["can't be read" in record.getMessage() for record in caplog.records] == [True]


def test_tasks_that_can_not_be_read_hide_no_run(
    done: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """When the database fails at the end of a run, the run's own state is told, and one line why not more."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no database for user:s3cret@db")

    monkeypatch.setattr(reconciliation, "read", fail)
    _call(registered(Listener()), "on_dag_run_failed", hooks.run())
    ((push,),) = _pushed(done)
    assert push.values[airflow.DAG_RUN_STATUS] == -1
    assert caplog.messages == ["the tasks of etl manual__1 are not known: RuntimeError"]


def test_each_instance_is_read_only_for_the_runs_generation(
    done: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fleet needs no instance by itself: the database groups them."""
    asked: list[object] = []
    read: Callable[..., None] = lambda _, *, each: asked.append(each)  # noqa: E731  (returns None: no session)
    monkeypatch.setattr(reconciliation, "read", read)
    for word in ("false", "true"):
        monkeypatch.setenv(environment.PER_RUN_ON, word)
        _call(registered(Listener()), "on_dag_run_success", hooks.run())
    assert asked == [False, True]
    assert len(done) == 2


@pytest.mark.parametrize("hook", ["on_task_instance_running", "on_task_instance_success", "on_task_instance_failed"])
def test_a_trial_is_no_attempt(hook: str, done: list[tuple[str, Any]]) -> None:
    """``airflow tasks test`` of Airflow 2 tells of a start and never of a success: nothing of it is pushed."""
    trial = hooks.task(state="failed")
    trial.test_mode = True
    _call(registered(Listener()), hook, trial)
    assert _pushed(done) == []


@pytest.mark.parametrize(("major", "waits"), [(2, False), (3, True)])
def test_airflow_2_does_not_wait_with_a_failure_unwritten(
    major: int, done: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    """Airflow 2 calls the failed hook with the task's row locked: only the end of the process waits there."""
    monkeypatch.setattr(facts, "airflow_major", lambda: major)
    for hook, state in (("on_task_instance_running", "running"), ("on_task_instance_failed", "failed")):
        _call(registered(Listener()), hook, hooks.task(state=state))
    assert (FLUSH in [what for what, _ in done]) is waits

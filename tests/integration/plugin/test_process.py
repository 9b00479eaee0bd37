"""The plugin over the life of a process: import, fork, exit, and a long run."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from dashgen_plugin import environment
from tests import faulty, hooks

if TYPE_CHECKING:
    from pathlib import Path

    from tests import servers

# Records what an import does to the process; a module's own frame is the caller's.
IMPORT = """
import atexit, json, logging, os, sys, threading

reads, locks, events = [], [], []

def note(name):
    module = sys._getframe(2).f_globals["__name__"]
    if module.startswith("dashgen") or name.startswith("AIRFLOW_"):
        reads.append([module, name])

class Watched(dict):
    def __getitem__(self, name): note(name); return super().__getitem__(name)
    def __contains__(self, name): note(name); return super().__contains__(name)
    def get(self, name, default=None): note(name); return super().get(name, default)
    def __iter__(self): note("all"); return super().__iter__()
    def items(self): note("all"); return super().items()

def watched(made):
    def make(*arguments, **named):
        locks.append(sys._getframe(1).f_globals["__name__"])
        return made(*arguments, **named)
    return make

def audit(event, arguments):
    if event.startswith("socket.") or "thread" in event:
        events.append(event)

os.environ = Watched(os.environ)
for name in ("Lock", "RLock", "Condition", "Event"):
    setattr(threading, name, watched(getattr(threading, name)))
before = atexit._ncallbacks(), len(os.listdir("/proc/self/fd"))
sys.addaudithook(audit)
import dashgen_plugin.listener
after = atexit._ncallbacks(), len(os.listdir("/proc/self/fd"))
assert "prometheus_client" in sys.modules
print(json.dumps({
    "reads": reads,
    "locks": [name for name in locks if name.startswith("dashgen")],
    "events": events,
    "threads": threading.active_count(),
    "before": before,
    "after": after,
}))
"""

# The worker hangs in a push, and another thread's hook holds its lock, when the process forks.
FORK_WHILE_BUSY = """
from tests import faulty
with faulty.relay(int(sys.argv[1])) as relay:
    relay.mode = "hang"
    gateway, os.environ[URL] = os.environ[URL], relay.url
    plugin.on_dag_run_running(hooks.run("parent"))
    assert hooks.eventually(lambda: relay.accepted == 1)
    with delivery._workers[os.getpid()]._changed:
        child = os.fork()
        if not child:
            os.environ[URL] = gateway
            started = time.monotonic()
            plugin.on_task_instance_running(hooks.task("child", state="running"))
            plugin.on_task_instance_success(hooks.task("child"))
            os._exit(0 if time.monotonic() - started < 5 else 1)
        assert os.waitpid(child, 0)[1] == 0
    relay.mode = "pass"
    plugin.before_stopping()
    assert relay.accepted == 1
"""

FORK_WHILE_IDLE = """
from tests import faulty
with faulty.relay(int(sys.argv[1])) as relay:
    os.environ[URL] = relay.url
    plugin.on_dag_run_running(hooks.run("parent"))
    plugin.before_stopping()
    child = os.fork()
    if not child:
        plugin.on_dag_run_running(hooks.run("child"))
        plugin.before_stopping()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    plugin.on_dag_run_failed(hooks.run("parent"))
    plugin.before_stopping()
    # The parent's own is still in use, and the child made one.
    assert relay.accepted == 2, relay.accepted
"""

# A child that ends as Python does runs the exit handlers that it inherited.
FORK_THAT_EXITS = """
plugin.on_dag_run_running(hooks.run("parent"))
child = os.fork()
if not child:
    sys.exit(0)
started = time.monotonic()
assert os.waitpid(child, 0)[1] == 0
assert time.monotonic() - started < 2
delivery.flush(0)
"""

LONG_RUN = """
import gc, json

def now():
    gc.collect()
    with open("/proc/self/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return threading.active_count(), len(os.listdir("/proc/self/fd")), resident, len(gc.get_objects())

def live(number):
    names = {"dag_id": f"dag{number % 7}", "run_id": f"manual__{number}"}
    plugin.on_dag_run_running(hooks.run(**names))
    plugin.on_task_instance_running(hooks.task(**names, state="running"))
    plugin.on_task_instance_success(hooks.task(**names))
    plugin.on_dag_run_success(hooks.run(**names))
    # Every other run lets the thread end.
    delivery.IDLE_SECONDS = 5 if number % 2 else 0
    if not number % 2:
        plugin.before_stopping()
        assert hooks.eventually(lambda: threading.active_count() == 1)

for number in range(100):
    live(number)
plugin.before_stopping()
before = now()
for number in range(100, 1100):
    live(number)
plugin.before_stopping()
print(json.dumps([before, now()]))
"""


def test_import_does_nothing() -> None:
    """Importing the listener makes no thread, lock, socket or exit handler, and reads no setting."""
    found = json.loads(hooks.python(IMPORT).stdout)
    assert found["reads"] == found["locks"] == found["events"] == []
    assert found["threads"] == 1
    assert found["before"] == found["after"]


def test_fork_of_a_busy_process(pushgateway: servers.Pushgateway) -> None:
    """A child pushes for itself while its parent hangs in a push; the parent then goes on as if alone."""
    hooks.script(FORK_WHILE_BUSY, pushgateway.port, **{environment.URL: pushgateway.url, environment.TIMEOUT: "20"})
    assert hooks.eventually(lambda: len(hooks.groups(pushgateway)) == 2)
    assert hooks.statuses(pushgateway, "child") == {"load": 1}
    assert hooks.statuses(pushgateway, "parent") == {"": 0}


def test_fork_of_an_idle_process(pushgateway: servers.Pushgateway) -> None:
    """A child makes its own connection; its parent goes on with the one that it has."""
    hooks.script(FORK_WHILE_IDLE, pushgateway.port, **{environment.URL: pushgateway.url})
    assert hooks.eventually(lambda: hooks.statuses(pushgateway, "parent") == {"": -1})
    assert hooks.statuses(pushgateway, "child") == {"": 0}


def test_childs_exit_does_not_wait_for_its_parents_work() -> None:
    """A child that has pushed nothing ends at once, whatever its parent waits for."""
    with faulty.hanging() as gateway:
        hooks.script(FORK_THAT_EXITS, **{environment.URL: gateway.url, environment.TIMEOUT: "5"})


def test_exit_sends_what_waits(pushgateway: servers.Pushgateway) -> None:
    """A process that ends right after a hook has sent its state."""
    hooks.script("plugin.on_dag_run_failed(hooks.run())", **{environment.URL: pushgateway.url})
    assert hooks.eventually(lambda: hooks.statuses(pushgateway) == {"": -1})


def test_exit_is_not_held_up() -> None:
    """A gateway that hangs holds up the end of a process no longer than the deadline."""
    with faulty.hanging() as gateway:
        started = time.monotonic()
        variables = {environment.URL: gateway.url, environment.TIMEOUT: "0.5"}
        done = hooks.script("plugin.on_dag_run_failed(hooks.run())", **variables)
    assert time.monotonic() - started < 10
    assert len(done.stderr.splitlines()) == 1
    assert "lost airflow_dags" in done.stderr


def test_multiprocess_mode_leaves_no_file(pushgateway: servers.Pushgateway, tmp_path: Path) -> None:
    """Where ``PROMETHEUS_MULTIPROC_DIR`` is set, as by a user's own tasks, the plugin writes nothing there."""
    hooks.script(
        "plugin.on_task_instance_running(hooks.task()); plugin.on_task_instance_success(hooks.task())",
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path),
        **{environment.URL: pushgateway.url, environment.LAB_ON: "true"},
    )
    assert hooks.eventually(lambda: len(hooks.groups(pushgateway)) == 2)
    assert list(tmp_path.iterdir()) == []


def test_long_run_leaves_nothing_behind(pushgateway: servers.Pushgateway) -> None:
    """1,000 runs in one process leave it with the threads, files and memory that it had."""
    done = hooks.script(LONG_RUN, **{environment.URL: pushgateway.url, environment.PER_RUN_ON: "true"})
    (threads, files, resident, objects), after = json.loads(done.stdout)
    assert (after[0], after[1]) == (threads, files)
    assert after[2] < resident + 4096  # KB
    assert after[3] < objects + 200
    assert hooks.eventually(lambda: len(hooks.groups(pushgateway)) == 2 * 7 + 2 * 1100)
    assert done.stderr == ""

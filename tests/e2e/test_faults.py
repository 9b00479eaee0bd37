"""Every fault of a gateway, in real Airflows: tasks end as they would, in time, and each loss is one line."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from dashgen.build import build
from dashgen.catalog.labels import AIRFLOW_TASK_RUNS, AIRFLOW_TASKS
from dashgen.catalog.statsd.tasks import TI_FINISH
from dashgen_plugin import environment
from tests import faulty, hooks, servers
from tests.e2e import calls, faults, gateway_state, statsd, statsd_lines
from tests.e2e.airflow import INSTANCE
from tests.e2e.deployments import deployed
from tests.e2e.faults import DEADLINE, FAULTS, FINAL, HEALTHY, UNREACHABLE, WITHOUT, dag_id
from tests.e2e.play import LOOK_SECONDS
from tests.e2e.scenarios import AIRFLOW_2, AIRFLOW_3, VERSIONS
from tests.integration.plugin.bounds import SECRET, with_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.e2e.airflow import Deployment
    from tests.e2e.faults import Fault
    from tests.e2e.gateway_state import State
    from tests.e2e.rows import Rows

# Runs of the healthy DAG: the gateway answers, is killed while it is pushed to, and is there again.
BEFORE, KILLED, AFTER = "before", "killed", "after"
# All others, while the scheduler's gateway hangs.
RUN = "run"

STATES = {"good": "success", "bad": "failed"}
STATUSES = {"good": 1, "bad": -1, "": -1}
# Less than the deadline: tells what waits for a gateway from what does not.
AT_ONCE = 2.0
SLACK = 2.0
END_SECONDS = 60.0

CASES = [(version, name) for version in VERSIONS for name in FAULTS]
SETTINGS = {
    "AIRFLOW__CORE__PARALLELISM": "8",
    # Airflow 3 notices the end of a task that late.
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    environment.TIMEOUT: f"{DEADLINE:g}",
    environment.CATALOG: "own_metrics:METRICS",
}
LOSS = re.compile(r"warning.*http(s?)://\*\*\*@\S+: lost airflow_\w+ dag_id='fault\.\w+' .*: ", re.IGNORECASE)


@dataclass(frozen=True)
class Performance:
    """What was left when everything had ended; ``gateways`` is what each held after the run of that name."""

    rows: Rows
    calls: Sequence[calls.Call]
    logs: Mapping[Path, str]
    faults: Mapping[str, Fault]
    gateways: Mapping[str, Mapping[str, float]]
    before: State
    heard: statsd.Heard

    @property
    def said(self) -> list[str]:
        """All lines of all logs."""
        return [line for text in self.logs.values() for line in text.splitlines()]

    def losses(self, name: str, task_id: str, run_id: str = RUN) -> list[str]:
        """Return what the plugin says in the log of a task."""
        parts = {f"dag_id={dag_id(name)}", f"run_id={run_id}", f"task_id={task_id}"}
        (text,) = (text for file, text in self.logs.items() if parts <= set(file.parts))
        return [line for line in text.splitlines() if "dashgen_plugin" in line]

    def start_delay(self, name: str, run_id: str) -> float:
        """Return the seconds from a run's start to that of its first task."""
        run = self.rows.run(dag_id(name), run_id)
        assert run is not None
        assert run.start is not None
        starts = [row.start for row in self.rows.of(dag_id(name), run_id) if row.start is not None]
        return (min(starts) - run.start).total_seconds()


@pytest.fixture(scope="module")
def in_airflow_3(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Performance:
    """Go through all faults in Airflow 3."""
    return _performed(AIRFLOW_3, tmp_path_factory, wheel)


@pytest.fixture(scope="module")
def in_airflow_2(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Performance:
    """Go through all faults in Airflow 2."""
    return _performed(AIRFLOW_2, tmp_path_factory, wheel)


@pytest.fixture
def performance(request: pytest.FixtureRequest, version: str) -> Performance:
    """Return what came of the faults in a version; made once, although many tests ask for it."""
    made: Performance = request.getfixturevalue({AIRFLOW_3: "in_airflow_3", AIRFLOW_2: "in_airflow_2"}[version])
    return made


def _performed(version: str, tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Performance:
    """Go through the healthy gateway's life, and then through all faults at the same time, in one deployment."""
    folder, more = tmp_path_factory.mktemp("airflow"), tmp_path_factory.mktemp("faults")
    with ExitStack() as stack:
        met = faults.started(stack, more / "certificates")
        dags = faults.write_dags(more / "dags", met)
        relay = stack.enter_context(faulty.relay(0))
        files = build(statsd.made_for(version)).files
        ear = stack.enter_context(statsd.listening(tmp_path_factory.mktemp("statsd"), files))
        settings = SETTINGS | {
            **ear.environment(files["statsd/airflow.env"]),
            **statsd.OTHER_WAY[version],
            "AIRFLOW__CORE__DAGS_FOLDER": str(more / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(calls.PLUGINS),
            "E2E_CALLS": str(more / "calls"),
        }
        with deployed(version, folder, wheel, with_credentials(relay.url), **settings) as deployment:
            deployment.wait("the DAGs", lambda: deployment.database.dags() >= dags)
            before, gateways = _live(deployment, relay, tmp_path_factory)
            relay.mode = "hang"
            _run(deployment, RUN, *dags)
            # What the scheduler pushes last is lost when its deadline has passed.
            hooks.eventually(lambda: bool(_losses_of_scheduler(deployment.logs())))
            rows = deployment.database.rows()
        heard = ear.heard()
    return Performance(rows, calls.read(more / "calls"), deployment.logs(), met, gateways, before, heard)


def _live(
    deployment: Deployment, relay: faulty.Relay, tmp_path_factory: pytest.TempPathFactory
) -> tuple[State, dict[str, Mapping[str, float]]]:
    """Run the healthy DAG against a gateway, one that is killed, and the one after it; return what they hold."""
    healthy = dag_id(HEALTHY)
    held: dict[str, Mapping[str, float]] = {}
    with servers.pushgateway(tmp_path_factory.mktemp("first")) as gateway:
        relay.target_port = gateway.port
        _run(deployment, BEFORE, healthy)
        held[BEFORE] = _settled(gateway, BEFORE)
        before = gateway_state.read(gateway)
        # A process that is stopped still has its connections accepted.
        gateway.process.send_signal(signal.SIGSTOP)
        accepted = relay.accepted
        deployment.trigger([(healthy, KILLED)])
        deployment.wait("pushes under way", lambda: relay.accepted > accepted + 1)
        gateway.process.kill()
        hooks.eventually(lambda: _ended(deployment, KILLED, healthy), END_SECONDS)
    with servers.pushgateway(tmp_path_factory.mktemp("second")) as gateway:
        relay.target_port = gateway.port
        _run(deployment, AFTER, healthy)
        held[AFTER] = _settled(gateway, AFTER)
    return before, held


def _run(deployment: Deployment, run_id: str, *dag_ids: str) -> None:
    """Run DAGs, and wait for their ends; those that take too long have another state."""
    deployment.trigger([(name, run_id) for name in sorted(dag_ids)])
    hooks.eventually(lambda: _ended(deployment, run_id, *dag_ids), END_SECONDS)


def _ended(deployment: Deployment, run_id: str, *dag_ids: str) -> bool:
    time.sleep(LOOK_SECONDS)
    rows = deployment.database.rows()
    runs = [rows.run(name, run_id) for name in dag_ids]
    return all(run is not None and run.state in {"success", "failed"} for run in runs)


def _settled(gateway: servers.Pushgateway, run_id: str) -> dict[str, float]:
    """Return what a gateway holds of the healthy DAG, once its fleet and this run are what they must be, or never are.

    A process pushes the run after the fleet: only then has it nothing more to lose.
    """
    healthy = dag_id(HEALTHY)
    hooks.eventually(lambda: hooks.statuses(gateway, healthy) == _of_run(gateway, run_id) == STATUSES)
    return hooks.statuses(gateway, healthy)


def _of_run(gateway: servers.Pushgateway, run_id: str) -> dict[str, float]:
    """Return the states of the healthy DAG's run, by ``task_id``; the run's own is under an empty one."""
    found = {}
    for (_, labels), values in hooks.groups(gateway).items():
        names = dict(labels)
        if names.get("run_id") == run_id and names["dag_id"] == dag_id(HEALTHY):
            found[names.get("task_id", "")] = values.get("task_status", values.get("dag_run_status", float("nan")))
    return found


def _losses_of_scheduler(logs: Mapping[Path, str]) -> list[str]:
    (text,) = (text for file, text in logs.items() if file.name == "scheduler.log")
    return [line for line in text.splitlines() if LOSS.search(line) and "lost airflow_dag" in line]


def _states(rows: Rows, name: str, run_id: str) -> dict[str, str | None]:
    """Return the states of a run's tasks, and of the run under no name."""
    run = rows.run(dag_id(name), run_id)
    assert run is not None
    return {row.task_id: row.state for row in (run, *rows.of(dag_id(name), run_id))}


@pytest.mark.parametrize(("version", "name"), CASES)
def test_states(performance: Performance, name: str) -> None:
    """Tasks and run end as they do without the plugin, and as the DAG says."""
    states = _states(performance.rows, name, RUN)
    assert states == _states(performance.rows, WITHOUT, RUN) == STATES | {"": "failed"}


@pytest.mark.parametrize(("version", "name"), CASES)
def test_delays(performance: Performance, name: str) -> None:
    """The body starts at once, and the end holds the slot no longer than the deadline."""
    attempts = calls.attempts(performance.calls, dag_id(name), RUN)
    assert [attempt.task_id for attempt in attempts] == sorted(STATES)
    for attempt in attempts:
        assert attempt.delay < AT_ONCE
        assert attempt.held < (AT_ONCE if name in FINAL else DEADLINE + SLACK)


@pytest.mark.parametrize(("version", "name"), CASES)
def test_losses(performance: Performance, name: str) -> None:
    """Each loss is one line in the task's log, with its reason; there are as many as losses."""
    fault = performance.faults[name]
    losses = {task_id: performance.losses(name, task_id) for task_id in STATES}
    for task_id, lines in losses.items():
        for line in lines:
            assert LOSS.search(line)
            assert re.search(fault.why, line)
            assert f"dag_id='{dag_id(name)}' task_id='{task_id}'" in line
    if name in FINAL:
        assert all(losses.values())
        # What is wrong for every group costs nothing where something newer waits by then.
        told, most = sum(map(len, losses.values())), fault.refusals
        assert told == most if name == faults.OF_GROUP else told <= most
    else:
        assert {task_id: len(lines) for task_id, lines in losses.items()} == dict.fromkeys(STATES, 1)
    if name not in UNREACHABLE:
        assert fault.server is not None
        assert fault.server.accepted >= len(STATES)


@pytest.mark.parametrize("version", VERSIONS)
def test_redirect_is_not_followed(performance: Performance) -> None:
    """Nobody asks where the redirect points."""
    elsewhere = performance.faults[faults.REDIRECT].elsewhere
    assert elsewhere is not None
    assert elsewhere.accepted == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_scheduler_does_not_wait(performance: Performance) -> None:
    """With a gateway that hangs, the hooks of all runs together take less than one push waits."""
    of_runs = [call for call in performance.calls if call.hook.startswith("on_dag_run")]
    in_hang = [call for call in of_runs if call.run_id == RUN]
    # Each run starts and ends.
    assert len(in_hang) == 2 * len([*FAULTS, HEALTHY, WITHOUT])
    assert sum(call.seconds for call in in_hang) < AT_ONCE
    assert _losses_of_scheduler(performance.logs) != []
    # The gateway hangs before it is killed. In the first run, Airflow's API server warms up.
    assert performance.start_delay(HEALTHY, KILLED) < performance.start_delay(HEALTHY, AFTER) + AT_ONCE


@pytest.mark.parametrize("version", VERSIONS)
def test_killed_gateway(performance: Performance) -> None:
    """What is pushed while the gateway dies is lost, at most one line per task, and the tasks end as ever."""
    assert _states(performance.rows, HEALTHY, KILLED) == STATES | {"": "failed"}
    for task_id in STATES:
        # A process that still waits when the gateway is back has lost nothing.
        lines = performance.losses(HEALTHY, task_id, KILLED)
        assert len(lines) <= 1
        assert all(LOSS.search(line) for line in lines)
    for attempt in calls.attempts(performance.calls, dag_id(HEALTHY), KILLED):
        assert attempt.delay < AT_ONCE
        assert attempt.held < DEADLINE + SLACK


@pytest.mark.parametrize("version", VERSIONS)
def test_gateway_before_and_after(performance: Performance) -> None:
    """A gateway that answers has the state, and so has one that starts empty, with the next events."""
    assert performance.gateways == {BEFORE: STATUSES, AFTER: STATUSES}
    for run_id in (BEFORE, AFTER):
        assert _states(performance.rows, HEALTHY, run_id) == STATES | {"": "failed"}
        assert [performance.losses(HEALTHY, task_id, run_id) for task_id in STATES] == [[], []]


@pytest.mark.parametrize("version", VERSIONS)
def test_own_metric(performance: Performance) -> None:
    """What a task reports is in its groups, for the fleet and per run, with the catalog's help; in no other."""
    task = {"dag_id": dag_id(HEALTHY), "task_id": "good", "instance": INSTANCE}
    groups = performance.before.groups
    having = {key: samples["rows_loaded"] for key, samples in groups.items() if "rows_loaded" in samples}

    assert having.keys() == {
        gateway_state.key(AIRFLOW_TASKS.name, **task),
        gateway_state.key(AIRFLOW_TASK_RUNS.name, **task, run_id=BEFORE),
    }
    assert {(sample.help, sample.value) for sample in having.values()} == {("Rows that the task wrote", 1234.0)}


@pytest.mark.parametrize("version", VERSIONS)
def test_without(performance: Performance) -> None:
    """The plugin that is switched off says nothing, and takes no time."""
    assert [performance.losses(WITHOUT, task_id) for task_id in STATES] == [[], []]
    for attempt in calls.attempts(performance.calls, dag_id(WITHOUT), RUN):
        assert attempt.held < AT_ONCE


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_but_losses(performance: Performance) -> None:
    """No hook raises, and in no log there is a traceback of the plugin, or the gateway's password."""
    assert [call for call in performance.calls if call.raised] == []
    assert any("Marking run" in line for line in performance.said)
    assert [line for line in performance.said if "dashgen_plugin" in line and not LOSS.search(line)] == []
    assert [line for line in performance.said if "calling listener" in line or SECRET in line] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_statsd(performance: Performance, version: str) -> None:
    """Without tags in Airflow 3, and with them in Airflow 2, every series is the catalog's, and no line is lost."""
    tagged = version == AIRFLOW_2
    lines = statsd_lines.Lines(statsd.VERSIONS[version], tagged=tagged)
    assert statsd_lines.wrong(performance.heard, tagged=tagged) == []
    assert set(lines.unexplained(performance.heard).values()) == {0}

    finished = statsd_lines.values(performance.heard, TI_FINISH.name, "state", "dag_id", "task_id")
    expected = Counter((row.state or "", *lines.ids(row)) for row in performance.rows.tasks)
    assert {key: finished.get(key, 0) for key in expected} == expected

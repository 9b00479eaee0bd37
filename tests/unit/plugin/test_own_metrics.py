"""A user's own Gauges: what is pushed where, and that nothing fails the task."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from numbers import Number
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dashgen_plugin
from dashgen.catalog.labels import AIRFLOW_TASK_RUNS, AIRFLOW_TASKS, TaskState
from dashgen_plugin import delivery, own_metrics, report
from dashgen_plugin.facts import TaskFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from dashgen.catalog import Job
    from dashgen_plugin.environment import Target
    from dashgen_plugin.events import Push

TASK = TaskFacts("etl", "load", "manual__1", None, TaskState.RUNNING, 1, 0.0, None)
FLEET = (AIRFLOW_TASKS, (("dag_id", "etl"), ("task_id", "load"), ("instance", "prod")))
PER_RUN = (
    AIRFLOW_TASK_RUNS,
    (("dag_id", "etl"), ("task_id", "load"), ("run_id", "manual__1"), ("instance", "prod")),
)
NO_TASK_JOB = "is in no job of tasks: one of airflow_tasks and airflow_task_runs must be among its jobs"
MODULE = """
from dashgen.catalog import Catalog, Cardinality, Gauge, Label, Source, airflow
from dashgen.catalog.labels import AIRFLOW_DAGS, AIRFLOW_TASK_RUNS, AIRFLOW_TASKS, TASK_JOBS

OWN = {"help": "x", "read": "x", "source": Source.CUSTOM, "owner": "x"}
METRICS = [
    Gauge("rows_loaded", jobs=TASK_JOBS, **OWN),
    Gauge("fleet_only", jobs=(AIRFLOW_TASKS,), **OWN),
    Gauge("per_run_only", jobs=(AIRFLOW_TASK_RUNS,), **OWN),
    Gauge("dags_only", jobs=(AIRFLOW_DAGS,), **OWN),
]
CATALOG = Catalog((*airflow.METRICS, *METRICS))
MIXED = [*METRICS, "rows_loaded"]
NAMES = "rows_loaded"
BAD_NAME = [Gauge("rows-loaded", jobs=TASK_JOBS, **OWN)]
BUILT_IN_NAME = [Gauge("task_status", jobs=TASK_JOBS, **OWN)]
GATEWAYS_NAME = [Gauge("push_time_seconds", jobs=TASK_JOBS, **OWN)]
NOTHING = None


class Counted:
    times = 0

    def __iter__(self):
        Counted.times += 1
        return iter(METRICS)


COUNTED = Counted()
"""

Sent = list[tuple["Job", tuple[tuple[str, str], ...], dict[str, float]]]


class _Unprintable(Exception):  # noqa: N818  (what a user's module may raise)
    def __str__(self) -> str:
        raise ValueError("no")


class _Numpy:
    """A number of numpy's kind: not derived from int or float, but known as a number."""

    def __float__(self) -> float:
        return 7.0


Number.register(_Numpy)


@pytest.fixture(autouse=True)
def _user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set what a user sets, in a process that knows nothing yet."""
    monkeypatch.setattr(own_metrics, "_PROCESSES", {})
    monkeypatch.delitem(sys.modules, "team_metrics", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "team_metrics.py").write_text(MODULE)
    monkeypatch.setenv("AIRFLOW_VAR_PUSHGATEWAY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AIRFLOW_VAR_PROMETHEUS_INSTANCE_NAME", "prod")
    monkeypatch.setenv("AIRFLOW_VAR_ENABLE_V2_GAUGES", "true")
    monkeypatch.setenv("AIRFLOW_VAR_DASHGEN_CATALOG", "team_metrics:METRICS")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Collect what the worker would be given."""
    found: Sent = []

    def put(work: Callable[[], Iterable[Push]], target: Target) -> None:
        assert target.url == "http://127.0.0.1:9"
        found.extend((job, labels, {str(m): value for m, value in values.items()}) for job, labels, values in work())

    monkeypatch.setattr(delivery, "put", put)
    return found


def test_values_go_into_the_groups_of_the_task(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    """Each value goes to those of its metric's jobs that are of tasks, fleet and per run."""
    own_metrics.enter(TASK)
    report(rows_loaded=5, fleet_only=2.5, per_run_only=-1)
    assert sent == [
        (*FLEET, {"rows_loaded": 5.0, "fleet_only": 2.5}),
        (*PER_RUN, {"rows_loaded": 5.0, "per_run_only": -1.0}),
    ]
    assert caplog.messages == []


def test_generations_that_are_off_get_nothing(
    sent: Sent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What belongs only to a generation that is off was switched off: no push, and no line."""
    monkeypatch.setenv("AIRFLOW_VAR_ENABLE_V2_GAUGES", "false")
    own_metrics.enter(TASK)
    report(rows_loaded=5, per_run_only=1)
    report(per_run_only=1)
    assert sent == [(*FLEET, {"rows_loaded": 5.0})]
    assert caplog.messages == []


def test_mapped_instances_have_their_index(sent: Sent) -> None:
    """Per run, each instance of a mapped task has a group; in the fleet they share one."""
    own_metrics.enter(TASK._replace(map_index=3))
    report(rows_loaded=5)
    assert [("map_index", "3") in labels for _, labels, _ in sent] == [False, True]


def test_a_group_that_is_not_known_is_told(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    """Without its run, a task has no group per run; the fleet's is pushed."""
    own_metrics.enter(TASK._replace(run_id=None))
    report(rows_loaded=5)
    assert sent == [(*FLEET, {"rows_loaded": 5.0})]
    assert caplog.messages == ["rows_loaded not pushed to airflow_task_runs: the task's labels are not known"]


@pytest.mark.parametrize("variable", ["AIRFLOW_VAR_PROMETHEUS_METRICS_ENABLED=false", "AIRFLOW_VAR_PUSHGATEWAY_URL="])
def test_nothing_happens_where_nothing_is_pushed(
    variable: str, sent: Sent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A developer's machine without a gateway sees no line either, whatever is reported."""
    monkeypatch.setenv(*variable.split("="))
    report(rows_loaded=5, zzz=1)
    assert (sent, caplog.messages) == ([], [])


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("rows_loadet", "rows_loadet not pushed: the catalog has no such metric: did you mean rows_loaded?"),
        ("zzz", "zzz not pushed: the catalog has no such metric"),
        ("dags_only", f"dags_only not pushed: it {NO_TASK_JOB}"),
    ],
)
def test_a_metric_that_is_not_the_tasks(name: str, line: str, sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    """It is one line, once; what else is reported arrives."""
    own_metrics.enter(TASK)
    for value in range(3):
        report(**{name: value, "fleet_only": value})
    assert [values for *_, values in sent] == [{"fleet_only": 0.0}, {"fleet_only": 1.0}, {"fleet_only": 2.0}]
    assert [(record.levelno, record.message) for record in caplog.records] == [(logging.WARNING, line)]


@pytest.mark.parametrize("value", [5, 5.5, 0, -0.0, Decimal("1.5"), Fraction(1, 2), TaskState.FAILED, _Numpy()])
def test_numbers_are_pushed(value: Any, sent: Sent) -> None:  # noqa: ANN401  (numbers of all kinds)
    """Whatever Python takes for a number arrives as one."""
    own_metrics.enter(TASK)
    report(fleet_only=value)
    assert sent == [(*FLEET, {"fleet_only": float(value)})]


@pytest.mark.parametrize(
    ("value", "given_as"),
    [
        (True, "a value of type bool"),
        ("5", "a value of type str"),
        (None, "a value of type NoneType"),
        ([5], "a value of type list"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (10**400, "a value of type int"),
        (1j, "a value of type complex"),
        (Decimal("sNaN"), "a value of type Decimal"),
    ],
)
def test_other_values_are_told(value: Any, given_as: str, sent: Sent, caplog: pytest.LogCaptureFixture) -> None:  # noqa: ANN401
    """No alert compares with NaN, and a truth value is no measurement: one line says so."""
    own_metrics.enter(TASK)
    for _ in range(2):
        report(fleet_only=value, rows_loaded=1)
    assert [list(values) for *_, values in sent] == [["rows_loaded"]] * 4
    assert caplog.messages == [f"fleet_only not pushed: {given_as} is no finite number"]


def test_values_without_a_name_are_told(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    """A value by position has no metric; the task goes on, and the named ones arrive."""
    own_metrics.enter(TASK)
    report(5, fleet_only=1)  # type: ignore[arg-type]  # what a type checker would have said
    assert [values for *_, values in sent] == [{"fleet_only": 1.0}]
    assert caplog.messages == ["values were not pushed: write report(name=value)"]


def test_without_a_task_nothing_is_pushed(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    """Before a task, or after it, there is no group: one line per process."""
    report(rows_loaded=1)
    own_metrics.enter(TASK)
    own_metrics.leave()
    own_metrics.leave()
    report(rows_loaded=2)
    assert sent == []
    assert caplog.messages == ["rows_loaded not pushed: no task that the listener saw runs in this process"]


def test_a_fork_has_no_task(sent: Sent) -> None:
    """A process that is forked from a task's own is not that task."""
    own_metrics.enter(TASK)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            report(rows_loaded=1)
            code = 2 * len(sent) + 4 * own_metrics.entered()
        finally:
            os._exit(code)  # whatever happens, this is not pytest's process
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert own_metrics.entered()


@pytest.mark.parametrize(
    ("catalog", "reason"),
    [
        ("team_metrics", "ValueError: write module:object"),
        ("team_metrics:", "ValueError: write module:object"),
        (":METRICS", "ValueError: write module:object"),
        ("no_such_module:METRICS", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("..:METRICS", "TypeError: "),
        ("team_metrics:METRICSS", "AttributeError: module 'team_metrics' has no attribute 'METRICSS'"),
        ("team_metrics:NOTHING", "TypeError: 'NoneType' object is not iterable"),
        ("team_metrics:NAMES", "TypeError: it holds a str, not only metrics"),
        ("team_metrics:MIXED", "TypeError: it holds a str, not only metrics"),
        ("team_metrics:BAD_NAME", "ValueError: "),
        ("team_metrics:BUILT_IN_NAME", "ValueError: "),
        ("team_metrics:GATEWAYS_NAME", "ValueError: "),
    ],
)
def test_a_catalog_that_can_not_be_used(
    catalog: str, reason: str, sent: Sent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is one line that names it and says why, and is tried once."""
    monkeypatch.setenv("AIRFLOW_VAR_DASHGEN_CATALOG", catalog)
    own_metrics.enter(TASK)
    report(rows_loaded=1)
    report(rows_loaded=2)
    assert sent == []
    (line,) = caplog.messages
    assert line.startswith(f"no own metrics are pushed: catalog {catalog!r} can't be used: {reason}")
    assert "\n" not in line
    assert caplog.records[0].exc_info is None


@pytest.mark.parametrize(
    ("variable", "metric"),
    [("BAD_NAME", "rows-loaded: a name is"), ("BUILT_IN_NAME", "task_status: defined more than")],
)
def test_a_bad_metric_is_named_with_its_line(
    variable: str, metric: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What the build would refuse is not pushed: the gateway would refuse the task's state with it."""
    monkeypatch.setenv("AIRFLOW_VAR_DASHGEN_CATALOG", f"team_metrics:{variable}")
    own_metrics.enter(TASK)
    report(rows_loaded=1)
    line = next(number for number, text in enumerate(MODULE.splitlines(), 1) if text.startswith(variable))
    assert f"{tmp_path / 'team_metrics.py'}:{line}: metric {metric}" in caplog.text


@pytest.mark.parametrize("body", ["raise ValueError('a\\nb')", "import sys; sys.exit(3)", "(", "from x import ("])
def test_a_module_that_fails(
    body: str, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the user's module does at import, it is one line."""
    (tmp_path / "failing_metrics.py").write_text(body)
    monkeypatch.setenv("AIRFLOW_VAR_DASHGEN_CATALOG", "failing_metrics:METRICS")
    own_metrics.enter(TASK)
    report(rows_loaded=1)
    assert sent == []
    assert len(caplog.messages) == 1
    assert "\n" not in caplog.messages[0]


def test_without_a_catalog(sent: Sent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The line names the variable to set."""
    monkeypatch.delenv("AIRFLOW_VAR_DASHGEN_CATALOG")
    own_metrics.enter(TASK)
    report(rows_loaded=1)
    assert sent == []
    assert caplog.messages == ["rows_loaded not pushed: AIRFLOW_VAR_DASHGEN_CATALOG names no catalog"]


def test_the_catalog_is_loaded_once(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read again only when the variable names another."""
    own_metrics.enter(TASK)
    monkeypatch.setenv("AIRFLOW_VAR_DASHGEN_CATALOG", "team_metrics:COUNTED")
    report(fleet_only=1)
    report(fleet_only=2)
    assert sys.modules["team_metrics"].Counted.times == 1
    monkeypatch.setenv("AIRFLOW_VAR_DASHGEN_CATALOG", "team_metrics:METRICS")
    report(fleet_only=3)
    assert len(sent) == 3


def test_a_whole_catalog_is_taken_too(
    sent: Sent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It may hold the built-in metrics, which are still the listener's alone."""
    monkeypatch.setenv("AIRFLOW_VAR_DASHGEN_CATALOG", "team_metrics:CATALOG")
    own_metrics.enter(TASK)
    report(fleet_only=1, task_status=1)
    assert sent == [(*FLEET, {"fleet_only": 1.0})]
    assert caplog.messages == ["task_status not pushed: it comes from the Airflow listener, not from your own code"]


@pytest.mark.parametrize("error", [RuntimeError("a\nb"), _Unprintable()])
def test_a_failure_of_the_rest_is_told(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever fails behind it, the task goes on."""

    def put(*_: object) -> None:
        raise error

    monkeypatch.setattr(delivery, "put", put)
    own_metrics.enter(TASK)
    report(rows_loaded=1)
    report(rows_loaded=1)
    (line,) = caplog.messages
    assert line.startswith(f"rows_loaded not pushed: {type(error).__name__}: ")
    assert "\n" not in line


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text() | st.just("rows_loaded"),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.complex_numbers() | st.decimals(),
    )
)
def test_nothing_raises_and_only_finite_numbers_are_pushed(sent: Sent, values: dict[str, Any]) -> None:
    """Names and values of any kind."""
    own_metrics.enter(TASK)
    sent.clear()
    report(**values)
    assert all(-sys.float_info.max <= value <= sys.float_info.max for *_, found in sent for value in found.values())


def test_made_up_names_are_cut_short(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    """A task that makes up a name per row does not fill its log, nor the memory."""
    own_metrics.enter(TASK)
    for number in range(1_000):
        report(**{f"row_{number}": number})
    assert sent == []
    assert len(caplog.messages) == 100


def test_importing_it_is_cheap() -> None:
    """A DAG file that imports it loads neither Airflow nor what pushes, and starts no thread."""
    code = (
        "import sys, threading; before = set(sys.modules); from dashgen_plugin import report;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}), threading.active_count())"
    )
    folder = os.path.dirname(os.path.dirname(dashgen_plugin.__file__))  # noqa: PTH120
    done = subprocess.run(
        (sys.executable, "-c", code),
        env={**os.environ, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"airflow", "dashgen", "prometheus_client", "http", "ssl", "importlib_metadata"})
    assert done.stdout.split()[-1] == "1"

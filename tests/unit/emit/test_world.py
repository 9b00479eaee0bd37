"""The fleet that emit makes up: what its groups hold, that it goes on, and that the plugin would push the same."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.builtin import define
from dashgen.catalog import Catalog, Code, Gauge, Job, Source, Unit, airflow
from dashgen.catalog.labels import AIRFLOW_TASKS, INSTANCE, TASK_JOBS, TaskState
from dashgen.catalog.model import FLEET, PER_RUN
from dashgen.emit import following, names
from dashgen.emit.fleet import Dag, Size, dags
from dashgen.emit.moments import Moment, World, reported
from dashgen.settings import Settings
from dashgen_plugin import exposition
from dashgen_plugin.facts import TASK_STATES
from tests import conformance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen_plugin.events import Push

NOW = 1_790_000_000.0
HERE = conformance.SETTINGS["AIRFLOW_VAR_PROMETHEUS_INSTANCE_NAME"]
WORDS = {TaskState.SUCCESS: "success", TaskState.FAILED: "failed", TaskState.UP_FOR_RETRY: "up_for_retry"}
HOOKS = {
    TaskState.SUCCESS: "on_task_instance_success",
    TaskState.FAILED: "on_task_instance_failed",
    TaskState.UP_FOR_RETRY: "on_task_instance_failed",
}

Groups = dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, float]]


def world(own: tuple[Any, ...] = (), instance: str = HERE, **size: Any) -> World:  # noqa: ANN401  (the fields of Size)
    """Return a world of a size."""
    return World(Size(**size), instance, own)


def groups(pushed: Iterable[Push]) -> Groups:
    """Return the values of groups by job and labels."""
    found: Groups = {}
    for push in pushed:
        values = {metric.name: value for metric, value in push.values.items()}
        found.setdefault((push.job.name, push.labels), {}).update(values)
    return found


def at(of: World, now: float) -> Groups:
    """Return all groups of a world at a time."""
    return groups(itertools.chain.from_iterable(of.groups(now)))


def test_groups() -> None:
    """Each DAG and each task has a group, and each of so many runs; the instances of mapped tasks add theirs."""
    found = at(world(dags=30, tasks=7, runs=2), NOW)
    jobs = Counter(job for job, _ in found)
    assert (jobs["airflow_dags"], jobs["airflow_dag_runs"]) == (30, 60)
    # What has not begun in the run that goes on has no group of that run; in the fleet it has an earlier one's.
    assert jobs["airflow_tasks"] == 30 * 7
    mapped = [labels for job, labels in found if job == "airflow_task_runs" and "map_index" in dict(labels)]
    assert mapped
    assert len({dict(labels)["dag_id"] for _, labels in found}) == 30
    assert {dict(labels)["instance"] for _, labels in found} == {HERE}


def test_no_runs() -> None:
    """Without runs there is only the fleet."""
    assert {job for job, _ in at(world(runs=0), NOW)} == {"airflow_tasks", "airflow_dags"}


def test_same_seed_same_fleet() -> None:
    """The seed alone decides; another one makes another fleet."""
    first = at(world(dags=5), NOW)
    assert at(world(dags=5), NOW) == first
    assert at(world(dags=5, seed=2), NOW) != first


@pytest.mark.parametrize(("failing", "least", "most"), [(0, 0, 0), (10, 30, 90), (100, 600, 600)])
def test_failing(failing: float, least: int, most: int) -> None:
    """So many of the runs fail, and no other; without failures nothing is retried either."""
    made = [dag.run(number, "x") for dag in dags(Size(dags=20, failing=failing)) for number in range(30)]
    failed = [run for run in made if run.failed]
    assert least <= len(failed) <= most
    states = Counter(attempt.state for run in made for attempt in run.attempts)
    assert bool(failing) is bool(states[TaskState.UP_FOR_RETRY])
    for run in failed:
        assert sum(attempt.state is TaskState.FAILED for attempt in run.attempts) == 1


def test_states_are_believable() -> None:
    """A larger fleet shows every state, and durations over more than one order of magnitude."""
    of = world(dags=200, failing=20)
    found = at(of, NOW)
    states = {values["task_status"] for (job, _), values in found.items() if job == "airflow_tasks"}
    retrying = any(
        values.get("task_status") == TaskState.UP_FOR_RETRY
        for moment in itertools.islice(of.after(NOW), 3000)
        for values in groups(of.merged([moment])).values()
    )
    assert states | ({2} if retrying else set()) == {float(state) for state in TaskState}
    durations = [values["task_duration_seconds"] for values in found.values() if "task_duration_seconds" in values]
    assert max(durations) > 20 * min(durations) > 0
    assert all(values.get("task_duration_seconds", 1) > 0 for values in found.values())
    starts = [
        value for values in found.values() for name, value in values.items() if name.endswith("timestamp_seconds")
    ]
    assert max(starts) <= NOW


def test_everything_of_the_listener() -> None:
    """Every metric that the catalog's events set in the two generations is in some group."""
    found = at(world(dags=50), NOW)
    emitted = {name for values in found.values() for name in values}
    wanted = {m.name for event in airflow.EVENTS for g in (FLEET, PER_RUN) for m in event.sets.get(g, ())}
    assert emitted == wanted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_goes_on(seed: int) -> None:
    """What follows leads to where the fleet is later: nothing is left out, and all of it in order."""
    of = world(dags=8, failing=30, seed=seed)
    later = NOW + 5000
    following_ = list(itertools.takewhile(lambda moment: moment.at <= later, of.after(NOW)))
    assert all(moment.at > NOW for moment in following_)
    found = at(of, NOW)
    for key, values in groups(of.merged(following_)).items():
        found.setdefault(key, {}).update(values)
    for key, values in at(of, later).items():
        assert found[key] | values == found[key], key


def test_names() -> None:
    """Each DAG and each task has a name of its own."""
    for name in (names.dag, names.task):
        assert len({name(number) for number in range(3000)}) == 3000


class Size3(Code):
    """States of a user's metric."""

    SMALL = 7, "small", "green"
    LARGE = 8, "large", "red"


def test_own_metrics() -> None:
    """A user's metrics are in their tasks' groups of their own jobs, with values of their unit or codes."""
    fields = {"help": "x", "read": "x", "source": Source.CUSTOM, "owner": "x"}
    rows = Gauge("rows_loaded", jobs=TASK_JOBS, **fields)
    size = Gauge("size_state", jobs=(AIRFLOW_TASKS,), codes=Size3, **fields)
    ratio = Gauge("hit_ratio", jobs=(AIRFLOW_TASKS,), unit=Unit.RATIO, **fields)
    seen = Gauge("seen_timestamp_seconds", jobs=(AIRFLOW_TASKS,), unit=Unit.TIMESTAMP, **fields)
    other = Gauge("of_another_job", jobs=(Job("other", "x", (INSTANCE,), pushed=True),), **fields)
    own = reported(Catalog((*define(Settings()).metrics, rows, size, ratio, seen, other)))
    assert own == (rows, size, ratio, seen)
    found = at(world(own, dags=3), NOW)
    fleet = [values for (job, _), values in found.items() if job == "airflow_tasks" and "rows_loaded" in values]
    runs = [values for (job, _), values in found.items() if job == "airflow_task_runs" and "rows_loaded" in values]
    assert fleet
    assert runs
    assert {values["size_state"] for values in fleet} == {7, 8}
    assert all(0 <= values["hit_ratio"] <= 1 for values in fleet)
    assert all(NOW - 7 * 86400 < values["seen_timestamp_seconds"] <= NOW for values in fleet)
    assert all(values["rows_loaded"] == int(values["rows_loaded"]) > 0 for values in (*fleet, *runs))
    assert not any("size_state" in values for values in runs)


def test_as_the_plugin_would() -> None:
    """Airflow's hooks, called with these runs' objects, make the plugin push the same text into the same groups."""
    of = world(dags=1, tasks=8, runs=1, failing=60)
    (dag,) = dags(of.size)
    number = next(number for number in range(100) if of_interest(dag, number))
    moments = sorted(of._moments(dag, number, told=True), key=lambda moment: moment.at)  # noqa: SLF001  (one run)
    ours = {(push.job.name, push.labels): exposition.text(push.values) for push in of.merged(moments)}
    assert ours == told_by_airflow(dag, number)


def of_interest(dag: Dag, number: int) -> bool:
    """Whether a run has a retry, a failure, what that kept from running, and a mapped task that ran."""
    attempts = dag.run(number, "x").attempts
    states = {attempt.state for attempt in attempts}
    ended = {TaskState.UP_FOR_RETRY, TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SUCCESS}
    return states >= ended and any(attempt.map_index >= 0 for attempt in attempts)


def told_by_airflow(dag: Dag, number: int) -> dict[Any, bytes]:
    """Return what the plugin leaves on an empty gateway when Airflow runs this run."""
    run_id = f"scheduled__{moment(dag.start(number)).isoformat()}"
    run = dag.run(number, run_id)
    calls: list[tuple[float, str, dict[str, object], list[tuple[object, ...]]]] = []
    dag_run = SimpleNamespace(dag_id=run.dag_id, run_id=run_id, start_date=moment(run.start), end_date=None)
    calls.append((run.start, "on_dag_run_running", {"dag_run": dag_run, "msg": ""}, []))
    rows: dict[object, tuple[object, ...]] = {}
    for each in run.attempts:
        word = WORDS.get(each.state) or next(word for word, state in TASK_STATES.items() if state is each.state)
        start, end = moment(each.start), moment(each.end)
        rows[each.task_id, each.map_index] = (
            *(each.task_id, word, each.number, start, end, run.later, 1, end, each.map_index),
        )
        if each.state not in HOOKS:
            continue
        fields = {"dag_id": run.dag_id, "task_id": each.task_id, "run_id": run_id, "map_index": each.map_index}
        fields |= {"try_number": each.number, "start_date": start}
        began = SimpleNamespace(**fields, state="running", end_date=None)
        ended = SimpleNamespace(**fields, state=word, end_date=end)
        calls.append((each.start, "on_task_instance_running", arguments(began), []))
        more = {"error": "it failed"} if HOOKS[each.state].endswith("failed") else {}
        calls.append((each.end, HOOKS[each.state], arguments(ended) | more, []))
    ended_run = SimpleNamespace(**{**vars(dag_run), "end_date": moment(run.end)})
    hook = "on_dag_run_failed" if run.failed else "on_dag_run_success"
    calls.append((run.end, hook, {"dag_run": ended_run, "msg": ""}, list(rows.values())))
    found: dict[Any, dict[Any, float]] = {}
    for _, hook, given, instances in sorted(calls, key=lambda call: call[0]):
        for push in conformance.pushes(hook, given, instances):
            if push.job.generation in (FLEET, PER_RUN):
                found.setdefault((push.job.name, push.labels), {}).update(push.values)
    return {key: exposition.text(values) for key, values in found.items()}


def arguments(task: SimpleNamespace) -> dict[str, object]:
    """Return what Airflow passes to a hook of a task instance."""
    return {"previous_state": "running", "task_instance": task}


def moment(seconds: float) -> datetime:
    """Return a time as Airflow has it."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def test_due() -> None:
    """Each moment is waited for, those of the same time come together, and what is late comes at once."""
    clock, slept = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    times = [101.0, 101.0, 103.5, 90.0, 200.0]
    moments = iter(Moment(each, (), lambda *_: ()) for each in times)
    batches = following.due(moments, lambda: clock[0], sleep)
    found = [[each.at for each in batch] for batch in itertools.islice(batches, 2)]
    assert found == [[101.0, 101.0], [103.5, 90.0]]
    assert slept == [1.0, 2.5]

"""What is found in what a gateway holds: each fault by its own rule, and nothing where all is as it should be."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import Counter, Gauge, Source
from dashgen.catalog.labels import AIRFLOW_TASKS
from dashgen.catalog.model import FLEET, PER_RUN, Catalog
from dashgen.emit.fleet import Size
from dashgen.emit.moments import World
from dashgen.livecheck import judge
from dashgen.livecheck.finding import Level
from dashgen.livecheck.seen import Seen
from dashgen_sweeper import series
from dashgen_sweeper.listing import ListingError
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashgen.definitions import Project
    from dashgen_plugin.events import Push

NOW = time.time()
PROJECT = projects.builtin()
GROUPS: list[Push] = list(
    itertools.chain.from_iterable(World(Size(dags=12, tasks=6, runs=2, failing=30), "prod").groups(NOW))
)
FOREIGN = '# TYPE backup_bytes gauge\nbackup_bytes{instance="",job="backup"} 1\n'
FOREIGN_PUSH = 'push_time_seconds{instance="",job="backup"} 1.7e+09\n'


def page(groups: list[Push] = GROUPS, pushed: float = NOW) -> str:
    """Write groups as a gateway's metrics page does."""
    families: dict[str, list[str]] = {}
    for group in groups:
        labels = series.write({"job": group.job.name, **dict(group.labels)}).decode()
        for metric, value in group.values.items():
            head = f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.type.value}\n"
            families.setdefault(metric.name, [head]).append(f"{metric.name}{{{labels}}} {value:.15g}\n")
        for name, value in (("push_time_seconds", pushed), ("push_failure_time_seconds", 0)):
            head = f"# HELP {name} Last Unix time\n# TYPE {name} gauge\n"
            families.setdefault(name, [head]).append(f"{name}{{{labels}}} {value:.15g}\n")
    return "go_goroutines 8\n" + "".join(map("".join, families.values()))


def found(text: str, project: Project = PROJECT) -> list[tuple[str, str, str, str]]:
    """Return what is wrong with a page: level, rule, where and message."""
    seen = Seen(project.catalog)
    seen.take_lines(text.encode().splitlines())
    return [(each.level.value, each.rule, each.where, each.message) for each in judge.judge(seen, project, NOW)]


def but_infos(findings: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str]]:
    """Return level, rule and where of all that is more than an info."""
    return [each[:3] for each in findings if each[0] != Level.INFO.value]


def test_all_is_well() -> None:
    """Of a fleet as the plugin pushes it nothing is said but that no sweeper has run; others' groups are counted."""
    assert [each[:3] for each in found(page())] == [("info", "not-emitted", "pushgateway_sweeper")]
    seen = Seen(PROJECT.catalog)
    seen.take_lines((page() + FOREIGN + FOREIGN_PUSH).encode().splitlines())
    assert seen.foreign == {"backup": 1}
    assert sum(map(len, seen.pushed.values())) == len(GROUPS)
    assert but_infos(found(page() + FOREIGN + FOREIGN_PUSH)) == []


def without_label(name: str, job: str) -> Callable[[str], str]:
    """Take a label from the series of a job."""

    def changed(text: str) -> str:
        lines = []
        for line in text.splitlines(keepends=True):
            if f'job="{job}"' in line:
                labels = series.parse(line.partition("{")[2].rpartition("} ")[0].encode())
                labels.pop(name)
                value = line.rpartition("} ")[2]
                line = f"{line.partition('{')[0]}{{{series.write(labels).decode()}}} {value}"  # noqa: PLW2901
            lines.append(line)
        return "".join(lines)

    return changed


@pytest.mark.parametrize(
    ("change", "level", "rule", "where", "words"),
    [
        (
            lambda text: text.replace("task_try_number", "task_attempt_number"),
            *("error", "unknown-metric", "airflow_tasks"),
            ("task_attempt_number is not in the catalog", "series, such as {"),
        ),
        (
            lambda text: text.replace(
                'dag_run_status{dag_id="load_orders",instance="prod",job="airflow_dags"}',
                'dag_run_status{dag_id="load_orders",instance="prod",job="airflow_tasks",task_id="x"}',
            ),
            *("error", "wrong-job", "airflow_tasks"),
            ("dag_run_status is not of this job",),
        ),
        (
            without_label("instance", "airflow_dags"),
            *("error", "missing-label", "airflow_dags"),
            ("label instance is missing", "dag_run_duration_seconds", "more"),
        ),
        (
            lambda text: text.replace('job="airflow_dags"', 'job="airflow_dags",team="a"'),
            *("error", "extra-label", "airflow_dags"),
            ("label team is not in the catalog",),
        ),
        (
            lambda text: text.replace('job="airflow_tasks",', 'job="airflow_tasks",run_id="r1",'),
            *("error", "unbounded-label", "airflow_tasks"),
            ("label run_id is unbounded", "generation fleet"),
        ),
        (
            lambda text: text.replace("# TYPE task_status gauge", "# TYPE task_status counter"),
            *("error", "wrong-type", "airflow_tasks"),
            ("task_status is a gauge in the catalog and a counter here",),
        ),
        (
            lambda text: text.replace("# TYPE task_status gauge\n", ""),
            *("error", "wrong-type", "airflow_tasks"),
            ("a untyped here",),
        ),
        (
            lambda text: text.replace("State of the task's latest event", "State"),
            *("warning", "wrong-help", "airflow_tasks"),
            ("the help of task_status is 'State'", "State of the task's latest event"),
        ),
        (
            lambda text: text.replace(task_status_line(text), task_status_line(text).rpartition(" ")[0] + " 7\n"),
            *("error", "value-code", "airflow_tasks"),
            ("task_status is 7, none of its value codes: 1 series",),
        ),
        (
            lambda text: text.replace(task_status_line(text), task_status_line(text).rpartition(" ")[0] + " NaN\n"),
            *("error", "value-code", "airflow_tasks"),
            ("task_status is nan",),
        ),
    ],
    ids=[
        "renamed",
        "of another job",
        "label dropped",
        "extra label",
        "run_id",
        "type",
        "no type",
        "help",
        "code",
        "nan",
    ],
)
def test_fault(change: Callable[[str], str], level: str, rule: str, where: str, words: tuple[str, ...]) -> None:
    """A fault is found by its rule, in its job, and said in these words; nothing else is an error."""
    findings = found(change(page()))
    told = [message for *head, message in findings if head == [level, rule, where]]
    assert any(all(word in message for word in words) for message in told), findings
    assert {each[1] for each in findings if each[0] != "info"} == {rule}


def task_status_line(text: str) -> str:
    """Return the first sample of a task's state in the fleet."""
    return next(
        line
        for line in text.splitlines(keepends=True)
        if line.startswith("task_status{") and 'job="airflow_tasks"' in line
    )


def test_renamed_only_in_the_plugin() -> None:
    """The catalog's name is what is missing then, and the nearest one is offered."""
    seen = Seen(PROJECT.catalog)
    seen.take_lines(page().replace("task_try_number", "task_try_numbers").encode().splitlines())
    findings = judge.judge(seen, PROJECT, NOW)
    assert any(each.rule == judge.UNKNOWN_METRIC and "Did you mean task_try_number?" in each.hint for each in findings)
    assert any(
        each.rule == judge.NOT_EMITTED and "task_try_number is in the catalog" in each.message for each in findings
    )


def of(*jobs: str) -> list[Push]:
    """Return the groups of some jobs."""
    return [group for group in GROUPS if group.job.name in jobs]


FLEET_GROUPS = of("airflow_tasks", "airflow_dags")
RUN_GROUPS = of("airflow_task_runs", "airflow_dag_runs")


def test_generation_off_in_the_plugin() -> None:
    """A generation that the settings have on and nobody emits is named with the plugin's switch."""
    seen = Seen(PROJECT.catalog)
    seen.take_lines(page(FLEET_GROUPS).encode().splitlines())
    (finding,) = judge.judge(seen, PROJECT, NOW)
    assert (finding.level, finding.rule) == (Level.ERROR, judge.GENERATION)
    assert "the settings have generation per_run on" in finding.message
    assert finding.hint.startswith("Set AIRFLOW_VAR_ENABLE_V2_GAUGES=true")
    (fleet, *_) = found(page(RUN_GROUPS))
    assert fleet[:3] == ("error", "generation", "airflow_tasks, airflow_dags")


def test_per_run_groups_that_were_swept() -> None:
    """After a quiet day all of them are swept rightly."""
    assert but_infos(found(page(FLEET_GROUPS, pushed=NOW - 2 * 86400))) == []


@pytest.mark.parametrize(("generations", "expected"), [((FLEET,), [("warning", "generation")]), ((FLEET, PER_RUN), [])])
def test_generation_off_in_the_settings(generations: tuple[Any, ...], expected: list[tuple[str, str]]) -> None:
    """A generation that is emitted and that the settings leave out is a warning."""
    project = projects.builtin(generations=generations)
    assert [each[:2] for each in but_infos(found(page(), project))] == expected


def test_nothing_emitted() -> None:
    """A gateway without any group of Airflow's is said to be so."""
    assert [each[:3] for each in found(FOREIGN + FOREIGN_PUSH)] == [("error", "generation", "the gateway")]


def test_too_many_series() -> None:
    """The threshold on samples, per-run groups that nobody sweeps, and DAGs with made-up tasks are warned of."""
    project = projects.builtin(thresholds={"gateway_samples": 100})
    assert [each[1] for each in but_infos(found(page(), project))] == ["series-count"]
    old = page(FLEET_GROUPS) + page(RUN_GROUPS, pushed=NOW - 8 * 86400)
    assert {each[:3] for each in but_infos(found(old))} == {
        ("warning", "series-count", "airflow_task_runs"),
        ("warning", "series-count", "airflow_dag_runs"),
    }
    (dag,) = [group for group in FLEET_GROUPS if group.job is AIRFLOW_TASKS][:1]
    many = [dag._replace(labels=(("dag_id", "etl"), ("task_id", f"t{n}"), ("instance", "prod"))) for n in range(1100)]
    told = [each for each in found(page([*GROUPS, *many])) if each[1] == "series-count"]
    assert [each[2] for each in told] == ["airflow_tasks"]
    assert "1100 groups of one DAG, etl" in told[0][3]


def test_own_metric() -> None:
    """A user's metric is known by the project that defines it, and missed where no task reports it."""
    fields = {"help": "Rows", "read": "x", "source": Source.CUSTOM, "owner": "x", "jobs": (AIRFLOW_TASKS,)}
    rows = Gauge("rows_loaded", **fields)
    project = replace(PROJECT, catalog=Catalog((*PROJECT.catalog, rows), PROJECT.catalog.events))
    text = f"{page()}# HELP rows_loaded Rows\n# TYPE rows_loaded gauge\n" + task_status_line(page()).replace(
        "task_status", "rows_loaded"
    )
    assert but_infos(found(text)) == [("error", "unknown-metric", "airflow_tasks")]
    assert but_infos(found(text, project)) == []
    assert any("rows_loaded is in the catalog, and nobody emits it" in each[3] for each in found(page(), project))
    counted = replace(PROJECT, catalog=Catalog((*PROJECT.catalog, Counter("rows_loaded", **fields)), ()))
    assert but_infos(found(text, counted)) == [("error", "wrong-type", "airflow_tasks")]


def test_distributions_of_others() -> None:
    """Summaries and histograms are read as one metric, with the labels that make them up left out."""
    labels = task_status_line(page()).partition("{")[2].rpartition("} ")[0]
    text = (
        f'# TYPE load_seconds histogram\nload_seconds_bucket{{{labels},le="1"}} 1\n'
        f"load_seconds_sum{{{labels}}} 1\nload_seconds_count{{{labels}}} 1\n"
    )
    seen = Seen(PROJECT.catalog)
    seen.take_lines((page() + text).encode().splitlines())
    kind = seen.kinds["load_seconds", "airflow_tasks"]
    assert (kind.number, kind.types, len(kind.labelled)) == (3, {"histogram"}, 1)


@pytest.mark.parametrize("text", ["", "<html>\n", 'task_status{job="airflow_tasks"} x\n', 'x{job="airflow_tasks} 1\n'])
def test_no_page(text: str) -> None:
    """What is no gateway's page is no empty gateway either."""
    with pytest.raises(ListingError):
        Seen(PROJECT.catalog).take_lines(text.encode().splitlines())


@pytest.mark.parametrize("group", [[], {}, {"labels": {}, "x": 1}, {"labels": {}, "x": {"metrics": [1]}}])
def test_no_group(group: Any) -> None:  # noqa: ANN401  (JSON)
    """What is no group of the API is an error, unless it tells nothing."""
    seen = Seen(PROJECT.catalog)
    if group == {}:
        seen.take_group(group)
        assert json.dumps(list(seen.kinds)) == "[]"
    else:
        with pytest.raises(ListingError):
            seen.take_group(group)

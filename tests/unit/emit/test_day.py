"""A day of a made-up deployment: what scrapes of it would have found, and what goes on afterwards."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog import airflow, pipeline, statsd
from dashgen.catalog.labels import PUSHGATEWAY, STATSD_EXPORTER
from dashgen.catalog.model import FLEET
from dashgen.catalog.terms import MetricType
from dashgen.emit.day import DAY, SIZE, Deployment
from dashgen.emit.target import Target, Timer, series
from dashgen.settings import StatsdSettings
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.definitions import Project

UNTIL = 1_800_000_000
EVERY = 600
TIMES = range(UNTIL - DAY, UNTIL + 1, EVERY)
LINE = re.compile(r"([A-Za-z_:][\w:]*)(\{.*\}) (\S+) (\d+)")

Points = dict[str, list[tuple[int, float]]]


def told(deployment: Deployment) -> Points:
    """Return the points of each series in the history, in their order."""
    found: Points = defaultdict(list)
    for part in deployment.history(TIMES):
        for lines in part.lines:
            for line in lines.splitlines():
                match = LINE.fullmatch(line)
                assert match, line
                found[match[1] + match[2]].append((int(match[4]), float(match[3])))
    return found


def live(deployment: Deployment, job: str, at: float) -> dict[str, float]:
    """Return what a scrape finds."""
    lines = deployment.scraped(job, at).decode().splitlines()
    found = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
    assert len(found) == len(lines)
    return found


@pytest.fixture(scope="module")
def project() -> Project:
    """Return the built-in project."""
    return builtin()


@pytest.fixture(scope="module")
def deployment(project: Project) -> Deployment:
    """Return a deployment whose history is told."""
    return Deployment(project, UNTIL)


@pytest.fixture(scope="module")
def day(deployment: Deployment) -> Mapping[str, list[tuple[int, float]]]:
    """Return its history."""
    return told(deployment)


def names(day: Mapping[str, object]) -> set[str]:
    """Return the names of the metrics of series."""
    return {name.partition("{")[0] for name in day}


def test_same_seed_same_day(project: Project, day: Mapping[str, object]) -> None:
    """The same project and time make the same series, point by point."""
    assert told(Deployment(project, UNTIL)) == day


def test_times(day: Points) -> None:
    """The points of each series are in order, on the times of the scrapes, and go on to the end unless it was swept."""
    for name, points in day.items():
        times = [at for at, _ in points]
        assert times == sorted(set(times)), name
        assert set(times) <= set(TIMES), name
    whole = [points for points in day.values() if points[-1][0] == UNTIL]
    assert len(whole) > len(day) / 2
    gaps = [name for name, points in day.items() if points[-1][0] - points[0][0] != EVERY * (len(points) - 1)]
    assert gaps == []


def test_metrics_of_the_catalog(project: Project, day: Points) -> None:
    """Every name is the catalog's, and what tasks push, the sweeper and the gateway is all there."""
    known = set(project.catalog.by_name)
    parts = {f"{name}_{part}" for name in known for part in ("sum", "count")}
    assert names(day) <= known | parts
    expected = {*airflow.METRICS, *pipeline.SWEEPER_METRICS, pipeline.PUSH_TIME, pipeline.GATEWAY_REQUESTS}
    assert {str(metric) for metric in expected if not metric.unused_because} <= names(day)


def test_most_of_what_airflow_sends(day: Points) -> None:
    """Of Airflow's own metrics that a panel shows, those are missing that only some deployments send."""
    shown = {str(metric) for metric in statsd.METRICS if not metric.unused_because}
    there = {name.removesuffix("_sum") for name in names(day)}
    assert len(shown - there) < len(shown) * 0.15, sorted(shown - there)


def test_counters_only_grow(project: Project, deployment: Deployment, day: Points) -> None:
    """No counter falls in the day, nor from its end to the first scrapes after it."""
    kinds = {name: metric.type for name, metric in project.catalog.by_name.items()}
    counters = {
        name: [value for _, value in points]
        for name, points in day.items()
        if kinds.get(name.partition("{")[0]) is MetricType.COUNTER or re.match(r"\w+_(sum|count)\{", name)
    }
    assert len(counters) > 200
    for job in (PUSHGATEWAY.name, STATSD_EXPORTER.name):
        for after in (30, 3600):
            for name, value in live(deployment, job, UNTIL + after).items():
                if name in counters:
                    counters[name].append(value)
    falling = [name for name, values in counters.items() if values != sorted(values)]
    assert falling == []


def test_it_goes_on(project: Project) -> None:
    """After the day runs begin and end as before, and each scrape finds all that was there."""
    deployment = Deployment(project, UNTIL)
    first = live(deployment, PUSHGATEWAY.name, UNTIL + 1)
    later = live(deployment, PUSHGATEWAY.name, UNTIL + 7200)
    fleet = {name for name in first if "run_id" not in name}
    assert fleet <= set(later)
    changed = [name for name in fleet if name.startswith(f"{airflow.TASK_START}{{") and first[name] != later[name]]
    assert len(changed) > 10


def test_slots_add_up(day: Points) -> None:
    """What runs and what waits in a pool is never more than its slots, nor less than nothing."""
    for name, points in day.items():
        if re.match(r"airflow_(pool|executor|scheduler_dagruns|ti)_\w*(slots|running|queued|tasks)\w*\{", name):
            assert all(0 <= value <= 64 for _, value in points), name


def test_without_per_run_and_statsd() -> None:
    """What the settings turn off is not there."""
    one = told(Deployment(builtin(generations=(FLEET,), statsd=StatsdSettings(enabled=False)), UNTIL))
    assert not [name for name in one if "run_id" in name or STATSD_EXPORTER.name in name]
    assert str(airflow.TASK_STATUS) in names(one)


def test_histograms() -> None:
    """Where timers are histograms, their buckets are there, each at least the one below."""
    settings = StatsdSettings(timers="histogram", buckets=(1, 60, 600))
    found = told(Deployment(builtin(statsd=settings), UNTIL))
    last = {name: points[-1][1] for name, points in found.items() if "_bucket{" in name}
    assert len(last) > 100
    for name, value in last.items():
        if 'le="600"' in name:
            bounds = [last[name.replace('le="600"', f'le="{bound}"')] for bound in ("1", "60", "600", "+Inf")]
            assert bounds == sorted(bounds), name
            assert value == bounds[2]
    assert not [name for name in found if "quantile=" in name]


def test_size() -> None:
    """A day is small enough to be read in seconds: series times scrapes."""
    assert SIZE.dags * SIZE.tasks <= 60


def test_target_history() -> None:
    """A series begins with its first value, keeps each until the next, and ends where it is ended."""
    target = Target()
    target.set("a", 1, 15)
    target.set("a", 2, 25)
    target.add("b", 5, 5)
    target.end("a", 45)
    lines = "".join(target.history([10, 20, 30, 40, 50])).splitlines()
    assert lines == ["a 1 20", "a 2 30", "a 2 40", "b 5 10", "b 5 20", "b 5 30", "b 5 40", "b 5 50"]
    assert target.exposition() == b"b 5\n"
    assert list(target.history([10])) == []


def test_target_timer() -> None:
    """A timer's quantiles are of what it measured lately; its sum and count of all."""
    metric = statsd.tasks.TASK_DURATION
    target = Target()
    for number in range(100):
        target.observe(Timer(metric, STATSD_EXPORTER, ()), 1 + number % 10, number)
    found = target.values
    assert found[series(f"{metric}_count", STATSD_EXPORTER, ())] == 100
    assert found[series(f"{metric}_sum", STATSD_EXPORTER, ())] == 550
    assert 4 <= found[series(metric, STATSD_EXPORTER, (("quantile", "0.5"),))] <= 7
    assert found[series(metric, STATSD_EXPORTER, (("quantile", "0.99"),))] >= 9

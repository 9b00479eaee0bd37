"""A whole believable deployment: what a day of scrapes would have found, and what goes on afterwards.

It follows from the project, a seed and the time alone: the same ones, the same series.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from dashgen.catalog.labels import INSTANCE, PUSHGATEWAY, PUSHGATEWAY_SWEEPER, STATSD_EXPORTER
from dashgen.catalog.pipeline import PUSH_FAILURE_TIME, PUSH_TIME
from dashgen.emit import platform
from dashgen.emit.airflow_statsd import EXPORTER, Exporter, Happening
from dashgen.emit.fleet import Size, dags
from dashgen.emit.moments import World, reported
from dashgen.emit.target import Target, series
from dashgen_sweeper import metrics as sweeper
from dashgen_sweeper.sweep import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashgen.catalog.model import Job
    from dashgen.definitions import Project
    from dashgen.emit.fleet import Dag
    from dashgen.emit.moments import Moment
    from dashgen_plugin.events import Labels

AIRFLOW = "airflow-sample"
DAY, HOUR = 86400, 3600
# Few enough for a day of them to be read in seconds, with runs of all kinds.
SIZE = Size(dags=10, tasks=5, runs=4, failing=20.0, seed=5)
# So many runs of a DAG before the day, for what each series is when it begins.
_RUNS_BEFORE = 2
_GROUPS_SWEPT_A_SECOND = 500


@dataclass(frozen=True)
class Part:
    """A part of the history: its name, and its lines in the OpenMetrics text format."""

    name: str
    lines: Iterator[str]


class Deployment:
    """Airflow with its Pushgateway, its sweeper and its statsd_exporter.

    ``until`` is where the history ends and what goes on begins, in unix seconds.
    """

    def __init__(self, project: Project, until: int, size: Size = SIZE) -> None:
        """Let the day happen, and what must have been before it."""
        settings = project.settings
        size = size if settings.per_run else replace(size, runs=0)
        self._project, self._began = project, until - DAY
        self._gateway, self._exporter = Target(), Target()
        # Of each group of a single run, when it was pushed to and its series.
        self._run_groups: dict[tuple[str, Labels], tuple[float, set[str]]] = {}
        self._lock = threading.Lock()
        world = World(size, AIRFLOW, reported(project.catalog))
        self._events = heapq.merge(
            (Happening(each.at, partial(self._told, world, each)) for each in world.story(self._before, until)),
            self._sweeps() if settings.per_run else (),
            *(self._counted(size) if settings.statsd.enabled else ()),
            key=lambda each: each.at,
        )
        self._next = next(self._events)
        self._advance(until)

    @property
    def addresses(self) -> Mapping[str, str]:
        """What is scraped: the instance by the job."""
        exporter = {STATSD_EXPORTER.name: EXPORTER} if self._project.settings.statsd.enabled else {}
        return {PUSHGATEWAY.name: platform.GATEWAY, **exporter}

    def history(self, times: Sequence[int]) -> tuple[Part, ...]:
        """Return what scrapes at these times (unix seconds, ascending) would have found; only once."""
        for at in times:
            self._smooth(at)
        scrapes = (
            f"{name} {value} {at}\n"
            for job, instance in self.addresses.items()
            for name, value in platform.scrape(job, instance, len(self._target(job).values))
            for at in times
        )
        return (
            Part("tasks", self._gateway.history(times)),
            Part("airflow", itertools.chain(self._exporter.history(times), scrapes)),
        )

    def scraped(self, job: str, now: float) -> bytes:
        """Return what a scrape of a job's target finds at a time after the history."""
        with self._lock:
            self._advance(now)
            self._smooth(now)
            return self._target(job).exposition()

    def _target(self, job: str) -> Target:
        return self._gateway if job == PUSHGATEWAY.name else self._exporter

    def _advance(self, now: float) -> None:
        while self._next.at <= now:
            self._next.tell()
            self._next = next(self._events)

    def _smooth(self, at: float) -> None:
        """Set what does not follow from the runs."""
        statsd = self._project.settings.statsd
        for name, value in platform.gateway(at, self._began):
            self._gateway.set(name, value, at)
        if statsd.enabled:
            for name, value in platform.airflow(self._project.catalog, statsd.buckets, at, self._began):
                self._exporter.set(name, value, at)

    def _counted(self, size: Size) -> Iterator[Iterator[Happening]]:
        """Yield, for each DAG, what Airflow counts and times of its runs."""
        exporter = Exporter(self._project.catalog, self._project.settings.statsd.buckets, self._exporter)
        all_dags = dags(size)
        exporter.start(min(map(self._before, all_dags)))

        def of_run(dag: Dag, run: int) -> Iterator[Happening]:
            # Of a run that was under way, nobody has counted the beginning.
            return exporter.of_run(dag, run) if dag.start(run) > self._before(dag) else iter(())

        for dag in all_dags:
            yield dag.after(self._before(dag), partial(of_run, dag))

    def _before(self, dag: Dag) -> float:
        return self._began - _RUNS_BEFORE * dag.interval

    def _told(self, world: World, moment: Moment) -> None:
        """Push what the plugin would."""
        for push in world.merged([moment]):
            self._push(push.job, push.labels, {str(metric): value for metric, value in push.values.items()}, moment.at)

    def _push(self, job: Job, labels: Labels, values: Mapping[str, float], at: float) -> None:
        """Add to a group, and let the gateway say when that was."""
        names = set()
        for metric, value in {**values, str(PUSH_TIME): at, str(PUSH_FAILURE_TIME): 0}.items():
            name = series(metric, job, labels)
            self._gateway.set(name, value, at)
            names.add(name)
        if job.generation is not None and job.generation.run_isolated:
            _, before = self._run_groups.get((job.name, labels), (at, set()))
            self._run_groups[job.name, labels] = (at, before | names)

    def _sweeps(self) -> Iterator[Happening]:
        """Sweep every hour, without an end."""
        for at in itertools.count(self._began - self._began % HOUR + HOUR, HOUR):
            yield Happening(at, partial(self._sweep, at))

    def _sweep(self, at: float) -> None:
        """Delete the groups of runs that are a day old, and push what the sweeper says of that."""
        seen = len(self._run_groups)
        expired = [group for group, (pushed, _) in self._run_groups.items() if pushed < at - DAY]
        for group in expired:
            for name in self._run_groups.pop(group)[1]:
                self._gateway.end(name, at)
        result = Result(
            finished=True,
            seen=seen,
            deleted=[b""] * len(expired),
            oldest_age=max((at - pushed for pushed, _ in self._run_groups.values()), default=0.0),
            duration=seen / _GROUPS_SWEPT_A_SECOND,
        )
        told = ((PUSH_TIME, at), (PUSH_FAILURE_TIME, 0))
        labels = ((INSTANCE.name, AIRFLOW),)
        for metric, value in told:
            self._gateway.set(series(metric, PUSHGATEWAY_SWEEPER, labels), value, at)
        for family in text_string_to_metric_families(sweeper.text(result, at).decode()):
            for sample in family.samples:
                name = series(sample.name, PUSHGATEWAY_SWEEPER, (*labels, *sample.labels.items()))
                self._gateway.set(name, sample.value, at)

"""The catalog's types: generations, jobs, metrics and events.

Frozen dataclasses of the standard library. A metric knows how to write a selector of
itself (``TASK_STATUS.fleet(DAG_ID % "$dag_id")``), so that PromQL stays PromQL and yet no
name is typed twice. Nothing is checked here: :mod:`dashgen.catalog.validate` finds all
problems at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from dashgen.catalog.terms import JOB_LABEL, CodeType, Label, Matcher, MetricType, Source, Unit, closest
from dashgen.problems import Place

TYPE_CHECKING = False  # typing's own costs the catalog's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from dashgen.catalog.statsd.sent import Line

# https://prometheus.io/docs/concepts/metric_types/: the series that stand for one metric.
PARTS = {
    MetricType.HISTOGRAM: ("_bucket", "_sum", "_count"),
    MetricType.SUMMARY: ("_sum", "_count"),
}


@dataclass(frozen=True)
class Generation:
    """A generation of the push plugin: what its groups are keyed by, and what for.

    ``run_isolated`` says that each run has series of its own, which only the sweeper ends.
    """

    name: str
    title: str
    help: str
    run_isolated: bool = False


@dataclass(frozen=True)
class Job:
    """A value of the ``job`` label, and the labels that every series of it carries.

    For pushed jobs ``grouping`` is the Pushgateway's grouping key without ``job`` itself.
    """

    name: str
    help: str
    grouping: tuple[Label, ...]
    generation: Generation | None = None
    pushed: bool = False


@dataclass(frozen=True)
class Threshold:
    """A limit that panels and alerts share; ``name`` is its key in the settings."""

    name: str
    value: float
    unit: Unit
    help: str


@dataclass(frozen=True)
class Metric:
    """One metric: what it means, who emits it, and which labels it has in which job.

    A series carries the grouping of its job and the metric's own ``labels``. A recorded
    series and the like have no job of their own: ``jobs`` is empty. ``read`` tells a person
    how to read the value. ``unused_because`` is needed when no panel and no rule uses it.
    With ``open_labels`` its series can carry other labels too, which nobody knows beforehand.
    ``statsd`` are the StatsD lines that Airflow sends it as; ``tags`` are labels of it that only
    tagged lines carry, so that a series may lack them.
    ``place`` is where it is defined and takes no part in comparisons.
    """

    name: str
    type: MetricType
    help: str
    read: str
    source: Source
    owner: str
    jobs: tuple[Job, ...] = ()
    labels: tuple[Label, ...] = ()
    unit: Unit = Unit.NONE
    codes: CodeType | None = None
    thresholds: tuple[Threshold, ...] = ()
    renamed_from: str | None = None
    unused_because: str | None = None
    open_labels: bool = False
    statsd: tuple[Line, ...] = ()
    tags: tuple[Label, ...] = ()
    place: Place = field(default_factory=lambda: Place.of_caller(__file__), compare=False, repr=False)

    def __hash__(self) -> int:
        """Hash by the name alone: its jobs and their labels as well would slow every lookup."""
        return hash(self.name)

    def __str__(self) -> str:
        """Read as the bare name, for prose."""
        return self.name

    def labels_in(self, job: Job | None) -> tuple[Label, ...]:
        """Return the labels of its series in ``job``, without ``job`` itself."""
        return (*(job.grouping if job else ()), *self.labels, *self.tags)

    @property
    def generations(self) -> tuple[Generation, ...]:
        """The generations that carry it, in the order of its jobs."""
        return tuple(dict.fromkeys(job.generation for job in self.jobs if job.generation))

    def select(self, *matchers: Matcher, jobs: Iterable[Job] | None = None) -> str:
        """Write a selector over ``jobs`` (default: all of its jobs); the job is always named."""
        names = [job.name for job in (self.jobs if jobs is None else jobs)]
        parts = [Matcher(JOB_LABEL, "=" if len(names) == 1 else "=~", "|".join(names))] if names else []
        inner = ",".join(map(str, (*parts, *matchers)))
        return f"{self.name}{{{inner}}}" if inner else self.name

    def in_generation(self, generation: Generation, *matchers: Matcher) -> str:
        """Write a selector of the series that ``generation`` emits.

        Raises:
            LookupError: The generation does not carry this metric.

        """
        jobs = [job for job in self.jobs if job.generation == generation]
        if not jobs:
            message = f"{self.name} is not emitted by generation {generation.name}"
            raise LookupError(message)
        return self.select(*matchers, jobs=jobs)

    def fleet(self, *matchers: Matcher) -> str:
        """Write a selector of the fleet generation (V3): the latest state, no ``run_id``."""
        return self.in_generation(FLEET, *matchers)

    def per_run(self, *matchers: Matcher) -> str:
        """Write a selector of the per-run generation (V2)."""
        return self.in_generation(PER_RUN, *matchers)


FLEET = Generation("fleet", "V3", "One group per task and per DAG: the latest event, whatever its run. Production.")
PER_RUN = Generation(
    "per_run",
    "V2",
    "One group per task and run: history of each run. Small systems, with the sweeper.",
    run_isolated=True,
)
LAB = Generation("lab", "V1", "Counters under a key without the run: shows the fault, never on by default.")


def Gauge(name: str, **fields: Any) -> Metric:  # noqa: N802, ANN401  (reads as the type it makes; fields are Metric's)
    """Define a Gauge; the fields are those of :class:`Metric`."""
    return Metric(name, MetricType.GAUGE, **fields)


def Counter(name: str, **fields: Any) -> Metric:  # noqa: N802, ANN401  (as Gauge)
    """Define a Counter; the fields are those of :class:`Metric`."""
    return Metric(name, MetricType.COUNTER, **fields)


def Summary(name: str, **fields: Any) -> Metric:  # noqa: N802, ANN401  (as Gauge)
    """Define a Summary; the fields are those of :class:`Metric`."""
    return Metric(name, MetricType.SUMMARY, **fields)


@dataclass(frozen=True)
class Event:
    """An Airflow event, the listener's hook that reports it, and what it sets where."""

    name: str
    hook: str
    help: str
    sets: Mapping[Generation, tuple[Metric, ...]]
    place: Place = field(default_factory=lambda: Place.of_caller(__file__), compare=False, repr=False)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """All metrics that it sets, in any generation."""
        return tuple(dict.fromkeys(metric for metrics in self.sets.values() for metric in metrics))


@dataclass(frozen=True)
class Catalog:
    """All metrics and events; what everything else is derived from or checked against."""

    metrics: tuple[Metric, ...]
    events: tuple[Event, ...] = ()

    def __iter__(self) -> Iterator[Metric]:
        """Iterate over the metrics in the order of their definition."""
        return iter(self.metrics)

    @cached_property
    def by_name(self) -> dict[str, Metric]:
        """The metrics by name; the first wins where two share one."""
        return {metric.name: metric for metric in reversed(self.metrics)}

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """The jobs of all metrics, by name."""
        return {job.name: job for metric in self.metrics for job in metric.jobs}

    @cached_property
    def labels(self) -> dict[str, Label]:
        """The labels of all metrics, by name."""
        found = (
            label for metric in self.metrics for job in (metric.jobs or (None,)) for label in metric.labels_in(job)
        )
        return {label.name: label for label in found}

    def metric(self, name: str) -> Metric | None:
        """Return the metric that a series of this name belongs to: its own, or a part of a histogram or summary."""
        found = self.by_name.get(name)
        if found is not None:
            return found
        for kind, suffixes in PARTS.items():
            for suffix in suffixes:
                base = self.by_name.get(name.removesuffix(suffix))
                if name.endswith(suffix) and base is not None and base.type is kind:
                    return base
        return None

    def events_setting(self, metric: Metric) -> tuple[Event, ...]:
        """Return the events that set ``metric``."""
        return tuple(event for event in self.events if metric in event.metrics)

    def closest(self, name: str) -> str:
        """Return the metric's name nearest to ``name``, or an empty string."""
        return closest(name, self.by_name)

"""The catalog's types: labels, value codes, generations, jobs, metrics and events.

Frozen dataclasses of the standard library. A metric knows how to write a selector of
itself (``TASK_STATUS.fleet(DAG_ID % "$dag_id")``), so that PromQL stays PromQL and yet no
name is typed twice. Nothing is checked here: :mod:`dashgen.catalog.validate` finds all
problems at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import cached_property

from dashgen.problems import Place

TYPE_CHECKING = False  # typing's own costs the catalog's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from typing_extensions import Self

JOB_LABEL = "job"


class Cardinality(Enum):
    """Whether the set of a label's values grows with time."""

    BOUNDED = "bounded"
    UNBOUNDED = "unbounded"


class MetricType(Enum):
    """Prometheus' metric types, as they stand in the text exposition format."""

    GAUGE = "gauge"
    COUNTER = "counter"
    SUMMARY = "summary"
    HISTOGRAM = "histogram"


class Unit(Enum):
    """Base units of Prometheus' naming rules; the value is the suffix of the name."""

    NONE = ""
    SECONDS = "seconds"
    TIMESTAMP = "timestamp_seconds"
    BYTES = "bytes"
    RATIO = "ratio"


class Source(Enum):
    """Who emits a metric; the value is how the documentation says it."""

    LISTENER = "the Airflow listener"
    STATSD = "Airflow's StatsD client, through statsd_exporter"
    PUSHGATEWAY = "the Pushgateway"
    SWEEPER = "the sweeper"
    PROMETHEUS = "Prometheus"
    RECORDING_RULE = "a recording rule"
    CUSTOM = "your own code"

    @property
    def ours(self) -> bool:
        """Whether the name is ours to choose, so that the naming rules apply."""
        return self in (Source.LISTENER, Source.SWEEPER, Source.CUSTOM)


class Code(IntEnum):
    """A value code of a state metric: the number, the word and the colour it shows as.

    Subclasses list members as ``NAME = number, "word", "grafana-colour"``.
    """

    word: str
    color: str

    def __new__(cls, value: int, word: str, color: str) -> Self:
        """Make the member an ``int`` that carries its word and colour."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.word = word
        member.color = color
        return member

    def __str__(self) -> str:
        """Read as the bare number: Python 3.10 would print the member's name."""
        return str(self._value_)

    def __format__(self, spec: str) -> str:
        """Format as the number, for f-strings that hold PromQL."""
        return format(self._value_, spec)


CodeType = type[Code]


@dataclass(frozen=True)
class Matcher:
    """One PromQL label matcher, printed as ``label=~"value"``."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        """Print with the quoting of a PromQL string."""
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.op}"{escaped}"'


@dataclass(frozen=True)
class Label:
    """A label: its name, meaning, and whether its values are bounded.

    ``optional`` marks a label that only some series of a job carry.
    """

    name: str
    help: str
    cardinality: Cardinality | None = None
    optional: bool = False

    def __str__(self) -> str:
        """Read as the bare name, for ``by (…)`` and ``on (…)``."""
        return self.name

    def __mod__(self, pattern: str) -> Matcher:
        """Match a regular expression: ``DAG_ID % "$dag_id"`` is ``dag_id=~"$dag_id"``."""
        return Matcher(self.name, "=~", pattern)

    def is_(self, value: str) -> Matcher:
        """Match exactly this value."""
        return Matcher(self.name, "=", value)

    def is_not(self, value: str) -> Matcher:
        """Match every other value."""
        return Matcher(self.name, "!=", value)

    def not_matching(self, pattern: str) -> Matcher:
        """Match what the regular expression does not."""
        return Matcher(self.name, "!~", pattern)

    @property
    def legend(self) -> str:
        """The label in a Grafana legend."""
        return "{{" + self.name + "}}"

    @property
    def annotation(self) -> str:
        """The label in a Prometheus annotation template."""
        return "{{ $labels." + self.name + " }}"


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
    place: Place = field(default_factory=lambda: Place.of_caller(__file__), compare=False, repr=False)

    def __hash__(self) -> int:
        """Hash by the name alone: its jobs and their labels as well would slow every lookup."""
        return hash(self.name)

    def __str__(self) -> str:
        """Read as the bare name, for prose."""
        return self.name

    def labels_in(self, job: Job | None) -> tuple[Label, ...]:
        """Return the labels of its series in ``job``, without ``job`` itself."""
        return (*(job.grouping if job else ()), *self.labels)

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

    def events_setting(self, metric: Metric) -> tuple[Event, ...]:
        """Return the events that set ``metric``."""
        return tuple(event for event in self.events if metric in event.metrics)

    def closest(self, name: str) -> str:
        """Return the metric's name nearest to ``name``, or an empty string."""
        return closest(name, self.by_name)


def closest(name: str, known: Iterable[str]) -> str:
    """Return the nearest of ``known`` to a mistyped ``name``, or an empty string."""
    import difflib  # noqa: PLC0415  (10 ms that only an error message needs)

    by_lower_case = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), list(by_lower_case), n=1, cutoff=0.6)
    return by_lower_case[near[0]] if near else ""

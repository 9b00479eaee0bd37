"""The catalog's smallest parts: units, types, sources, value codes, labels and matchers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

TYPE_CHECKING = False  # typing's own costs the catalog's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable

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
    STATSD_EXPORTER = "statsd_exporter"
    PUSHGATEWAY = "the Pushgateway"
    SWEEPER = "the sweeper"
    DOCTOR = "dashgen doctor"
    PROMETHEUS = "Prometheus"
    RECORDING_RULE = "a recording rule"
    CUSTOM = "your own code"

    @property
    def ours(self) -> bool:
        """Whether it is pushed by code of this project or of its user."""
        return self in (Source.LISTENER, Source.SWEEPER, Source.DOCTOR, Source.CUSTOM)

    @property
    def named_here(self) -> bool:
        """Whether the name is ours to choose, so that the naming rules apply: the mapping names StatsD's."""
        return self.ours or self is Source.STATSD


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


def closest(name: str, known: Iterable[str]) -> str:
    """Return the nearest of ``known`` to a mistyped ``name``, or an empty string."""
    import difflib  # noqa: PLC0415  (10 ms that only an error message needs)

    by_lower_case = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), list(by_lower_case), n=1, cutoff=0.6)
    return by_lower_case[near[0]] if near else ""

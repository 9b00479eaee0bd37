"""What a gateway holds, summed up while it is read: never more than the kinds of series in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dashgen.catalog import pipeline
from dashgen.catalog.labels import DAG_ID
from dashgen.catalog.terms import JOB_LABEL
from dashgen_sweeper import series
from dashgen_sweeper.listing import ListingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen.catalog.model import Catalog

_PUSHED = pipeline.PUSH_TIME.name
_TYPE, _HELP = b"# TYPE ", b"# HELP "
_UNTYPED = "untyped"
# What summaries and histograms add to a metric's name, and to its labels.
_SUFFIXES = ("", "_sum", "_count", "_bucket")
_OF_DISTRIBUTIONS = frozenset({"le", "quantile"})
_NAN = float("nan")
# What the API's groups hold beside metrics.
_NO_METRICS = frozenset({"labels", "last_push_successful"})


@dataclass
class Sight:
    """How many series there are of a sort, and the labels of one of them."""

    number: int
    example: str


@dataclass
class Kind:
    """The series of one metric in one job: by the names of their labels, and by values that are no code."""

    number: int = 0
    labelled: dict[frozenset[str], Sight] = field(default_factory=dict)
    no_codes: dict[float, Sight] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)
    helps: set[str] = field(default_factory=set)


@dataclass
class Seen:
    """What a gateway holds of the jobs of a catalog; ``foreign`` counts the groups of other jobs.

    ``samples`` counts everything. ``pushed`` has the last push of each job's groups in unix
    seconds, 0 where none succeeded; ``dags`` counts the groups of each job and DAG.
    """

    catalog: Catalog
    samples: int = 0
    kinds: dict[tuple[str, str], Kind] = field(default_factory=dict)
    pushed: dict[str, list[float]] = field(default_factory=dict)
    dags: Counter[tuple[str, str]] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Find the jobs that are ours."""
        self._ours = {job.name for job in self.catalog.jobs.values() if job.pushed}
        self._codes = {
            metric.name: {float(code) for code in metric.codes} for metric in self.catalog if metric.codes is not None
        }

    def take_lines(self, lines: Iterable[bytes]) -> None:
        """Read a metrics page, line by line.

        Raises:
            ListingError: it is no gateway's.

        """
        family, kind, told = "", _UNTYPED, ""
        held = False
        try:
            for line in lines:
                if line.startswith(b"#"):
                    name, _, text = line[len(_TYPE) :].decode(errors="replace").partition(" ")
                    if name != family:
                        family, kind, told = name, _UNTYPED, ""
                    if line.startswith(_TYPE):
                        kind = text
                    elif line.startswith(_HELP):
                        told = text.replace("\\n", "\n").replace("\\\\", "\\")
                    continue
                self.samples += 1
                name, _, sample = line.decode(errors="replace").partition("{")
                if not sample:
                    continue
                labels, _, value = sample.rpartition("} ")
                held = held or name == _PUSHED
                metric = family if name in {family + suffix for suffix in _SUFFIXES} else name
                self._take(metric, labels, value, kind, told)
        except ValueError as error:
            raise ListingError(f"the answer is not as a Pushgateway writes it: {error}") from None
        if not held:
            # An empty gateway, or no gateway at all: its API can say which.
            raise ListingError("the answer tells of no groups")

    def take_group(self, group: dict[str, Any]) -> None:
        """Read a group of the JSON API.

        Raises:
            ListingError: it is no group.

        """
        try:
            for name, found in group.items():
                if name in _NO_METRICS and not (isinstance(found, dict) and isinstance(found.get("metrics"), list)):
                    continue
                for sample in found["metrics"]:
                    self.samples += 1
                    labels = series.write(sample["labels"]).decode()
                    self._take(name, labels, sample.get("value", "NaN"), found["type"].lower(), found.get("help", ""))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ListingError(f"a group is not as a Pushgateway tells it: {type(error).__name__}: {error}") from None

    def _take(self, metric: str, labels: str, value: str, kind: str, told: str) -> None:
        found = _parsed(labels)
        job = found.get(JOB_LABEL, "")
        if job not in self._ours:
            if metric == _PUSHED:
                self.foreign[job] += 1
            return
        number = float(value)
        if metric == _PUSHED:
            self.pushed.setdefault(job, []).append(number)
            self.dags[job, found.get(DAG_ID.name, "")] += 1
        of = self.kinds.setdefault((metric, job), Kind())
        of.number += 1
        of.types.add(kind)
        of.helps.add(told)
        # An empty label is none: the gateway writes an empty instance where there is none.
        names = frozenset(name for name, text in found.items() if text)
        _see(of.labelled, names - _OF_DISTRIBUTIONS - {JOB_LABEL}, labels)
        if metric in self._codes and number not in self._codes[metric]:
            # NaN is unlike itself, and would be a new one each time.
            _see(of.no_codes, number if number == number else _NAN, labels)  # noqa: PLR0124  (the test for NaN)


def _see(sights: dict[Any, Sight], key: object, labels: str) -> None:
    sight = sights.get(key)
    if sight is None:
        sights[key] = Sight(1, f"{{{labels}}}")
    else:
        sight.number += 1


# A group's labels come once for each of its metrics.
@lru_cache(maxsize=1 << 15)
def _parsed(labels: str) -> dict[str, str]:
    return series.parse(labels.encode())

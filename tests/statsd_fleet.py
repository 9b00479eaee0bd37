"""A whole fleet as statsd_exporter would expose it: by default 20,000 tasks in 1,000 DAGs, all at work.

What is in it follows from the catalog. Every counter counts the scrapes, so that all panels have
something to show.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from dashgen.catalog import statsd
from dashgen.catalog.labels import DAG_ID, TASK_ID
from dashgen.catalog.pipeline import HEAP_IN_USE, RESIDENT_MEMORY
from dashgen.catalog.statsd.labels import ACTION, OUTCOME, STATE
from dashgen.catalog.statsd.providers import EDGE_WORKER_TI_FINISH, EDGE_WORKER_TI_START
from dashgen.catalog.terms import MetricType
from tests.fleet import answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label
    from tests.fleet import Fleet

# What stands for the number of scrapes, and for seconds that grow with it.
_SCRAPES, _SECONDS = b"@scrapes@", b"@seconds@"
_SECONDS_EACH = 60

# Gauges of task instances stay for an hour: of so many tasks one has them.
_TASKS_PER_ACTIVE = 10
_VALUES: dict[Label, tuple[str, ...]] = {
    STATE: ("success", "failed", "up_for_retry"),
    ACTION: ("map", "drop"),
    OUTCOME: ("success", "failure"),
}
_QUANTILES = (0.5, 0.9, 0.99)


def exposition(fleet: Fleet) -> bytes:
    """Write the fleet as exposition text with marks where the values grow."""
    metrics = (*statsd.METRICS, RESIDENT_MEMORY, HEAP_IN_USE)
    return b"".join(line.encode() for metric in metrics if not metric.unused_because for line in _lines(fleet, metric))


def _lines(fleet: Fleet, metric: Metric) -> Iterator[str]:
    for labels in _labels(fleet, metric):
        if metric.type is MetricType.SUMMARY:
            yield from (f'{metric}{{{labels}quantile="{quantile}"}} {_SECONDS_EACH}\n' for quantile in _QUANTILES)
            yield f"{metric}_sum{{{labels}}} {_SECONDS.decode()}\n"
            yield f"{metric}_count{{{labels}}} {_SCRAPES.decode()}\n"
        else:
            yield f"{metric}{{{labels}}} {_SCRAPES.decode() if metric.type is MetricType.COUNTER else 7}\n"


def _labels(fleet: Fleet, metric: Metric) -> Iterator[str]:
    others = [label for label in metric.labels if label not in (DAG_ID, TASK_ID)]
    values = [_VALUES.get(label, ("one", "other")) for label in others]
    if metric.type is MetricType.GAUGE and TASK_ID in metric.labels:
        values = [found[:1] for found in values]
    for ids in _ids(fleet, metric):
        for chosen in itertools.product(*values):
            labels = {**ids, **{label.name: value for label, value in zip(others, chosen, strict=True)}}
            yield "".join(f'{name}="{value}",' for name, value in labels.items())


def _ids(fleet: Fleet, metric: Metric) -> Iterator[dict[str, str]]:
    if DAG_ID not in metric.labels:
        yield {}
        return
    on_edge = metric in (EDGE_WORKER_TI_START, EDGE_WORKER_TI_FINISH)
    step = _TASKS_PER_ACTIVE if metric.type is MetricType.GAUGE else 1
    for dag in range(1 if on_edge else fleet.dags):
        ids = {DAG_ID.name: f"dag_{dag:04}"}
        if TASK_ID not in metric.labels:
            yield ids
            continue
        for task in range(0, fleet.tasks_per_dag, step):
            yield {**ids, TASK_ID.name: f"task_{task:02}"}


def handler(text: bytes) -> type[BaseHTTPRequestHandler]:
    """Make what answers each scrape with one more event of every kind."""
    scrapes = itertools.count(1)

    def body() -> bytes:
        number = next(scrapes)
        seconds = number * _SECONDS_EACH
        return text.replace(_SCRAPES, str(number).encode()).replace(_SECONDS, str(seconds).encode())

    return answering(body)

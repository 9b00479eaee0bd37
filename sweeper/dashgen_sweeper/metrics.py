"""What the sweeper says of its last run, on the gateway that it swept."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dashgen.catalog import pipeline
from dashgen.catalog.labels import INSTANCE, PUSHGATEWAY_SWEEPER, RESULT
from dashgen.catalog.terms import JOB_LABEL
from dashgen.pushgateway import group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric as Family

    from dashgen.catalog.model import Metric
    from dashgen.pushgateway.connection import Connection
    from dashgen_sweeper.sweep import Result


class PushError(Exception):
    """The gateway did not take the sweeper's own metrics."""


def push(connection: Connection, instance: str, result: Result, *, ended: float, timeout: float) -> None:
    """Add what a sweep did to the sweeper's group; a failed one leaves the last success as it was.

    ``ended`` is the end of the sweep in unix seconds, ``timeout`` in seconds.

    Raises:
        PushError: the gateway refuses it.
        OSError, http.client.HTTPException: the gateway can't be reached.

    """
    deadline = time.monotonic() + timeout
    answer = connection.request("POST", path(instance), body=text(result, ended), deadline=deadline)
    if answer.status not in (http.client.OK, http.client.ACCEPTED):
        raise PushError(f"{answer.status} {answer.text[:200]}".strip())


def path(instance: str) -> str:
    """Return the path of the sweeper's group."""
    return group.path([(JOB_LABEL, PUSHGATEWAY_SWEEPER.name), (INSTANCE.name, instance)])


def text(result: Result, ended: float) -> bytes:
    """Write what a sweep did that ended then (unix seconds), as Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Outcome(result, ended))
    return generate_latest(registry)


class _Outcome(Collector):
    def __init__(self, result: Result, ended: float) -> None:
        self._result, self._ended = result, ended

    def collect(self) -> Iterator[Family]:
        result = self._result
        yield _family(pipeline.SWEEPER_LAST_RUN, self._ended)
        yield _family(pipeline.SWEEPER_DURATION, result.duration)
        if not result.finished:
            return
        if result.clean:
            yield _family(pipeline.SWEEPER_LAST_SUCCESS, self._ended)
        yield _family(pipeline.SWEEPER_OLDEST_AGE, result.oldest_age)
        groups = GaugeMetricFamily(pipeline.SWEEPER_GROUPS.name, pipeline.SWEEPER_GROUPS.help, labels=[RESULT.name])
        for word, number in result.counts.items():
            groups.add_metric([word], number)
        yield groups


def _family(metric: Metric, value: float) -> Family:
    return GaugeMetricFamily(metric.name, metric.help, value=value)

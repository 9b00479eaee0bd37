"""What Airflow's components, the exporter and the gateway say of themselves: smooth functions of the time.

Counters only grow and timers' sums go with their counts, so that a rate of them is a rate that could be.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.catalog.labels import CODE, HANDLER, INSTANCE, METHOD, PUSHGATEWAY, STATSD_EXPORTER, UpState
from dashgen.catalog.pipeline import GATEWAY_REQUESTS, HEAP_IN_USE, RESIDENT_MEMORY, SCRAPE_SAMPLES, UP
from dashgen.catalog.statsd import capacity, dag_processing, dags, exporter, internals, providers, scheduler
from dashgen.catalog.statsd.labels import (
    ACTION,
    BUNDLE_NAME,
    EVENT_TYPE,
    EXECUTOR,
    FILE_NAME,
    HOSTNAME,
    JOB_NAME,
    METRIC_NAME,
    OPERATOR_NAME,
    OUTCOME,
    REASON,
    STATUS,
    TRANSPORT_TYPE,
    TYPE,
    WORKER_NAME,
)
from dashgen.catalog.terms import MetricType
from dashgen.emit import target
from dashgen.emit.airflow_statsd import CELERY, EXPORTER
from dashgen.emit.target import Labels, series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.catalog.model import Catalog, Job, Metric

GATEWAY = "pushgateway:9091"
_DAY = 86400.0
# Counters began a while before the day that is shown.
_BEGAN_BEFORE = 30 * _DAY
_MEBIBYTE = 1024.0**2
_QUANTILES = ((0.5, 0.8), (0.9, 1.7), (0.99, 2.6))


@dataclass(frozen=True)
class Level:
    """A gauge around ``usual`` that swings by the part ``swing`` of it, and takes ``period`` seconds for that."""

    usual: float
    swing: float = 0.0
    period: float = 3 * 3600
    whole: bool = True

    def at(self, elapsed: float, phase: float) -> float:
        """Return the value so many seconds after the beginning."""
        turns = elapsed / self.period + phase
        wave = math.sin(2 * math.pi * turns) * 2 / 3 + math.sin(2 * math.pi * turns * 3.7) / 3
        value = self.usual * (1 + self.swing * wave)
        return float(round(value)) if self.whole else round(value, 3)


@dataclass(frozen=True)
class Rate:
    """A counter that grows by ``usual`` a second, more by day and less by night."""

    usual: float

    def at(self, elapsed: float, phase: float) -> float:
        """Return the value so many seconds after the beginning."""
        return float(math.floor(self.integral(elapsed, phase)))

    def integral(self, elapsed: float, phase: float) -> float:
        """Return what has gone by, in fractions too: it grows at any time, as the swing is less than the rest."""
        swing, period = 0.4, _DAY / 4
        wave = math.sin(2 * math.pi * (elapsed / period + phase)) * period / (2 * math.pi)
        return self.usual * (elapsed + swing * wave)


@dataclass(frozen=True)
class Timer:
    """A timer that takes about so many ``seconds``, ``rate`` times a second."""

    seconds: float
    rate: float


Shape = Level | Rate | Timer

_FILES = ("orders", "invoices", "customers", "stock", "campaigns")
_EACH_FILE: tuple[Labels, ...] = tuple(((FILE_NAME.name, each),) for each in _FILES)
_NEVER = Rate(0)
_STATUSES: tuple[Labels, ...] = (((STATUS.name, "200"),),)
_HOST: tuple[Labels, ...] = (((HOSTNAME.name, "triggerer-0"),),)
_JOBS: tuple[Labels, ...] = tuple(
    ((JOB_NAME.name, each),) for each in ("schedulerjobrunner", "triggererjobrunner", "dagprocessorjobrunner")
)
_EVENTS: tuple[Labels, ...] = tuple(((EVENT_TYPE.name, each),) for each in ("start", "complete"))
_PLAIN: tuple[Labels, ...] = ((),)

_WORKERS: tuple[Labels, ...] = tuple(((WORKER_NAME.name, each),) for each in ("edge-1", "edge-2"))
_ADOPTIONS = (
    providers.KUBERNETES_ADOPT_TASK_INSTANCES_DURATION,
    providers.BATCH_ADOPT_TASK_INSTANCES_DURATION,
    providers.ECS_ADOPT_TASK_INSTANCES_DURATION,
    providers.LAMBDA_ADOPT_TASK_INSTANCES_DURATION,
)

# A Celery deployment with a triggerer, a DAG processor of its own and OpenLineage. Nobody runs the other
# executors beside it; they are here so that every panel has something to draw.
_SHAPES: tuple[tuple[Metric, Shape, tuple[Labels, ...]], ...] = (
    (scheduler.SCHEDULER_HEARTBEAT, Rate(0.2), _PLAIN),
    (scheduler.SCHEDULER_LOOP_DURATION, Timer(0.12, 0.9), _PLAIN),
    (scheduler.SCHEDULER_EXECUTOR_HEARTBEAT_DURATION, Timer(0.015, 0.9), (((EXECUTOR.name, CELERY),),)),
    (scheduler.SCHEDULER_CRITICAL_SECTION_DURATION, Timer(0.02, 0.9), _PLAIN),
    (scheduler.SCHEDULER_CRITICAL_SECTION_QUERY_DURATION, Timer(0.006, 0.9), _PLAIN),
    (scheduler.SCHEDULER_CRITICAL_SECTION_BUSY, Rate(0.004), _PLAIN),
    (scheduler.SCHEDULER_TASKS_STARVING, Level(0), _PLAIN),
    (scheduler.SCHEDULER_TASKS_EXECUTABLE, Level(1, 1), _PLAIN),
    (scheduler.SCHEDULER_TASKS_KILLED_EXTERNALLY, Rate(1 / 40_000), _PLAIN),
    (scheduler.TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED, Rate(1 / 60_000), _PLAIN),
    (scheduler.SCHEDULER_ORPHANED_TASKS_CLEARED, _NEVER, _PLAIN),
    (scheduler.SCHEDULER_ORPHANED_TASKS_ADOPTED, _NEVER, _PLAIN),
    (scheduler.JOB_START, Rate(1 / 30_000), _JOBS),
    (scheduler.JOB_END, Rate(1 / 30_000), _JOBS),
    (scheduler.JOB_HEARTBEAT_FAILURE, _NEVER, _JOBS),
    (scheduler.LOCAL_TASK_JOB_PROLONGED_HEARTBEAT_FAILURE, _NEVER, _PLAIN),
    (scheduler.SCHEDULER_DAG_BAG_CACHE_HIT, Rate(1.4), _PLAIN),
    (scheduler.SCHEDULER_DAG_BAG_CACHE_MISS, Rate(0.03), _PLAIN),
    (scheduler.SCHEDULER_DAG_BAG_CACHE_CLEAR, _NEVER, _PLAIN),
    (scheduler.SCHEDULER_DAG_BAG_CACHE_SIZE, Level(10), _PLAIN),
    (dag_processing.DAG_PROCESSOR_HEARTBEAT, Rate(0.2), _PLAIN),
    (dag_processing.DAGBAG_SIZE, Level(10), _PLAIN),
    (dag_processing.DAG_PROCESSING_IMPORT_ERRORS, Level(0), _PLAIN),
    (dag_processing.DAG_PROCESSING_TOTAL_PARSE_TIME, Level(4.2, 0.3, whole=False), _PLAIN),
    (
        dag_processing.DAG_PROCESSING_LAST_DURATION,
        Timer(0.8, 1 / 30),
        tuple((*each, (BUNDLE_NAME.name, "dags-folder")) for each in _EACH_FILE),
    ),
    (dag_processing.DAG_PROCESSING_LAST_RUN_AGE, Level(16, 0.9, 610, whole=False), _EACH_FILE),
    (dag_processing.DAG_PROCESSING_FILE_PATH_QUEUE_SIZE, Level(2, 1), _PLAIN),
    (dag_processing.DAG_PROCESSING_FILE_PATH_QUEUE_UPDATE_COUNT, Rate(0.03), _PLAIN),
    (dag_processing.DAG_PROCESSING_PROCESSOR_TIMEOUTS, _NEVER, _PLAIN),
    (dag_processing.DAG_FILE_REFRESH_ERROR, _NEVER, _PLAIN),
    (dag_processing.DAG_PROCESSING_MANAGER_STALLS, _NEVER, _PLAIN),
    (dag_processing.DAG_PROCESSING_OTHER_CALLBACK_COUNT, Rate(0.002), _PLAIN),
    (dag_processing.DAG_PROCESSING_SLA_CALLBACK_COUNT, _NEVER, _PLAIN),
    (dag_processing.DAG_PROCESSING_CALLBACK_ONLY_COUNT, Rate(0.001), _PLAIN),
    (capacity.TRIGGERER_HEARTBEAT, Rate(0.2), _PLAIN),
    (capacity.TRIGGERS_RUNNING, Level(9, 0.6), _HOST),
    (capacity.TRIGGERER_CAPACITY_LEFT, Level(991), _HOST),
    (capacity.TRIGGERS_SUCCEEDED, Rate(0.01), _PLAIN),
    (capacity.TRIGGERS_FAILED, Rate(1 / 20_000), _PLAIN),
    (capacity.TRIGGERS_BLOCKED_MAIN_THREAD, Rate(1 / 15_000), _PLAIN),
    (dags.DAG_CALLBACK_EXCEPTIONS, _NEVER, _PLAIN),
    (dags.ASSET_UPDATES, Rate(0.004), _PLAIN),
    (dags.ASSET_TRIGGERED_DAGRUNS, Rate(0.002), _PLAIN),
    (dags.ASSET_ORPHANED, Level(0), _PLAIN),
    (dags.DEADLINE_ALERTS_DEADLINE_CREATED, Rate(0.002), _PLAIN),
    (dags.DEADLINE_ALERTS_DEADLINE_MISSED, Rate(1 / 20_000), _PLAIN),
    (dags.DEADLINE_ALERTS_DEADLINE_NOT_MISSED, Rate(0.0019), _PLAIN),
    (providers.CELERY_TASK_TIMEOUT_ERROR, _NEVER, _PLAIN),
    (providers.CELERY_EXECUTE_COMMAND_FAILURE, Rate(1 / 20_000), _PLAIN),
    (providers.KUBERNETES_POD_CREATION, Timer(0.11, 0.01), _PLAIN),
    (providers.KUBERNETES_POD_DELETION, Timer(0.07, 0.01), _PLAIN),
    (providers.KUBERNETES_POD_PATCHING, Timer(0.05, 0.01), _PLAIN),
    (providers.KUBERNETES_POD_CREATION_STATUS, Rate(0.01), _STATUSES),
    (providers.KUBERNETES_POD_DELETION_STATUS, Rate(0.01), _STATUSES),
    (providers.KUBERNETES_POD_PATCHING_STATUS, Rate(0.01), _STATUSES),
    *((metric, Timer(0.3, 0.002), _PLAIN) for metric in _ADOPTIONS),
    (providers.EDGE_EXECUTOR_SYNC_DURATION, Timer(0.02, 0.2), _PLAIN),
    (providers.EDGE_WORKER_STATUS, Level(logging.INFO), _WORKERS),
    (providers.EDGE_WORKER_CONNECTED, Level(1), _WORKERS),
    (providers.EDGE_WORKER_MAINTENANCE, Level(0), _WORKERS),
    (providers.EDGE_WORKER_JOBS_ACTIVE, Level(2, 0.9), _WORKERS),
    (providers.EDGE_WORKER_CONCURRENCY, Level(8), _WORKERS),
    (providers.EDGE_WORKER_FREE_CONCURRENCY, Level(6, 0.3), _WORKERS),
    (providers.EDGE_WORKER_NUM_QUEUES, Level(1), _WORKERS),
    (providers.EDGE_WORKER_HEARTBEAT_COUNT, Rate(0.2), _WORKERS),
    (providers.OL_EMIT_FAILED, Rate(1 / 15_000), _PLAIN),
    (providers.OL_EMIT_ATTEMPTS, Timer(0.09, 0.03), tuple((*each, (TRANSPORT_TYPE.name, "http")) for each in _EVENTS)),
    (
        providers.OL_EXTRACT,
        Timer(0.03, 0.03),
        tuple((*each, (OPERATOR_NAME.name, "SQLExecuteQueryOperator")) for each in _EVENTS),
    ),
    (
        providers.OL_EVENT_SIZE,
        Level(9_000, 0.4),
        tuple((*each, (OPERATOR_NAME.name, "SQLExecuteQueryOperator")) for each in _EVENTS),
    ),
    (internals.API_SERVER_DAG_BAG_CACHE_HIT, Rate(0.5), _PLAIN),
    (internals.API_SERVER_DAG_BAG_CACHE_MISS, Rate(0.02), _PLAIN),
    (internals.API_SERVER_DAG_BAG_CACHE_CLEAR, _NEVER, _PLAIN),
    (internals.API_SERVER_DAG_BAG_CACHE_SIZE, Level(10), _PLAIN),
    (internals.CONNECTION_TEST_SUCCESS, Rate(0.0004), _PLAIN),
    (internals.CONNECTION_TEST_FAILED, Rate(0.0001), _PLAIN),
    (internals.CONNECTION_TEST_ACTIVE, Level(0), _PLAIN),
    (internals.CONNECTION_TEST_PENDING, Level(0), _PLAIN),
    (internals.CONNECTION_TEST_DISPATCH_DURATION, Timer(0.4, 0.0005), _PLAIN),
    (internals.CONNECTION_TEST_HOOK_DURATION, Timer(0.9, 0.0005), _PLAIN),
    (exporter.STATSD_LINES, Rate(22), _PLAIN),
    (exporter.STATSD_SAMPLES, Rate(22), _PLAIN),
    (exporter.STATSD_SAMPLE_ERRORS, _NEVER, (((REASON.name, "malformed_line"),),)),
    (exporter.STATSD_TAG_ERRORS, _NEVER, _PLAIN),
    (exporter.STATSD_EVENTS_ERROR, _NEVER, (((REASON.name, "illegal_negative_counter"),),)),
    (
        exporter.STATSD_EVENTS_CONFLICT,
        _NEVER,
        (((TYPE.name, "counter"), (METRIC_NAME.name, "none")),),
    ),
    (
        exporter.STATSD_EVENTS,
        Rate(7),
        tuple(((TYPE.name, each),) for each in ("counter", "gauge", "observer")),
    ),
    (exporter.STATSD_EVENTS_ACTIONS, Rate(20), (((ACTION.name, "map"),),)),
    (exporter.STATSD_EVENTS_ACTIONS, Rate(0.4), (((ACTION.name, "drop"),),)),
    (exporter.STATSD_EVENTS_UNMAPPED, Rate(0.01), _PLAIN),
    (exporter.STATSD_UDP_PACKETS, Rate(22), _PLAIN),
    (exporter.STATSD_UDP_PACKET_DROPS, _NEVER, _PLAIN),
    (exporter.STATSD_CONFIG_RELOADS, Rate(1 / 40_000), (((OUTCOME.name, "success"),),)),
    (exporter.STATSD_CONFIG_RELOADS, _NEVER, (((OUTCOME.name, "failure"),),)),
    (exporter.STATSD_LOADED_MAPPINGS, Level(190), _PLAIN),
    (
        exporter.STATSD_METRICS,
        Level(60),
        tuple(((TYPE.name, each),) for each in ("counter", "gauge", "summary")),
    ),
)
_ACCEPTED: Labels = ((HANDLER.name, "push"), (METHOD.name, "post"), (CODE.name, "202"))
_OF_GATEWAY: tuple[tuple[Metric, Shape, tuple[Labels, ...]], ...] = (
    (GATEWAY_REQUESTS, Rate(0.12), (_ACCEPTED,)),
    (RESIDENT_MEMORY, Level(46 * _MEBIBYTE, 0.06, 2 * 3600), _PLAIN),
    (HEAP_IN_USE, Level(21 * _MEBIBYTE, 0.18, 1800), _PLAIN),
)
_OF_EXPORTER: tuple[tuple[Metric, Shape, tuple[Labels, ...]], ...] = (
    (RESIDENT_MEMORY, Level(31 * _MEBIBYTE, 0.04, 2 * 3600), _PLAIN),
    (HEAP_IN_USE, Level(12 * _MEBIBYTE, 0.15, 1800), _PLAIN),
)


def gateway(now: float, since: float) -> Iterator[tuple[str, float]]:
    """Yield the series of a Pushgateway at a time; counters began long before ``since`` (unix seconds)."""
    yield from _values(PUSHGATEWAY, GATEWAY, _OF_GATEWAY, now - since + _BEGAN_BEFORE)


def airflow(catalog: Catalog, buckets: Iterable[float], now: float, since: float) -> Iterator[tuple[str, float]]:
    """Yield what an exporter tells of Airflow's components and itself; timers are what the catalog says."""
    shapes = [(catalog.by_name[metric.name], shape, labels) for metric, shape, labels in (*_SHAPES, *_OF_EXPORTER)]
    yield from _values(STATSD_EXPORTER, EXPORTER, shapes, now - since + _BEGAN_BEFORE, tuple(buckets))


def scrape(job: str, instance: str, samples: int) -> Iterator[tuple[str, float]]:
    """Yield what Prometheus itself says of a scrape that went well."""
    for metric, value in ((UP, UpState.UP), (SCRAPE_SAMPLES, samples)):
        (found,) = (each for each in metric.jobs if each.name == job)
        yield series(metric, found, ((INSTANCE.name, instance),)), value


def _values(
    job: Job,
    instance: str,
    shapes: Iterable[tuple[Metric, Shape, tuple[Labels, ...]]],
    elapsed: float,
    buckets: tuple[float, ...] = (),
) -> Iterator[tuple[str, float]]:
    for number, (metric, shape, kinds) in enumerate(shapes):
        for each, labels in enumerate(kinds):
            # Series that swing together look drawn with a ruler.
            phase = (number * 0.618 + each * 0.37) % 1
            of = ((INSTANCE.name, instance), *labels)
            if isinstance(shape, Timer):
                timer = target.Timer(metric, job, of, buckets)
                yield from _timed(timer, shape, elapsed, phase)
            else:
                yield series(metric, job, of), shape.at(elapsed, phase)


def _timed(timer: target.Timer, shape: Timer, elapsed: float, phase: float) -> Iterator[tuple[str, float]]:
    metric, job, labels = timer.metric, timer.job, timer.labels
    count = Rate(shape.rate).integral(elapsed, phase)
    if metric.type is MetricType.HISTOGRAM:
        for bound in (*timer.buckets, math.inf):
            le = ("le", "+Inf" if bound == math.inf else f"{bound:g}")
            # As if the seconds were exponentially distributed.
            below = -math.expm1(-bound / shape.seconds)
            yield series(f"{metric}_bucket", job, (*labels, le)), math.floor(count * below)
    else:
        usual = Level(shape.seconds, 0.25, whole=False).at(elapsed, phase)
        for quantile, factor in _QUANTILES:
            yield series(metric, job, (*labels, ("quantile", f"{quantile:g}"))), usual * factor
    yield series(f"{metric}_sum", job, labels), count * shape.seconds
    yield series(f"{metric}_count", job, labels), float(math.floor(count))

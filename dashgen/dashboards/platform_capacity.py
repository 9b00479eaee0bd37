"""Panels on room to run: pools, executors and triggerers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.statsd.capacity import (
    EXECUTOR_OPEN_SLOTS,
    EXECUTOR_QUEUED_TASKS,
    EXECUTOR_RUNNING_TASKS,
    POOL_DEFERRED_SLOTS,
    POOL_OPEN_SLOTS,
    POOL_QUEUED_SLOTS,
    POOL_RUNNING_SLOTS,
    POOL_SCHEDULED_SLOTS,
    POOL_STARVING_TASKS,
    TRIGGERER_CAPACITY_LEFT,
    TRIGGERS_BLOCKED_MAIN_THREAD,
    TRIGGERS_FAILED,
    TRIGGERS_RUNNING,
    TRIGGERS_SUCCEEDED,
)
from dashgen.catalog.statsd.labels import EXECUTOR_CLASS_NAME, HOSTNAME, NAME, POOL_NAME
from dashgen.catalog.statsd.scheduler import SCHEDULER_TASKS_STARVING
from dashgen.dashboards.panels import Column, table, timeseries
from dashgen.dashboards.platform_scope import HERE, IN_EACH, NOT_YET, OF_EXPORTER, RANGE_END, happened, highest
from dashgen.dashboards.queries import by, on, ranged, steps
from dashgen.dashboards.variables import chosen

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label, Matcher
    from dashgen.dashboards.model import Panel

POOL_ROWS = 50
POOL_LINES = 20
TRIGGERER_LINES = 20

WAITED_FOR = "Slots that scheduled tasks wait for in pools without an open slot, or with fewer than a task asks for"

_POOL = (INSTANCE, POOL_NAME)
# A pool without a limit has infinitely many open slots.
# Source: https://github.com/apache/airflow/blob/3.3.2/airflow-core/src/airflow/models/pool.py
_LIMITED = " < +Inf"
_IN_POOLS = (*OF_EXPORTER, POOL_NAME % chosen(POOL_NAME))
_SLOTS = (
    ("open", POOL_OPEN_SLOTS),
    ("running", POOL_RUNNING_SLOTS),
    ("queued", POOL_QUEUED_SLOTS),
    ("deferred", POOL_DEFERRED_SLOTS),
    ("scheduled", POOL_SCHEDULED_SLOTS),
)
# Airflow 3 names the executor in its own label, 2.11 in a tag, and with one executor neither.
_EXECUTOR = (INSTANCE, EXECUTOR_CLASS_NAME, NAME)
_EXECUTOR_LEGEND = f"{EXECUTOR_CLASS_NAME.legend}{NAME.legend} {HERE}"
_HOST = (INSTANCE, HOSTNAME)


def waited_for(*matchers: Matcher, window: str = "") -> str:
    """Write the slots that tasks wait for in each pool that is too small, and 0 for every other pool.

    Airflow does not look at a pool without an open slot, so that who waits there is in no number but the
    scheduled slots. A pool that it does not look at keeps its last number of starving tasks, which counts
    only while the scheduler's own, sent in each turn, is above 0. With ``window`` it is the worst of it.
    """

    def over(metric: Metric, labels: tuple[Label, ...], of: tuple[Matcher, ...], function: str = "max") -> str:
        selector = metric.select(*of)
        return f"{function} {by(*labels)} ({f'{function}_over_time({selector}{window})' if window else selector})"

    scheduled = over(POOL_SCHEDULED_SLOTS, _POOL, matchers)
    full = f"{over(POOL_OPEN_SLOTS, _POOL, matchers, 'min')} <= 0"
    starving = f"{over(POOL_STARVING_TASKS, _POOL, matchers)} > 0"
    lately = f"{over(SCHEDULER_TASKS_STARVING, (INSTANCE,), OF_EXPORTER)} > 0"
    return f"{scheduled} and {on(*_POOL)} ({full} or {starving} and {on(INSTANCE)} {lately}) or 0 * {scheduled}"


def pools() -> tuple[Panel, ...]:
    """Show how the slots of the pools are used, and which pools are too small."""
    waiting = highest(waited_for(*_IN_POOLS), waited_for(*_IN_POOLS, window=RANGE_END), *_POOL, rows=POOL_LINES)
    return (
        timeseries(
            "Slots of the chosen pools",
            key="pool-slots",
            metric=POOL_OPEN_SLOTS,
            what="Slots of all chosen pools together, by what holds them. What is scheduled holds no slot yet, but "
            "will need one. The open slots of a pool without a limit are left out.",
            targets=[
                ranged(f"sum({metric.select(*_IN_POOLS)}{_LIMITED if metric is POOL_OPEN_SLOTS else ''})", word)
                for word, metric in _SLOTS
            ],
            size=(12, 8),
        ),
        timeseries(
            f"Slots waited for, by pool (top {POOL_LINES})",
            key="pool-starving",
            metric=POOL_SCHEDULED_SLOTS,
            what=f"{WAITED_FOR}, for the {POOL_LINES} pools with most in the time range; 0 where a pool is large "
            "enough.",
            targets=[ranged(waiting, f"{POOL_NAME.legend} {HERE}")],
            thresholds=steps("green", (1, "red")),
            size=(12, 8),
        ),
        _pool_table(),
    )


def _pool_table() -> Panel:
    # The fullest first: those that tasks wait for, and then those with the fewest open slots.
    waiting = waited_for(*_IN_POOLS)
    need = f"1e6 * ({waiting}) - {on(*_POOL)} {_pool(POOL_OPEN_SLOTS)}"
    shown = f"topk({POOL_ROWS}, {need})"

    def of_shown(expr: str) -> str:
        return f"max {by(*_POOL)} (({expr}) and {on(*_POOL)} {shown})"

    return table(
        f"Pools (fullest {POOL_ROWS})",
        key="pools",
        metric=POOL_OPEN_SLOTS,
        what=f"Slots of each pool now, the {POOL_ROWS} fullest: those that tasks wait for first, then the fewest "
        "open slots.",
        rows=_POOL,
        columns=(
            Column("Waited for", of_shown(waiting), thresholds=steps("text", (1, "red"))),
            *(Column(word.capitalize(), of_shown(_pool(metric))) for word, metric in _SLOTS),
        ),
        sort="Waited for",
        size=(24, 8),
    )


def _pool(metric: Metric) -> str:
    return f"max {by(*_POOL)} ({metric.select(*_IN_POOLS)})"


def executors() -> tuple[Panel, ...]:
    """Show what the executors and the triggerers hold, and how much more they can take."""
    slots = (("open", EXECUTOR_OPEN_SLOTS), ("queued", EXECUTOR_QUEUED_TASKS), ("running", EXECUTOR_RUNNING_TASKS))
    return (
        timeseries(
            "Executor's slots",
            key="executor-slots",
            metric=EXECUTOR_OPEN_SLOTS,
            what="Open slots of each executor, and the task instances that wait for a worker or run.",
            targets=[
                ranged(f"max {by(*_EXECUTOR)} ({metric.select(*OF_EXPORTER)})", f"{word} {_EXECUTOR_LEGEND}")
                for word, metric in slots
            ],
            size=(8, 8),
        ),
        timeseries(
            f"Triggers (top {TRIGGERER_LINES} hosts)",
            key="triggerer",
            metric=TRIGGERS_RUNNING,
            what=f"Triggers that run, and in Airflow 3 how many more fit, by triggerer: the {TRIGGERER_LINES} hosts "
            "with most. A host that is gone keeps its last value for an hour.",
            targets=[
                ranged(_by_host(TRIGGERS_RUNNING), f"running {HOSTNAME.legend} {HERE}"),
                ranged(_by_host(TRIGGERER_CAPACITY_LEFT), f"capacity left {HOSTNAME.legend} {HERE}"),
            ],
            size=(8, 8),
        ),
        timeseries(
            "Triggers that ended",
            key="triggers",
            metric=TRIGGERS_FAILED,
            what="Triggers that fired, that failed, and that blocked the triggerer's thread, which holds up all "
            f"others. {IN_EACH}",
            targets=[
                ranged(happened(TRIGGERS_SUCCEEDED), f"fired {HERE}"),
                ranged(happened(TRIGGERS_FAILED), f"failed {HERE}"),
                ranged(happened(TRIGGERS_BLOCKED_MAIN_THREAD), f"blocked the thread {HERE}"),
            ],
            size=(8, 8),
            may_be_empty=NOT_YET,
        ),
    )


def _by_host(metric: Metric) -> str:
    selector = metric.select(*OF_EXPORTER)
    most = f"max {by(*_HOST)} (max_over_time({selector}{RANGE_END}))"
    return highest(f"max {by(*_HOST)} ({selector})", most, *_HOST, rows=TRIGGERER_LINES)

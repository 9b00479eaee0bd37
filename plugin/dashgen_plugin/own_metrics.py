"""A user's own Gauges, reported from inside a task: ``report(rows_loaded=1234)``.

``AIRFLOW_VAR_DASHGEN_CATALOG`` names the user's catalog, ``module:object``: a ``Catalog`` or
several ``Metric``. The values go into the group of the task that runs in this process: the
listener tells which. A process that the task starts itself, by fork or otherwise, has none.

Whatever is wrong is one WARNING line, once per process, and never a failed task.
"""

from __future__ import annotations

import logging
import math
import os
from numbers import Number

TYPE_CHECKING = False  # typing's own costs the import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from dashgen.catalog import Catalog, Metric
    from dashgen_plugin.environment import Environment
    from dashgen_plugin.facts import TaskFacts

_log = logging.getLogger(__name__)

_MOST_LINES = 100


def report(*unnamed: NoReturn, **values: float) -> None:
    """Push Gauges that the user's catalog declares, in the group of the current task.

    Each goes to those of its jobs whose generation is on; nothing happens where the plugin is
    switched off. Values are finite numbers, numpy's included. Returns at once and never raises;
    what can't be pushed is logged.
    """
    process = _process()
    try:
        if unnamed:
            process.say("a value without a name", "values were not pushed: write report(name=value)")
        if values:
            _push(process, values)
    except Exception as error:  # noqa: BLE001  (whatever it is, the task goes on)
        process.say(type(error), f"{', '.join(values)} not pushed: {_told(error)}")


def enter(facts: TaskFacts) -> None:
    """Take what follows in this process as reported by this task."""
    _process().task = facts


def entered() -> bool:
    """Whether a task that :func:`enter` told of runs in this process."""
    return _process().task is not None


def leave() -> None:
    """End what :func:`enter` began; no matter if it did not."""
    _process().task = None


class _Process:
    """What one process knows: its task, the catalog, and what was said."""

    def __init__(self) -> None:
        self.task: TaskFacts | None = None
        self._catalog: tuple[str, Catalog | None] = ("", None)
        self._said: set[object] = set()

    def say(self, topic: object, line: str) -> None:
        """Log a line, once per topic; a task that makes up names without end is cut short."""
        if topic not in self._said and len(self._said) < _MOST_LINES:
            self._said.add(topic)
            _log.warning("%s", line)

    def catalog(self, name: str) -> Catalog | None:
        """Return the catalog of that name, None where there is none to use; loaded once."""
        if self._catalog[0] != name:
            self._catalog = (name, self._loaded(name))
        return self._catalog[1]

    def _loaded(self, name: str) -> Catalog | None:
        try:
            return load(name)
        except (Exception, SystemExit) as error:  # noqa: BLE001  (the user's module runs here)
            self.say(("catalog", name), f"no own metrics are pushed: catalog {name!r} can't be used: {_told(error)}")
        return None


_PROCESSES: dict[int, _Process] = {}


def _process() -> _Process:
    """Return what this process knows; a fork starts anew."""
    return _PROCESSES.setdefault(os.getpid(), _Process())


def _push(process: _Process, values: dict[str, float]) -> None:
    # Not at the top: a DAG file that imports report must not pay for what its tasks will need.
    from dashgen_plugin import environment  # noqa: PLC0415

    settings = environment.read()
    if not settings.pushes:
        return
    if process.task is None:
        process.say("no task", f"{', '.join(values)} not pushed: no task that the listener saw runs in this process")
        return
    if not settings.catalog:
        process.say("no catalog", f"{', '.join(values)} not pushed: {environment.CATALOG} names no catalog")
        return
    catalog = process.catalog(settings.catalog)
    if catalog is None:
        return
    known = _known(process, catalog, values)
    if known:
        _deliver(process, process.task, settings, known)


def _known(process: _Process, catalog: Catalog, values: dict[str, float]) -> dict[Metric, float]:
    """Return what can be pushed; tell of the rest."""
    from dashgen.catalog.own import why_not_reported  # noqa: PLC0415  (as in _push)

    found: dict[Metric, float] = {}
    for name, value in values.items():
        metric, number = catalog.by_name.get(name), _number(value)
        if metric is None:
            near = catalog.closest(name)
            hint = f": did you mean {near}?" if near else ""
            process.say(name, f"{name} not pushed: the catalog has no such metric{hint}")
        elif reason := why_not_reported(metric):
            process.say(name, f"{name} not pushed: it {reason}")
        elif number is None:
            given = value if isinstance(value, float) else f"a value of type {type(value).__name__}"
            process.say((name, "value"), f"{name} not pushed: {given} is no finite number")
        else:
            found[metric] = number
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Number):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # complex has none, which is a TypeError
    except (ArithmeticError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def load(name: str) -> Catalog:
    """Return the catalog that ``module:object`` names.

    Raises:
        Exception: what the module raises, or that the object is not what it must be.

    """
    import importlib  # noqa: PLC0415  (as in _push)

    from dashgen.catalog import Catalog, Metric, airflow, pipeline  # noqa: PLC0415
    from dashgen.catalog.validate import validate  # noqa: PLC0415

    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise ValueError("write module:object")
    found: Iterable[object] = getattr(importlib.import_module(module), attribute)
    own: tuple[Metric, ...] = ()
    for each in found:
        if not isinstance(each, Metric):
            raise TypeError(f"it holds a {type(each).__name__}, not only metrics")
        own += (each,)
    # They share a group with the task's state, which one bad name would keep from arriving.
    problems = validate(Catalog(tuple(dict.fromkeys((*airflow.METRICS, *pipeline.METRICS, *own)))))
    if problems:
        places = {metric.place for metric in own}
        problem = next((each for each in problems if each.place in places), problems[0])
        raise ValueError(f"{problem.place}: {problem.message}")
    return Catalog(own)


def _deliver(process: _Process, task: TaskFacts, settings: Environment, values: dict[Metric, float]) -> None:
    from dashgen.catalog.labels import TASK_JOBS  # noqa: PLC0415  (as in _push)
    from dashgen_plugin import delivery, events  # noqa: PLC0415

    pushes = []
    for job in TASK_JOBS:
        chosen = {metric: value for metric, value in values.items() if job in metric.jobs}
        if not chosen or job.generation not in settings.generations:
            continue
        labels = events.group(job, task, settings.instance)
        if labels is None:
            process.say(job, f"{', '.join(map(str, chosen))} not pushed to {job.name}: the task's labels are not known")
        else:
            pushes.append(events.Push(job, labels, chosen))
    if pushes:
        delivery.put(lambda: pushes, settings.target)


def _told(error: BaseException) -> str:
    """Describe an error on one line, also one that can't be printed."""
    try:
        reason = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  (the user's class)
        reason = ""
    return f"{type(error).__name__}: {reason}"

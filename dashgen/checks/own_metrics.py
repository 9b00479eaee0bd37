"""A task that reports what the catalog does not let it report.

A task reports its own Gauges by ``dashgen_plugin.report``. A name that the catalog does not
have, or that is not a Gauge of your own in a task's group, is not pushed when the task runs: a
line in its log is all that tells, and the panel stays empty. What ``report(**values)`` holds is
known only then, and is not looked at.

Bad::

    report(rows_loadet=1234)

Good::

    report(rows_loaded=1234)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.own import why_not_reported
from dashgen.catalog.terms import closest
from dashgen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.catalog.model import Catalog
    from dashgen.dag_files import DagFile

NAME = "own-metrics"

_DEFINE = "Define it as a Gauge of your own, or mend its name."


def check(files: Iterable[DagFile], catalog: Catalog) -> Iterator[Problem]:
    """Hold the arguments of every call against the catalog."""
    renamed = {metric.renamed_from: metric.name for metric in catalog if metric.renamed_from}
    reportable = [metric.name for metric in catalog if not why_not_reported(metric)]
    for argument in (argument for file in files for argument in file.reported):
        if not argument.name:
            hint = "Write report(name=value)."
            yield Problem(argument.place, NAME, "a value is reported without the name of its metric", hint)
        elif (metric := catalog.by_name.get(argument.name)) is None:
            new, near = renamed.get(argument.name), closest(argument.name, reportable)
            hint = f"It is now {new}." if new else f"Did you mean {near}?" if near else _DEFINE
            yield Problem(argument.place, NAME, f"metric {argument.name} is not in the catalog", hint)
        elif reason := why_not_reported(metric):
            yield Problem(argument.place, NAME, f"metric {metric} {reason}", "Report a Gauge of your own.")

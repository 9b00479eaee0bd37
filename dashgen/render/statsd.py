"""statsd_exporter's mapping, and the environment that makes Airflow send to it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dashgen.catalog.statsd.labels import DISABLED_TAGS
from dashgen.catalog.statsd.sent import V3, StatsdType
from dashgen.problems import Problem
from dashgen.statsd_rules import Rule, candidates, rules, tagged
from dashgen.templating import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.definitions import Project
    from dashgen.settings import StatsdSettings

FOLDER = "statsd"
MAPPING = "statsd_mapping.yml"

# The port on which statsd_exporter listens unless told otherwise.
PORT = 9125
# What it asks of the system for lines that it has not read yet, in bytes: without, a burst is lost.
READ_BUFFER = 4 * 1024**2
_DROPPED = "dropped"
_TYPES = {StatsdType.COUNTER: "counter", StatsdType.GAUGE: "gauge", StatsdType.TIMER: "observer"}
# What Airflow has not sent for so long, it will not send again: a gauge of a pool or a triggerer that is
# no more, and what counts the runs of a DAG that is no more. A weekly DAG's counts stay.
_GAUGE_TTL = "1h"
_TTL = "192h"
# A summary takes 12 KiB for each part of its window, whatever it observes, and more for its buffer: 25 KiB so,
# and 63 KiB with the defaults of 5 and 500. A value is seen for half the window at least.
_WINDOW = {"max_age": "10m", "age_buckets": 2, "buf_cap": 32}


def files(project: Project) -> dict[str, str]:
    """Render the mapping and the environment; nothing when StatsD is off."""
    settings = project.settings
    if not settings.statsd.enabled:
        return {}
    return {
        f"{FOLDER}/{MAPPING}": render(
            "statsd/statsd_mapping.yml.j2",
            prefix=settings.statsd.prefix,
            tagged=tagged(settings.statsd.prefix),
            defaults=_defaults(settings.statsd),
            rules=[_entry(rule) for rule in rules(project.catalog, settings)],
            dropped=_DROPPED,
        ),
        f"{FOLDER}/airflow.env": render(
            "statsd/airflow.env.j2",
            host=settings.statsd.targets[0].rpartition(":")[0].strip("[]"),
            port=PORT,
            prefix=settings.statsd.prefix,
            tagged=tagged(settings.statsd.prefix),
            version_3=settings.airflow_version == V3,
            disabled_tags=",".join(DISABLED_TAGS),
        ),
    }


def _defaults(settings: StatsdSettings) -> dict[str, Any]:
    common = {"glob_disable_ordering": True, "ttl": _TTL, "observer_type": settings.timers}
    if settings.timers == "histogram":
        # A factor of 1: classic buckets only.
        return {**common, "histogram_options": {"buckets": settings.buckets, "native_histogram_bucket_factor": 1}}
    quantiles = [{"quantile": 0.5, "error": 0.05}, {"quantile": 0.9, "error": 0.01}, {"quantile": 0.99, "error": 0.001}]
    return {**common, "summary_options": {"quantiles": quantiles, **_WINDOW}}


def _entry(rule: Rule) -> dict[str, Any]:
    """Write one rule in the exporter's words; what it would take anyway is left out."""
    entry: dict[str, Any] = {"match": rule.match}
    if rule.regex:
        entry["match_type"] = "regex"
    entry["match_metric_type"] = _TYPES[rule.type]
    if rule.metric is None:
        return {**entry, "name": _DROPPED, "action": "drop"}
    entry["name"] = rule.metric.name
    if rule.labels:
        entry["labels"] = dict(rule.labels)
    if rule.honor_labels:
        entry["honor_labels"] = True
    if rule.scale != 1:
        entry["scale"] = rule.scale
    if rule.type is StatsdType.GAUGE:
        entry["ttl"] = _GAUGE_TTL
    return entry


def problems(project: Project) -> Iterator[Problem]:
    """Find names that two metrics claim: which one a line would become, nobody could tell."""
    if not project.settings.statsd.enabled:
        return
    groups: dict[tuple[object, ...], dict[Rule, None]] = defaultdict(dict)
    for rule in candidates(project.catalog, project.settings):
        if rule.metric:
            shape = rule.match if rule.regex else len(rule.components)
            groups[rule.regex, rule.type, shape][rule] = None
    for group in groups.values():
        members = list(group)
        for index, rule in enumerate(members):
            for other in members[:index]:
                if rule.metric and other.metric and rule.metric != other.metric and _overlap(rule, other):
                    message = f"{rule.metric.name}: StatsD lines {rule.match} are {other.metric.name}'s too"
                    yield Problem(rule.metric.place, "statsd-mapping", message, "Each line belongs to one metric.")


def _overlap(rule: Rule, other: Rule) -> bool:
    if rule.regex:
        return rule.match == other.match
    pairs = zip(rule.components, other.components, strict=True)
    return all(mine == theirs or "*" in {mine, theirs} for mine, theirs in pairs)

"""Why one selector returns nothing: the metric, a label, a value, or the time."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from dashgen.catalog.statsd.exporter import STATSD_EVENTS_UNMAPPED
from dashgen.catalog.terms import JOB_LABEL, Matcher, MetricType, Source, closest
from dashgen.checks.context import alternatives
from dashgen.promql import NAME_LABEL, Selector
from dashgen.render.statsd import FOLDER, MAPPING
from dashgen.verify.facts import LOOKBACK_DAYS
from dashgen.verify.outcome import Cause, Reason
from dashgen_plugin.environment import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen.catalog.model import Catalog
    from dashgen.verify.facts import Facts

# Prometheus puts this before a label of the target's when the scrape's own has its name.
EXPORTED = "exported_"
_MOST_VALUES = 5
_MAPPING = f"out/{FOLDER}/{MAPPING}"
_OVER_STATSD = frozenset({Source.STATSD, Source.STATSD_EXPORTER})
_POSITIVE = frozenset({"=", "=~"})


def why_nothing(selector: Selector, facts: Facts, catalog: Catalog) -> Reason | None:
    """Say why a selector selects nothing now; None where it does select something."""
    if facts.count(str(selector)):
        return None
    if selector.name and selector.name not in facts.names():
        return _never_seen(selector.name, facts, catalog)
    seen = facts.last_seen(str(selector))
    if seen is not None:
        return Reason(Cause.SEEN_UNTIL, f"{selector} was seen until {_time(seen)}, and is no more")
    if selector.name and not facts.count(selector.name):
        until = facts.last_seen(selector.name)
        when = f"until {_time(until)}" if until is not None else f"within {LOOKBACK_DAYS} days"
        return Reason(Cause.SEEN_UNTIL, f"metric {selector.name} was seen {when}, and is no more")
    return _matchers(selector, facts, catalog)


def _never_seen(name: str, facts: Facts, catalog: Catalog) -> Reason:
    message = f"metric {name} has never been seen here"
    metric = catalog.metric(name)
    near = closest(name, facts.names())
    if metric is not None and metric.renamed_from in facts.names():
        hint = (
            f"It was renamed from {metric.renamed_from}, which is here: whoever emits it is older than the definition."
        )
    elif metric is not None:
        like = f" {near} is here: was it renamed?" if near else ""
        hint = f"It comes from {metric.source.value}; dashgen explain {name} says more.{like}"
    else:
        hint = f"Did you mean {near}?" if near else ""
    if metric is not None and metric.source is Source.STATSD and facts.count(f"{STATSD_EVENTS_UNMAPPED} > 0"):
        hint = f"statsd_exporter lets names through that no rule maps: run it with --statsd.mapping-config={_MAPPING}."
        return Reason(Cause.NEVER_SEEN, message, hint, drift=True)
    # What counts events comes with the first of them.
    counts = metric is not None and metric.source in _OVER_STATSD and metric.type is not MetricType.GAUGE
    return Reason(Cause.NEVER_SEEN, message, hint, drift=not counts)


def _matchers(selector: Selector, facts: Facts, catalog: Catalog) -> Reason:
    """Find the matcher that leaves nothing: by itself, or together with those before it."""
    name = selector.name
    for matcher in selector.matchers:
        if matcher.label != NAME_LABEL and not facts.count(str(Selector(name, _selecting(name, matcher)))):
            return _matcher(selector, matcher, facts, catalog)
    kept: list[Matcher] = []
    for matcher in selector.matchers:
        if not facts.count(str(Selector(name, (*kept, matcher)))):
            break
        kept.append(matcher)
    together = Selector("", (*kept, matcher))
    message = f"no series of {name or 'any metric'} has all of {together} at once"
    return Reason(Cause.NO_VALUE, message, _combination(name, kept, matcher, facts))


def optional(label: str, name: str, catalog: Catalog) -> bool:
    """Whether the series of a metric may lack a label by the catalog: not all have it, or tagged lines alone."""
    known, metric = catalog.labels.get(label), catalog.metric(name)
    return known is not None and (known.optional or (metric is not None and known in metric.tags))


def _selecting(name: str, matcher: Matcher) -> tuple[Matcher, ...]:
    """Return what Prometheus takes for a selector: without a name, one that does not match the empty text."""
    return (matcher,) if name or matcher.op in _POSITIVE else (present(matcher.label), matcher)


def present(label: str) -> Matcher:
    """Match the series that have a label."""
    return Matcher(label, "!=", "")


def _combination(name: str, kept: list[Matcher], matcher: Matcher, facts: Facts) -> str:
    there = facts.values(matcher.label, str(Selector(name, tuple(kept))))
    return f"With {Selector('', tuple(kept))}, {matcher.label} is {_listed(there)}." if there and kept else ""


def _matcher(selector: Selector, matcher: Matcher, facts: Facts, catalog: Catalog) -> Reason:
    """Say why no series matches one matcher."""
    name, label = selector.name, matcher.label
    shown = name or "any metric"
    exported = EXPORTED + label
    renamed = Selector(name, (Matcher(exported, matcher.op, matcher.value),))
    if matcher.op in _POSITIVE and facts.count(str(renamed)):
        return Reason(
            Cause.EXPORTED_LABEL,
            f"{shown} has {exported}, not {label}: Prometheus scrapes it without honor_labels",
            f"Set honor_labels: true for {_scrape_of(renamed, facts)}.",
            drift=True,
        )
    if not facts.count(str(Selector(name, (present(label),)))):
        hint = f"It has {_listed(sorted(facts.labels(name) - {NAME_LABEL}))}." if name else ""
        message = f"no series of {shown} has the label {label}"
        return Reason(Cause.LABEL_MISSING, message, hint, drift=not optional(label, name, catalog))
    there = facts.values(label, name)
    hint = _off(matcher, catalog) or f"There {label} is {_listed(there, alternatives(matcher))}."
    message = f"no series of {shown} has {matcher}"
    return Reason(Cause.NO_VALUE, message, hint, drift=label == JOB_LABEL)


def _off(matcher: Matcher, catalog: Catalog) -> str:
    """Say that a generation may be switched off, where only its jobs are asked for."""
    if matcher.label != JOB_LABEL:
        return ""
    jobs = [catalog.jobs.get(name) for name in alternatives(matcher)]
    generations = {job.generation if job else None for job in jobs}
    switch = next((name for name, each in SWITCHES.items() if generations == {each}), "")
    return f"Nothing of that generation arrives: is {switch} on where Airflow runs?" if switch else ""


def _scrape_of(selector: Selector, facts: Facts) -> str:
    jobs = facts.values(JOB_LABEL, str(selector))
    return f"the scrape job {_listed(jobs)}" if jobs else "its scrape job"


def _listed(values: Iterable[str], wanted: Iterable[str] = ()) -> str:
    """List some values, those that are nearest to what was wanted first."""
    found = list(values)
    near = [each for each in (closest(value, found) for value in wanted) if each]
    ordered = list(dict.fromkeys((*near, *found)))
    more = f" and {len(ordered) - _MOST_VALUES} more" if len(ordered) > _MOST_VALUES else ""
    return ", ".join(each or '""' for each in ordered[:_MOST_VALUES]) + more


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")

"""What is wrong with what Prometheus has of the catalog's jobs: asked by counts, never series by series."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dashgen.catalog.labels import PUSHGATEWAY, UpState
from dashgen.catalog.model import LAB
from dashgen.catalog.pipeline import ALERTS, UP
from dashgen.catalog.terms import JOB_LABEL, Matcher, Source
from dashgen.livecheck import judge
from dashgen.livecheck.finding import error, info
from dashgen.livecheck.prometheus import AnswerError
from dashgen.report import counted
from dashgen.rules.model import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dashgen.catalog.model import Catalog, Job, Metric
    from dashgen.definitions import Project
    from dashgen.livecheck.finding import Finding
    from dashgen.livecheck.prometheus import Prometheus
    from dashgen.livecheck.seen import Seen

HONOR_LABELS = "honor-labels"
NOT_SCRAPED = "not-scraped"
RULES_NOT_LOADED = "rules-not-loaded"
RULE_FAILS = "rule-fails"
ADDED_LABEL = "added-label"
NOT_ASKED = "not-asked"

_WHERE = "Prometheus"
_NAME = "__name__"
# Prometheus' own prefix for a label of the target's that a label of its own displaces.
_EXPORTED = "exported_"
_OF_DISTRIBUTIONS = frozenset({"le", "quantile"})
_VALUE = "value"
# Made by Prometheus and its rules, with whatever labels those leave.
_MADE_HERE = (Source.RECORDING_RULE, Source.PROMETHEUS)
_BESIDE_ALERTS = f"{ALERTS}_FOR_STATE"
_HONOR_HINT = "Set honor_labels: true in the scrape configuration of the gateway, as dashgen build writes it."


def judge_stored(prometheus: Prometheus, seen: Seen, project: Project) -> list[Finding]:
    """Return what is wrong in Prometheus; ``seen`` is what the gateway holds.

    Raises:
        AnswerError: it is no Prometheus, or refuses a query.
        OSError, http.client.HTTPException: it can't be reached.

    """
    checks = _Checks(prometheus, seen, project.catalog)
    return [
        *checks.scraped(),
        *checks.names(),
        *checks.labels(),
        *checks.values(),
        *_asked("types of metrics", checks.types),
        *_asked("rules", lambda: _rules(prometheus, project)),
    ]


def _asked(what: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Do a check by a part of the API that not all have that answer as Prometheus does."""
    try:
        yield from check()
    except AnswerError as failure:
        yield info(NOT_ASKED, _WHERE, f"the {what} can't be asked for: {failure}")


class _Checks:
    def __init__(self, prometheus: Prometheus, seen: Seen, catalog: Catalog) -> None:
        self._ask, self._seen, self._catalog = prometheus, seen, catalog
        self._jobs = [job for job in catalog.jobs.values() if job.generation is not LAB]
        self._emitted = {
            job.name: [m for m in catalog if job in m.jobs and m.source not in _MADE_HERE] for job in self._jobs
        }
        self._there: dict[tuple[str, str], int] = {}

    def scraped(self) -> Iterator[Finding]:
        """Whether what the gateway holds arrives under its own labels."""
        held = sorted(job for job, times in self._seen.pushed.items() if times)
        displaced = f"{_EXPORTED}{JOB_LABEL}"
        among = Matcher(displaced, "=~", "|".join(held))
        exported = self._ask.query(f"count by ({JOB_LABEL},{displaced}) ({{{among}}})") if held else []
        for sample in exported:
            message = (
                f"the gateway is scraped without honor_labels: {sample.value:.0f} series of "
                f"{sample.labels.get(displaced)} arrive with {displaced}, under job {sample.labels.get(JOB_LABEL)}"
            )
            yield error(HONOR_LABELS, sample.labels.get(displaced, ""), message, _HONOR_HINT)
        for sample in self._ask.query(f"{UP.select(jobs=(PUSHGATEWAY,))} == {UpState.DOWN}"):
            message = f"the last scrape of the gateway failed: {sample.labels}"
            yield error(NOT_SCRAPED, PUSHGATEWAY.name, message, "Prometheus' page Status, Targets says why.")
        jobs = Matcher(JOB_LABEL, "=~", "|".join(job.name for job in self._jobs))
        for sample in self._ask.query(f"count by ({JOB_LABEL},{_NAME}) ({{{jobs}}})"):
            self._there[sample.labels.get(_NAME, ""), sample.labels.get(JOB_LABEL, "")] = int(sample.value)
        arrived = {job for _, job in self._there} | {sample.labels.get(displaced) for sample in exported}
        for job in held:
            if job not in arrived:
                hint = "Does it scrape this gateway? What was pushed just now arrives with the next scrape."
                yield error(NOT_SCRAPED, job, "is on the gateway and not in Prometheus", hint)

    def names(self) -> Iterator[Finding]:
        """Metrics that the catalog does not have, and those of scraped jobs that nobody exposes."""
        pushed = {job.name for job in self._jobs if job.pushed}
        for (name, under), number in sorted(self._there.items()):
            # A name with colons is some rule's; a scraped job exposes much that is not our matter.
            known = name in self._catalog.by_name or name == _BESIDE_ALERTS or ":" in name
            if under in pushed and not known and (name, under) not in self._seen.kinds:
                yield judge.unknown_metric(self._catalog, name, under, f"{number} series in Prometheus")
        arrived = {under for _, under in self._there}
        for job in self._jobs:
            if job.pushed:
                continue
            if job.name not in arrived:
                yield info(judge.NOT_EMITTED, job.name, "nothing of this job is in Prometheus", f"It is: {job.help}")
                continue
            for metric in self._emitted[job.name]:
                if not self._has(metric, job):
                    yield judge.not_emitted(metric, [job.name])

    def labels(self) -> Iterator[Finding]:
        """Labels that series lack, or have too many."""
        for job in self._jobs:
            metrics = [metric for metric in self._emitted[job.name] if self._has(metric, job)]
            if metrics:
                yield from self._missing(job, metrics)
                yield from self._extra(job, metrics)

    def _missing(self, job: Job, metrics: list[Metric]) -> Iterator[Finding]:
        requiring: dict[str, list[Metric]] = defaultdict(list)
        for metric in metrics:
            for each in metric.labels_in(job):
                if not each.optional and each not in metric.tags:
                    requiring[each.name].append(metric)
        for label, those in requiring.items():
            without = self._count_by_name(job, those, Matcher(label, "=", ""))
            fresh = {name: number for name, number in without.items() if not self._told(name, job, label, extra=False)}
            if fresh:
                yield judge.missing_label(job.name, label, _where(fresh))

    def _extra(self, job: Job, metrics: list[Metric]) -> Iterator[Finding]:
        known = {label.name for metric in metrics for label in metric.labels_in(job)}
        found = self._ask.label_names(_selector(job, metrics)) - known - _OF_DISTRIBUTIONS - {JOB_LABEL, _NAME}
        for label in sorted(found):
            having = self._count_by_name(job, metrics, Matcher(label, "!=", ""))
            fresh = {name: number for name, number in having.items() if not self._told(name, job, label, extra=True)}
            if not fresh:
                continue
            if label.startswith(_EXPORTED):
                message = f"label {label}: the scrape displaces what was pushed: {_where(fresh)}"
                yield error(HONOR_LABELS, job.name, message, _HONOR_HINT)
                continue
            told = judge.extra_label(self._catalog, job.name, label, _where(fresh))
            if told.rule == judge.UNBOUNDED_LABEL:
                yield told
            else:
                # The gateway does not hold it: it is the target's, of which there is one value.
                message = f"label {label} is added on the way: {_where(fresh)}"
                yield info(ADDED_LABEL, job.name, message, "By the scrape configuration, it seems.")

    def values(self) -> Iterator[Finding]:
        """Values of states that are no code."""
        for metric in self._catalog:
            if metric.codes is None:
                continue
            others = " ".join([metric.select(), *(f"!= {code}" for code in metric.codes)])
            for sample in self._ask.query(f'count_values by ({JOB_LABEL}) ("{_VALUE}", {others})'):
                job, value = sample.labels.get(JOB_LABEL, ""), float(sample.labels.get(_VALUE, "nan"))
                kind = self._seen.kinds.get((metric.name, job))
                if kind is None or value not in kind.no_codes:
                    yield judge.no_code(metric, job or _WHERE, value, f"{sample.value:.0f} series in Prometheus")

    def types(self) -> Iterator[Finding]:
        """Types with which targets expose metrics."""
        types = self._ask.types()
        for job in self._jobs:
            for metric in self._emitted[job.name]:
                # In the OpenMetrics format a counter is called without its suffix.
                told = types.get(metric.name) or types.get(metric.name.removesuffix("_total")) or set()
                kind = self._seen.kinds.get((metric.name, job.name))
                wrong = sorted(told - {metric.type.value, "unknown"} - (kind.types if kind else set()))
                if wrong and self._has(metric, job):
                    message = f"{metric} is a {metric.type.value} in the catalog and a {' and a '.join(wrong)} here"
                    yield error(judge.WRONG_TYPE, job.name, message)

    def _has(self, metric: Metric, job: Job) -> bool:
        return any((name, job.name) in self._there for name in _series_of(metric))

    def _count_by_name(self, job: Job, metrics: list[Metric], matcher: Matcher) -> dict[str, int]:
        found = self._ask.query(f"count by ({_NAME}) ({_selector(job, metrics, matcher)})")
        return {sample.labels.get(_NAME, ""): int(sample.value) for sample in found}

    def _told(self, name: str, job: Job, label: str, *, extra: bool) -> bool:
        """Whether the gateway's own series have this fault already."""
        kind = self._seen.kinds.get((name, job.name))
        return kind is not None and any((label in names) is extra for names in kind.labelled)


def _rules(prometheus: Prometheus, project: Project) -> Iterator[Finding]:
    loaded: dict[str, dict[str, str]] = defaultdict(dict)
    evaluated = prometheus.rule_groups()
    if not evaluated and _recorded_elsewhere(prometheus, project):
        hint = "dashgen verify --rules-url asks the server that does, such as vmalert or Thanos' ruler."
        yield info(NOT_ASKED, _WHERE, "it evaluates no rules, and what rules record is there", hint)
        return
    for served in evaluated:
        for rule in served.get("rules", ()):
            loaded[str(rule.get("type"))][str(rule.get("name"))] = str(rule.get("lastError") or "")
    for kind, groups in (("recording", project.recording), ("alerting", project.alerts)):
        names = {
            rule.metric.name if isinstance(rule, Record) else rule.name: group.name
            for group in groups
            for rule in group.rules
        }
        missing = [name for name in names if name not in loaded[kind]]
        if missing:
            message = f"{len(missing)} of {counted(len(names), f'{kind} rule')} are not loaded: {judge.some(missing)}"
            hint = "Name the files that dashgen build writes in rule_files, and reload Prometheus."
            yield error(RULES_NOT_LOADED, _WHERE, message, hint)
        for name, its_group in names.items():
            failure = loaded[kind].get(name)
            if failure:
                yield error(RULE_FAILS, its_group, f"{name} can't be evaluated: {failure}")


def _recorded_elsewhere(prometheus: Prometheus, project: Project) -> bool:
    names = (rule.metric.name for group in project.recording for rule in group.rules if isinstance(rule, Record))
    return bool(prometheus.query(f"count({{{Matcher(_NAME, '=~', '|'.join(names))}}})"))


def _series_of(metric: Metric) -> tuple[str, ...]:
    return (metric.name, f"{metric.name}_count")


def _selector(job: Job, metrics: Iterable[Metric], *matchers: Matcher) -> str:
    names = Matcher(_NAME, "=~", "|".join(name for metric in metrics for name in _series_of(metric)))
    return f"{{{','.join(map(str, (Matcher(JOB_LABEL, '=', job.name), names, *matchers)))}}}"


def _where(numbers: dict[str, int]) -> str:
    return f"{sum(numbers.values())} series of {judge.some(numbers)} in Prometheus"

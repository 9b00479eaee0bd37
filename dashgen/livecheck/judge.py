"""What is wrong with what a gateway holds: a pure function of that, the catalog and the settings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dashgen.catalog.labels import LISTENER_JOBS, PER_RUN_JOBS
from dashgen.catalog.model import FLEET, LAB, PER_RUN
from dashgen.catalog.pipeline import GATEWAY_SAMPLES
from dashgen.catalog.terms import Cardinality, Source
from dashgen.livecheck.finding import error, info, warning
from dashgen.report import counted
from dashgen_plugin import environment
from dashgen_sweeper.plan import RUNNING_FACTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.catalog.model import Catalog, Generation, Job, Metric
    from dashgen.definitions import Project
    from dashgen.livecheck.finding import Finding
    from dashgen.livecheck.seen import Kind, Seen
    from dashgen.settings import Settings

UNKNOWN_METRIC = "unknown-metric"
WRONG_JOB = "wrong-job"
MISSING_LABEL = "missing-label"
EXTRA_LABEL = "extra-label"
UNBOUNDED_LABEL = "unbounded-label"
WRONG_TYPE = "wrong-type"
WRONG_HELP = "wrong-help"
VALUE_CODE = "value-code"
GENERATION = "generation"
SERIES_COUNT = "series-count"
NOT_EMITTED = "not-emitted"

_SWITCHES = {generation: name for name, generation in environment.SWITCHES.items()}
# The sweeper's default greatest age; what says that it is running stays so many times as long.
_MAX_AGE_SECONDS = 24 * 3600
# Airflow's own limit of what one mapped task expands to (core.max_map_length) is 1,024: a DAG
# with more tasks than that has made-up ids.
_MOST_TASKS_OF_A_DAG = 1_024
_NAMED = 3
# Those who push to a gateway, or are the gateway.
_PUSHING = (Source.LISTENER, Source.SWEEPER, Source.CUSTOM, Source.PUSHGATEWAY)


def judge(seen: Seen, project: Project, now: float) -> list[Finding]:
    """Return what is wrong; ``now`` is in unix seconds."""
    catalog, settings = project.catalog, project.settings
    return [
        *_metrics(seen, catalog),
        *_labels(seen, catalog),
        *_values(seen, catalog),
        *_generations(seen, settings, now),
        *_counts(seen, settings, now),
        *_not_emitted(seen, project),
    ]


def _metrics(seen: Seen, catalog: Catalog) -> Iterator[Finding]:
    for (name, job), kind in sorted(seen.kinds.items()):
        metric = catalog.by_name.get(name)
        if metric is None:
            yield unknown_metric(catalog, name, job, f"{kind.number} series, such as {_example(kind)}")
        elif not _carries(metric, catalog.jobs[job]):
            jobs = " and ".join(each.name for each in metric.jobs) or "none"
            message = f"{name} is not of this job: {kind.number} series"
            yield error(WRONG_JOB, job, message, f"The catalog has it in {jobs}.")
        elif metric.source.ours:
            yield from _wording(metric, job, kind)


def unknown_metric(catalog: Catalog, name: str, job: str, where: str) -> Finding:
    """Say that the catalog does not have a metric, and what may be meant."""
    near = catalog.closest(name)
    told = f"Did you mean {near}? " if near else ""
    hint = f"{told}If it is your own, define it in a module that the settings name."
    return error(UNKNOWN_METRIC, job, f"{name} is not in the catalog: {where}", hint)


def _wording(metric: Metric, job: str, kind: Kind) -> Iterator[Finding]:
    wrong = sorted(kind.types - {metric.type.value})
    if wrong:
        message = f"{metric} is a {metric.type.value} in the catalog and a {' and a '.join(wrong)} here"
        yield error(WRONG_TYPE, job, message, "Is the plugin of the same version as the catalog?")
    others = sorted(kind.helps - {metric.help})
    if others and not wrong:
        message = f"the help of {metric} is {others[0]!r}, in the catalog {metric.help!r}"
        yield warning(WRONG_HELP, job, message, "Is the plugin of the same version as the catalog?")


def _labels(seen: Seen, catalog: Catalog) -> Iterator[Finding]:
    """Find labels that are missing or too many; one finding for all metrics of a job that share the fault."""
    faults: dict[tuple[str, str, bool], dict[str, tuple[int, str]]] = defaultdict(dict)
    for (name, job), kind in sorted(seen.kinds.items()):
        metric = catalog.by_name.get(name)
        if metric is None or not _carries(metric, catalog.jobs[job]):
            continue
        known = metric.labels_in(catalog.jobs[job])
        required = {label.name for label in known if not label.optional and label not in metric.tags}
        for names, sight in kind.labelled.items():
            for label in required - names:
                _add(faults[job, label, False], name, sight.number, sight.example)
            for label in names - {label.name for label in known} if not metric.open_labels else ():
                _add(faults[job, label, True], name, sight.number, sight.example)
    for (job, label, extra), metrics in sorted(faults.items()):
        number, example = sum(number for number, _ in metrics.values()), next(iter(metrics.values()))[1]
        where = f"{number} series of {some(metrics)}, such as {example}"
        yield extra_label(catalog, job, label, where) if extra else missing_label(job, label, where)


def missing_label(job: str, label: str, where: str) -> Finding:
    """Say that series lack a label that the catalog promises."""
    hint = "Queries that select, group or join by it lose these series."
    return error(MISSING_LABEL, job, f"label {label} is missing: {where}", hint)


def extra_label(catalog: Catalog, job: str, label: str, where: str) -> Finding:
    """Say that series have a label that the catalog does not give them; worse where it is unbounded."""
    known, of = catalog.labels.get(label), catalog.jobs[job]
    if known is not None and known.cardinality is Cardinality.UNBOUNDED and of.generation is FLEET:
        message = f"label {label} is unbounded and may not be in generation {FLEET.name}: {where}"
        return error(
            UNBOUNDED_LABEL, job, message, "Each run makes new series, for ever. Leave it to the per-run jobs."
        )
    hint = "Each of its values makes a series of its own: sums count it more than once."
    return error(EXTRA_LABEL, job, f"label {label} is not in the catalog: {where}", hint)


def _values(seen: Seen, catalog: Catalog) -> Iterator[Finding]:
    for (name, job), kind in sorted(seen.kinds.items()):
        for value, sight in sorted(kind.no_codes.items()):
            where = f"{sight.number} series, such as {sight.example}"
            yield no_code(catalog.by_name[name], job, value, where)


def no_code(metric: Metric, job: str, value: float, where: str) -> Finding:
    """Say that a value is none of a metric's codes."""
    codes = ", ".join(f"{code} {code.word}" for code in metric.codes or ())
    return error(VALUE_CODE, job, f"{metric} is {value:g}, none of its value codes: {where}", f"They are {codes}.")


def _generations(seen: Seen, settings: Settings, now: float) -> Iterator[Finding]:
    """Compare the generations of the settings with those that are emitted."""
    held = {job.name for job in LISTENER_JOBS if seen.pushed.get(job.name)}
    if not held:
        hint = "Does Airflow run with the plugin? dashgen doctor looks there; dashgen emit pushes a fleet to try with."
        yield error(GENERATION, "the gateway", "holds no group of a task or DAG run", hint)
        return
    lately = any(time > now - _MAX_AGE_SECONDS for job in held for time in seen.pushed[job])
    for generation in (FLEET, PER_RUN):
        emitted = any(job.name in held for job in LISTENER_JOBS if job.generation is generation)
        wanted = generation in settings.generations
        # Per-run groups that were swept away are missing rightly, until something is pushed again.
        if wanted and not emitted and lately:
            yield _switched_off(generation)
        elif emitted and not wanted:
            message = f"is emitted, and the settings leave generation {generation.name} out"
            hint = f"Add it to the settings' generations, or set {_SWITCHES[generation]}=false where Airflow runs."
            yield warning(GENERATION, _jobs_of(generation), message, hint)


def _switched_off(generation: Generation) -> Finding:
    message = f"nothing is emitted, though the settings have generation {generation.name} on: the plugin has it off"
    hint = f"Set {_SWITCHES[generation]}=true where Airflow runs, or take it out of the settings' generations."
    return error(GENERATION, _jobs_of(generation), message, hint)


def _jobs_of(generation: Generation) -> str:
    return ", ".join(job.name for job in LISTENER_JOBS if job.generation is generation)


def _counts(seen: Seen, settings: Settings, now: float) -> Iterator[Finding]:
    most = settings.limit(GATEWAY_SAMPLES)
    if seen.samples > most:
        message = f"holds {seen.samples} samples, above the threshold {GATEWAY_SAMPLES.name} of {most:g}"
        yield warning(
            SERIES_COUNT, "the gateway", message, "One gateway per Airflow deployment; is the sweeper running?"
        )
    for job in PER_RUN_JOBS:
        times = seen.pushed.get(job.name, [])
        oldest = now - _MAX_AGE_SECONDS * RUNNING_FACTOR
        old = sum(0 < time < oldest for time in times)
        if old:
            days = _MAX_AGE_SECONDS * RUNNING_FACTOR // 86400
            message = f"{old} of {counted(len(times), 'group')} were last pushed to more than {days} days ago"
            yield warning(SERIES_COUNT, job.name, message, "Nothing sweeps them: run dashgen sweep each day.")
    for (job_name, dag), number in sorted(seen.dags.items()):
        if number > _MOST_TASKS_OF_A_DAG and seen.catalog.jobs[job_name].generation is FLEET:
            message = f"{number} groups of one DAG, {dag}: more than {_MOST_TASKS_OF_A_DAG} tasks"
            hint = "Do its task ids hold a date or a number that grows? Each makes series for ever."
            yield warning(SERIES_COUNT, job_name, message, hint)


def _not_emitted(seen: Seen, project: Project) -> Iterator[Finding]:
    """Say what the catalog has and nobody emits, but for jobs and generations of which nothing is there."""
    for metric in project.catalog:
        if metric.source not in _PUSHING:
            continue
        jobs = [job for job in metric.jobs if job.pushed and job.generation is not LAB]
        missing = [job.name for job in jobs if seen.pushed.get(job.name) and (metric.name, job.name) not in seen.kinds]
        if missing:
            yield not_emitted(metric, missing)
    sweepers = {job.name for metric in project.catalog if metric.source is Source.SWEEPER for job in metric.jobs}
    for job_name in sorted(sweepers - seen.pushed.keys()):
        if any(seen.pushed.get(job.name) for job in PER_RUN_JOBS):
            message = "nothing is emitted, though there are per-run groups"
            yield info(NOT_EMITTED, job_name, message, "Has the sweeper run yet? dashgen sweep, or its DAG.")


def not_emitted(metric: Metric, jobs: Iterable[str]) -> Finding:
    """Say that nobody emits a metric; it may be that nothing of the sort has happened yet."""
    where = ", ".join(jobs)
    return info(NOT_EMITTED, where, f"{metric} is in the catalog, and nobody emits it", f"It is: {metric.help}.")


def _carries(metric: Metric, job: Job) -> bool:
    # The gateway adds its own two to every group, whoever pushed it.
    return job in metric.jobs or (metric.source is Source.PUSHGATEWAY and job.pushed)


def _example(kind: Kind) -> str:
    return next(iter(kind.labelled.values())).example


def some(names: Iterable[str]) -> str:
    """Write the first few of these names, and how many more there are."""
    found = sorted(names)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def _add(found: dict[str, tuple[int, str]], name: str, number: int, example: str) -> None:
    before, first = found.get(name, (0, example))
    found[name] = before + number, first

"""From an event and plain facts to what is pushed where, as the catalog's table says."""

from __future__ import annotations

from typing import NamedTuple

from dashgen.catalog import airflow
from dashgen_plugin import facts as reading
from dashgen_plugin.extractors import EXTRACTORS

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.catalog.model import Event, Generation, Job, Metric
    from dashgen_plugin.facts import Facts

Labels = tuple[tuple[str, str], ...]


class Push(NamedTuple):
    """What is added to one group: ``labels`` is its grouping key without the job."""

    job: Job
    labels: Labels
    values: dict[Metric, float]


def _plan(event: Event) -> dict[Generation, dict[Job, tuple[Metric, ...]]]:
    """Sort what an event sets by generation and by job, so that each job is one push."""
    return {
        generation: {
            job: tuple(metric for metric in metrics if job in metric.jobs)
            for job in dict.fromkeys(job for metric in metrics for job in metric.jobs)
            if job.generation == generation
        }
        for generation, metrics in event.sets.items()
    }


_PLANS = {event.name: _plan(event) for event in airflow.EVENTS}


def pushes(event: Event, facts: Facts, generations: Iterable[Generation], instance: str) -> Iterator[Push]:
    """Yield what ``event`` sets in each of the generations; nothing where nothing is known."""
    plan = _PLANS[event.name]
    for generation in generations:
        for job, metrics in plan.get(generation, {}).items():
            labels = group(job, facts, instance)
            values = {metric: value for metric in metrics if (value := EXTRACTORS[metric](facts)) is not None}
            if labels and values:
                yield Push(job, labels, values)


def group(job: Job, facts: Facts, instance: str) -> Labels | None:
    """Return the grouping key of the facts' group in ``job``, None where a label of it is not known."""
    labels = []
    for each in job.grouping:
        value = reading.label(each, facts, instance)
        if value is not None:
            labels.append((each.name, value))
        elif not each.optional:
            return None
    return tuple(labels)

"""What others rely on: the metrics, with all that a query written elsewhere may name.

The manifest keeps the contract of the last build, so that the next one sees what it would
break: a dashboard or an alert outside the project goes silent without an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from dashgen.problems import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.catalog.model import Catalog, Metric

RULE = "contract"
ACCEPT = "If it is meant: dashgen build --accept-breaking"

NO_JOB = ""


class Terms(TypedDict):
    """What one metric promises: ``jobs`` maps a job to its labels, ``codes`` a word to its value."""

    type: str
    unit: str
    jobs: dict[str, list[str]]
    codes: dict[str, int]


Contract = dict[str, Terms]


def contract(catalog: Catalog) -> Contract:
    """Return what the catalog promises, by metric; series without a job are under ``NO_JOB``."""
    return {metric.name: _terms(metric) for metric in sorted(catalog, key=lambda metric: metric.name)}


def _terms(metric: Metric) -> Terms:
    return {
        "type": metric.type.value,
        "unit": metric.unit.value,
        "jobs": {
            job.name if job else NO_JOB: sorted(label.name for label in metric.labels_in(job))
            for job in metric.jobs or (None,)
        },
        "codes": {code.word: int(code) for code in metric.codes} if metric.codes else {},
    }


def breaking(old: Contract, catalog: Catalog, manifest: str) -> list[Problem]:
    """Return what the catalog breaks of an earlier contract, which the file ``manifest`` holds.

    A metric that says ``renamed_from`` takes over the terms of the old name.
    """
    renamed = {metric.renamed_from: metric for metric in catalog if metric.renamed_from}
    problems = []
    for name, terms in old.items():
        metric = catalog.by_name.get(name) or renamed.get(name)
        if metric is None:
            near = catalog.closest(name)
            rename = f" If it is now {near}, say so there: renamed_from={name!r}." if near else ""
            place = Place(manifest, 0, f"metric {name}")
            problems.append(Problem(place, RULE, "the metric is gone", f"{ACCEPT}.{rename}"))
            continue
        place = Place(metric.place.file, metric.place.line, f"metric {metric.name}")
        problems += [Problem(place, RULE, lost, ACCEPT) for lost in broken(terms, _terms(metric))]
    return sorted(problems)


def broken(old: Terms, new: Terms) -> Iterator[str]:
    """Find what a query on the old terms relied on and the new ones don't keep, a sentence each."""
    if old["type"] != new["type"]:
        yield f"its type was {old['type']} and is {new['type']}"
    if old["unit"] != new["unit"]:
        yield f"its unit was {old['unit'] or 'none'} and is {new['unit'] or 'none'}"
    for job, labels in old["jobs"].items():
        series = _series(job)
        if job not in new["jobs"]:
            yield f"its series {series} are gone"
            continue
        for label in labels:
            if label not in new["jobs"][job]:
                yield f"its label {label} is gone {series}"
    yield from _broken_codes(old["codes"], new["codes"])


def gained(old: Terms, new: Terms) -> Iterator[str]:
    """Find what the new terms have beyond the old ones, a sentence each."""
    for job, labels in new["jobs"].items():
        if job not in old["jobs"]:
            yield f"its series {_series(job)} are new"
            continue
        for label in labels:
            if label not in old["jobs"][job]:
                yield f"its label {label} is new {_series(job)}"
    for word, value in new["codes"].items():
        if word not in old["codes"] and value not in old["codes"].values():
            yield f"its code {value} ({word}) is new"


def _series(job: str) -> str:
    return f"in job {job}" if job else "without a job"


def _broken_codes(old: dict[str, int], new: dict[str, int]) -> Iterator[str]:
    meanings = {value: word for word, value in new.items()}
    for word, value in old.items():
        if new.get(word, value) != value:
            yield f"its code for {word} was {value} and is {new[word]}"
        elif word not in new and value in meanings:
            yield f"its code {value} meant {word} and means {meanings[value]}"
        elif word not in new:
            yield f"its code {value} ({word}) is gone"

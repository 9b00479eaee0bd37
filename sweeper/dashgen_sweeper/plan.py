"""Which groups go: a pure function from a listing and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.catalog.labels import AIRFLOW_DAGS, AIRFLOW_TASKS, PER_RUN_JOBS
from dashgen.catalog.terms import JOB_LABEL
from dashgen_sweeper import series

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from dashgen_sweeper.listing import Listing

FLEET_JOBS = frozenset(job.name for job in (AIRFLOW_TASKS, AIRFLOW_DAGS))
DEFAULT_JOBS = frozenset(job.name for job in PER_RUN_JOBS)
# A run may take long; one that says for a week of daily sweeps that it is running has been lost.
RUNNING_FACTOR = 7


@dataclass(frozen=True)
class Selection:
    """Which groups a sweep may touch at all, and how old they may grow (seconds).

    ``jobs`` replace the per-run jobs of the catalog; ``match`` must hold as well: a label and
    what its whole value must match. ``fleet_max_age`` adds the fleet's jobs, with an age of
    their own; nothing else does.
    """

    max_age: float
    jobs: tuple[re.Pattern[str], ...] = ()
    match: tuple[tuple[str, re.Pattern[str]], ...] = ()
    fleet_max_age: float | None = None

    def max_age_of(self, job: str) -> float | None:
        """Return how old a group of the job may grow, None where it may not be touched."""
        if job in FLEET_JOBS:
            # Never by a pattern such as airflow_.*: a task that runs once a week would be gone after a day.
            return self.fleet_max_age
        if self.jobs:
            return self.max_age if any(pattern.fullmatch(job) for pattern in self.jobs) else None
        return self.max_age if job in DEFAULT_JOBS else None

    def wanted(self) -> Callable[[bytes], bool]:
        """Make the function that says whether a group, by its labels, may be touched."""
        job_of, known = series.finder(JOB_LABEL), dict[bytes, bool]()

        def wanted(labels: bytes) -> bool:
            job = job_of(labels)
            if job not in known:
                known[job] = self.max_age_of(series.unescaped(job)) is not None
            return known[job] and self._matches(labels)

        return wanted

    def _matches(self, labels: bytes) -> bool:
        if not self.match:
            return True
        values = series.parse(labels)
        return all(pattern.fullmatch(values.get(name, "")) for name, pattern in self.match)


@dataclass(frozen=True)
class Plan:
    """What a sweep will do: groups to delete, the oldest first, and what it leaves.

    ``seen`` and ``running`` count groups; ``oldest_age`` is that of the oldest group that stays,
    in seconds; ``postponed`` counts expired ones that are above the limit.
    """

    expired: tuple[bytes, ...]
    seen: int
    running: int
    postponed: int
    oldest_age: float


def plan(listing: Listing, selection: Selection, limit: int | None = None) -> Plan:
    """Decide which groups have expired, by the gateway's clock.

    A group's age counts from its latest push, a failed one too. A group that says that it is
    running stays until :data:`RUNNING_FACTOR` times the greatest age; one whose time is not
    known stays.
    """
    job_of = series.finder(JOB_LABEL)
    expired: list[bytes] = []
    running, oldest = 0, listing.now
    for labels in listing.pushed:
        time = listing.newest(labels)
        if time <= 0:
            continue
        age, job = listing.now - time, series.unescaped(job_of(labels))
        max_age = selection.max_age_of(job) or selection.max_age
        waits = age > max_age and labels in listing.running and job not in FLEET_JOBS
        if age > max_age * (RUNNING_FACTOR if waits else 1):
            expired.append(labels)
        else:
            running += waits
            oldest = min(oldest, time)
    expired.sort(key=listing.newest)
    chosen = expired if limit is None else expired[:limit]
    if len(chosen) < len(expired):
        oldest = min(oldest, listing.newest(expired[len(chosen)]))
    return Plan(
        tuple(chosen),
        len(listing.pushed),
        running,
        len(expired) - len(chosen),
        listing.now - oldest,
    )


def colliding(listing: Listing) -> list[bytes]:
    """Return the groups whose every push failed and that have the same labels as another group.

    A group without the label ``instance`` and one where it is empty are told apart by nothing
    that a gateway exposes: the second fails, and with it every push and scrape from then on
    (measured on Pushgateway 1.5.1). ``listing`` must be of everything, with exact labels.
    """
    alike: dict[bytes, list[bytes]] = {}
    for labels in listing.pushed:
        alike.setdefault(series.with_instance(labels), []).append(labels)
    return [labels for group in alike.values() if len(group) > 1 for labels in group if listing.pushed[labels] == 0]

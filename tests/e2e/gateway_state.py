"""What a Pushgateway holds, group by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers import Pushgateway

# The gateway's own, in every group.
OWN = frozenset({"push_time_seconds", "push_failure_time_seconds"})
ABOUT = frozenset({"labels", "last_push_successful"})

Key = tuple[str, frozenset[tuple[str, str]]]
"""A group: its job, and its other labels."""


@dataclass(frozen=True)
class Sample:
    """One metric of a group; ``labels`` are the series' own, the group's among them."""

    type: str
    help: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class State:
    """All groups; ``refused`` are those whose latest push failed."""

    groups: Mapping[Key, Mapping[str, Sample]]
    refused: frozenset[Key]

    def of_dag(self, dag_id: str) -> dict[Key, dict[str, float]]:
        """Return the values in the groups of one DAG."""
        return {
            key: {name: sample.value for name, sample in samples.items()}
            for key, samples in self.groups.items()
            if ("dag_id", dag_id) in key[1]
        }


def key(job: str, **labels: str) -> Key:
    """Name a group."""
    return job, frozenset(labels.items())


def read(gateway: Pushgateway) -> State:
    """Read all groups.

    Raises:
        ServerError: the gateway refuses.

    """
    groups: dict[Key, dict[str, Sample]] = {}
    refused = set()
    for group in gateway.get_json("/api/v1/metrics")["data"]:
        labels = dict(group["labels"])
        name = key(labels.pop("job"), **labels)
        groups[name] = _samples(group)
        if not group["last_push_successful"]:
            refused.add(name)
    return State(groups, frozenset(refused))


def _samples(group: Mapping[str, Any]) -> dict[str, Sample]:
    found = {}
    for name, family in group.items():
        if name in ABOUT | OWN:
            continue
        (sample,) = family["metrics"]
        found[name] = Sample(family["type"], family["help"], sample["labels"], float(sample["value"]))
    return found

"""How Airflow sends a metric over StatsD: the names, types and units on the wire."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashgen.catalog.terms import Label

V2_11, V3 = "2.11", "3"
BOTH = (V2_11, V3)

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class StatsdType(Enum):
    """The kinds of StatsD lines that Airflow sends."""

    COUNTER = "counter"
    GAUGE = "gauge"
    TIMER = "timer"


@dataclass(frozen=True)
class Line:
    """One StatsD name under which Airflow sends a metric.

    ``name`` is the bare name, and ``legacy`` the one that carries the labels where StatsD has no
    tags (``ti.finish.{dag_id}.{task_id}.{state}``); placeholders of either are names of labels.
    ``fixed`` are the labels that the name implies. ``versions`` are those of
    ``settings.airflow_version`` that send it in any form or list it, and ``bare_in`` those whose
    bare name has every label in its tags, so that the legacy one can go where there are tags.

    In ``seconds_as_ms`` the value is in seconds although the line says milliseconds, and ``scale``
    multiplies any value. ``dropped_legacy`` is a legacy name that the mapping drops, since it makes
    a new series with each run, and so do ``dropped_tags``, which the mapping empties.
    ``chart_name`` is the name that the Prometheus mapping of Airflow's own Helm chart gives it.
    """

    name: str
    type: StatsdType
    legacy: str = ""
    versions: tuple[str, ...] = BOTH
    fixed: tuple[tuple[Label, str], ...] = ()
    seconds_as_ms: tuple[str, ...] = ()
    chart_name: str = ""
    bare_in: tuple[str, ...] = BOTH
    scale: float = 1.0
    dropped_legacy: str = ""
    dropped_tags: tuple[str, ...] = ()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the labels that either form of the line carries in its name."""
        return tuple(dict.fromkeys(_PLACEHOLDER.findall(self.name + self.legacy)))

    @property
    def registered_legacy(self) -> str:
        """The legacy name as Airflow's registry has it, whether the mapping takes it or drops it."""
        return self.legacy or self.dropped_legacy

    def scale_in(self, version: str) -> float:
        """Return what a value of this version is multiplied by: seconds sent as milliseconds are 1000."""
        return 1000 * self.scale if version in self.seconds_as_ms else self.scale

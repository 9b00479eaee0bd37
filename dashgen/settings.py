"""The settings of a project: ``dashgen.toml``, or ``[tool.dashgen]`` in ``pyproject.toml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from dashgen.catalog.model import FLEET, PER_RUN, Generation, Threshold
from dashgen.problems import Place
from dashgen.strict_toml import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

EIGHT_DAYS = 8 * 86400
EVERY_DAG = ".*"


@dataclass(frozen=True)
class SuccessAge:
    """The greatest age of the last success, in seconds, for DAGs whose id matches fully."""

    dag_id: str
    age: int


@dataclass(frozen=True)
class AlertSettings:
    """What a project changes about one built-in alert; ``None`` keeps the definition's."""

    hold: str | None = None
    severity: str | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Ignore:
    """An exception to a lint rule: where, and why. Empty patterns match everything."""

    rule: str
    reason: str
    dashboard: str = ""
    panel: str = ""
    place: Place = field(default=Place(), compare=False)


@dataclass(frozen=True)
class StatsdSettings:
    """What Airflow sends over StatsD, and where Prometheus scrapes what statsd_exporter makes of it.

    ``prefix`` is Airflow's ``statsd_prefix`` without tags. ``timers`` is "summary" or "histogram";
    ``buckets`` are a histogram's upper bounds in seconds, ascending.
    """

    enabled: bool = True
    prefix: str = "airflow"
    timers: str = "summary"
    buckets: tuple[float, ...] = (0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)
    targets: tuple[str, ...] = ("statsd-exporter:9102",)


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults; docs/configuration.md says what each does.

    Durations are in seconds, except ``AlertSettings.hold``, which is in Prometheus' notation.
    ``source`` tells where a setting is written.
    """

    modules: tuple[str, ...] = ()
    out: str = "out"
    generations: tuple[Generation, ...] = (FLEET, PER_RUN)
    datasource_uid: str = "prometheus"
    grafana_folder: str = "Airflow"
    grafana_url: str = ""
    prometheus_url: str = "http://prometheus:9090"
    airflow_url: str = "http://localhost:8080"
    airflow_version: str = "3"
    runbook_base_url: str = ""
    source_url: str = ""
    pushgateway_targets: tuple[str, ...] = ("pushgateway:9091",)
    alertmanager_targets: tuple[str, ...] = ("alertmanager:9093",)
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    alerts: Mapping[str, AlertSettings] = field(default_factory=lambda: MappingProxyType({}))
    success_age: tuple[SuccessAge, ...] = (SuccessAge(EVERY_DAG, EIGHT_DAYS),)
    extra_labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    statsd: StatsdSettings = StatsdSettings()
    ignores: tuple[Ignore, ...] = ()
    source: Source = field(default=Source(), compare=False, repr=False)

    @property
    def per_run(self) -> bool:
        """Whether the per-run generation (V2) is on."""
        return PER_RUN in self.generations

    def limit(self, threshold: Threshold) -> float:
        """Return the threshold's value: the setting's, or the catalog's default."""
        return self.thresholds.get(threshold.name, threshold.value)

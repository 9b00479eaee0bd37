"""What is pushed as Prometheus' text format, with the types and help texts of the catalog.

By prometheus_client's metric families, never by its ``Gauge`` objects: where
``PROMETHEUS_MULTIPROC_DIR`` is set, those write a file per process.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from dashgen.catalog.terms import MetricType

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric as Family

    from dashgen.catalog.model import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# The types that a plugin can push: it knows the latest value of something, never a distribution.
_FAMILIES = {MetricType.GAUGE: GaugeMetricFamily, MetricType.COUNTER: CounterMetricFamily}


class _Values(Collector):
    def __init__(self, values: Mapping[Metric, float]) -> None:
        self._values = values

    def collect(self) -> Iterator[Family]:
        for metric, value in self._values.items():
            yield _FAMILIES[metric.type](metric.name, metric.help, value=value)


def text(values: Mapping[Metric, float]) -> bytes:
    """Write the values of one group; its labels are in the path.

    Raises:
        KeyError: a metric is neither a Gauge nor a Counter.

    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Values(values))
    return generate_latest(registry)

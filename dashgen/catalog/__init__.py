"""The metric catalog: the one place that defines a metric, a label, a value code or a job.

Standard library only, so that the plugin and the sweeper can import it inside Airflow.
"""

from __future__ import annotations

from dashgen.catalog.model import (
    FLEET,
    LAB,
    PER_RUN,
    Catalog,
    Counter,
    Event,
    Gauge,
    Generation,
    Job,
    Metric,
    Threshold,
)
from dashgen.catalog.terms import Cardinality, Code, Label, Matcher, MetricType, Source, Unit

__all__ = [
    "FLEET",
    "LAB",
    "PER_RUN",
    "Cardinality",
    "Catalog",
    "Code",
    "Counter",
    "Event",
    "Gauge",
    "Generation",
    "Job",
    "Label",
    "Matcher",
    "Metric",
    "MetricType",
    "Source",
    "Threshold",
    "Unit",
]

"""The StatsD catalog against what sends: the installed Airflows' own calls, and a real statsd_exporter."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashgen.catalog.statsd import AIRFLOW_METRICS, EXCLUDED, exporter
from dashgen.catalog.statsd.sent import V2_11, V3, StatsdType
from tests.programs import TOOLS
from tests.statsd_exporter import statsd_exporter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashgen.catalog.model import Metric
    from dashgen.catalog.statsd.sent import Line

INSTALLED = {V2_11: "2.11.2", V3: "3.3.2"}
TYPES = {
    "incr": StatsdType.COUNTER,
    "decr": StatsdType.COUNTER,
    "gauge": StatsdType.GAUGE,
    "timing": StatsdType.TIMER,
    "timer": StatsdType.TIMER,
}
# Both Airflows leave these tags out by default ([metrics] statsd_disabled_tags).
DISABLED_TAGS = {"job_id", "run_id"}
# The exporter's version; nothing is shown of it.
NOT_CATALOGUED = {"statsd_exporter_build_info"}
_ANYTHING = r"[\w.{}-]+"


@dataclass(frozen=True)
class Call:
    """A call by which Airflow sends: where it is, the name as a pattern, the type, the tags it writes out."""

    place: str
    name: re.Pattern[str]
    type: StatsdType
    tags: frozenset[str]

    def fits(self, line: Line) -> bool:
        """Whether it can send this line, by either of its names."""
        return line.type is self.type and any(map(self.name.fullmatch, (line.name, line.registered_legacy)))

    def becomes(self, metric: Metric, line: Line, version: str) -> frozenset[str]:
        """Return the tags of a line it sends that would be no label of the metric: none of a name that is dropped."""
        dropped = version not in line.bare_in and not self.name.fullmatch(line.registered_legacy)
        known = {*map(str, metric.labels), *map(str, metric.tags), *line.dropped_tags, *DISABLED_TAGS}
        return frozenset() if dropped else self.tags - known


def _pattern(node: ast.expr) -> str:
    """Write the pattern of an expression that makes a name: what is not written out is anything."""
    match node:
        case ast.Constant(value=str(text)):
            return re.escape(text)
        case ast.JoinedStr(values=parts):
            return "".join(map(_pattern, parts))
        case ast.BinOp(left=left, right=right):
            return _pattern(left) + _pattern(right)
        case _:
            return _ANYTHING


def _calls(package: Path) -> Iterator[Call]:
    for path in sorted(package.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "metrics" in path.parent.parts[len(package.parts) :] or "tats." not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="Stats" | "stats"), attr=attribute), args=[name, *_]
                ) if attribute in TYPES:
                    pattern = _pattern(name)
                    written = (each for keyword in node.keywords if keyword.arg == "tags" for each in ast.walk(keyword))
                    keys = (key for each in written if isinstance(each, ast.Dict) for key in each.keys)
                    tags = frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
                    place = f"{path.relative_to(package)}:{node.lineno} {pattern}"
                    if pattern != _ANYTHING:
                        yield Call(place, re.compile(pattern), TYPES[attribute], tags)


def _airflow(version: str) -> Path:
    """Return the package of an installed Airflow."""
    return next((TOOLS / f"airflow-{INSTALLED[version]}").glob("lib/python*/site-packages/airflow"))


def _lines(version: str) -> list[tuple[Metric, Line]]:
    return [(metric, line) for metric in AIRFLOW_METRICS for line in metric.statsd if version in line.versions]


@pytest.mark.parametrize("version", INSTALLED)
def test_every_call_of_airflow_is_catalogued(version: str) -> None:
    """Whatever Airflow's own code sends has a line of that type, with every tag that the code writes out."""
    calls = tuple(_calls(_airflow(version)))
    assert len(calls) > 80
    wrong = []
    for call in calls:
        if any(map(call.name.fullmatch, EXCLUDED)):
            continue
        found = [call.becomes(metric, line, version) for metric, line in _lines(version) if call.fits(line)]
        unknown = frozenset.intersection(*found) if found else call.tags
        if not found or unknown:
            wrong.append((call.place, sorted(unknown)))
    assert wrong == []


def test_what_only_airflow_2_sends_is_called_there() -> None:
    """A line of Airflow 2.11 alone, which no registry lists, is in its code."""
    calls = tuple(_calls(_airflow(V2_11)))
    only_2 = [line for _, line in _lines(V2_11) if V3 not in line.versions and not line.name.startswith("executor.")]
    assert only_2
    assert [line.name for line in only_2 if not any(call.fits(line) for call in calls)] == []


def test_the_exporters_own_metrics_are_catalogued(tmp_path: Path) -> None:
    """Every metric of the exporter about itself is in the catalog with its type and labels."""
    lines = ("airflow.a:1|c", "airflow.b:-1|c", "airflow.a:1|g", "airflow.c:1|ms", "airflow.d:x|c", "airflow.a_b:1|h")
    with statsd_exporter(tmp_path, "mappings:\n- {match: airflow.*, name: rows_$1}\n") as server:
        server.send(lines)
        _, body = server.request("GET", "/metrics")
    families = {
        family.name: family
        for family in text_string_to_metric_families(body.decode())
        if family.name.startswith("statsd_")
    }
    catalogued = {metric.name: metric for metric in exporter.METRICS}
    seen = {
        name: (family.type, frozenset(label for sample in family.samples for label in sample.labels))
        for key, family in families.items()
        if (name := f"{key}_total" if family.type == "counter" else key) not in NOT_CATALOGUED
    }
    expected = {
        name: (metric.type.value, frozenset(map(str, metric.labels)))
        for name, metric in catalogued.items()
        if name in seen
    }
    assert seen == expected
    assert catalogued.keys() - seen.keys() == {exporter.STATSD_CONFIG_RELOADS.name}
